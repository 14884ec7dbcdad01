#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace godo {

/** Kinds of entries; their layout stands in index.d.ts. */
enum class EntryKind : uint8_t {
  text = 1,
  caller = 2,
  reset = 3,
  body = 4,
  event = 5,
  gap = 6,
  late = 7,
  bad = 8,
  runStart = 9,
  run = 10,
  runEnd = 11,
  inputEnd = 12,
  diagLine = 13,
};

/** Room that the largest entry needs: an event with the PATH records it may keep, or a body or piece of 64 KiB. */
constexpr size_t entryRoomBytes = 131072;

/** Fills one entry; every place is given by its offset in the entry. */
class Entry {
 public:
  explicit Entry(uint8_t* memory) : memory_(memory) {}
  void u8(size_t at, uint8_t value) { memory_[at] = value; }
  void u16(size_t at, uint16_t value) { put(at, &value, sizeof value); }
  void u32(size_t at, uint32_t value) { put(at, &value, sizeof value); }
  void u64(size_t at, uint64_t value) { put(at, &value, sizeof value); }
  void f64(size_t at, double value) { put(at, &value, sizeof value); }
  void bytes(size_t at, const void* from, size_t length) {
    if (length > 0) put(at, from, length);
  }

 private:
  void put(size_t at, const void* from, size_t length) { __builtin_memcpy(memory_ + at, from, length); }

  uint8_t* memory_;
};

/**
 * Where entries go: the caller's memory while it has room, then memory of our own, from where they come first the next
 * time. What is kept so is bounded by what the events kept before, for nothing more is read while there is any.
 */
class EntryOutput {
 public:
  /** `memory` is aligned to 8 and holds at least entryRoomBytes. */
  void begin(uint8_t* memory, size_t length);
  /** A new entry of `bytes` and their padding, zeroed behind its head. Valid until the next one. */
  Entry add(EntryKind kind, size_t bytes, uint8_t flags = 0);
  /** Whether reading should stop: what one record makes may find no room. */
  bool full() const { return overflowAt_ < overflow_.size() || length_ - written_ < margin; }
  bool kept() const { return overflowAt_ < overflow_.size(); }
  size_t written() const { return written_; }
  void end() { memory_ = nullptr; }

 private:
  static constexpr size_t margin = 16384;

  uint8_t* memory_ = nullptr;
  size_t length_ = 0;
  size_t written_ = 0;
  std::vector<uint8_t> overflow_;
  size_t overflowAt_ = 0;
};

}  // namespace godo
