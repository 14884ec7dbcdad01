#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "../src/audit-decoder.h"
#include "../src/entry-output.h"

inline void promise(bool kept, const char* what) {
  if (kept) return;
  std::fprintf(stderr, "broken promise: %s\n", what);
  std::abort();
}

/** What a decoder told in all its calls: where each record in has gone to. */
class Told {
 public:
  uint64_t records = 0;
  uint64_t events = 0;
  uint64_t badCounted = 0;
  uint64_t bodies = 0;
  uint64_t eventEntries = 0;
  uint64_t gaps = 0;
  uint64_t late = 0;
  uint64_t bad = 0;
  uint64_t diagLines = 0;
  /** Of a log: what the ends of its runs say of their events. */
  double runEvents = 0;
  /** All entries as they stand. */
  std::vector<uint8_t> bytes;

  void add(const godo::DecoderProgress& progress, const uint8_t* entries) {
    records += progress.records;
    events += progress.events;
    badCounted += progress.bad;
    bytes.insert(bytes.end(), entries, entries + progress.written);
    for (size_t at = 0; at < progress.written;) at += entry(entries + at, progress.written - at);
  }

  /** After the end: what is counted was told, too. */
  void check() const {
    promise(badCounted == bad, "each record that cannot be read is told");
    // One whose first record never came is told, and counted as a gap.
    promise(eventEntries <= events + gaps, "no event is told that is not counted");
  }

 private:
  size_t entry(const uint8_t* entry, size_t left) {
    uint32_t size = 0;
    promise(left >= 8, "an entry has a head");
    std::memcpy(&size, entry, sizeof size);
    promise(size >= 8 && size % 8 == 0 && size <= left, "an entry has its length");
    switch (static_cast<godo::EntryKind>(entry[4])) {
      case godo::EntryKind::body: bodies++; break;
      case godo::EntryKind::event: eventEntries++; break;
      case godo::EntryKind::gap: gaps++; break;
      case godo::EntryKind::late: late++; break;
      case godo::EntryKind::bad: bad++; break;
      case godo::EntryKind::diagLine: diagLines += (entry[5] & 1) == 0 ? 1 : 0; break;
      case godo::EntryKind::runEnd: {
        double count = 0;
        std::memcpy(&count, entry + 24, sizeof count);
        runEvents += count;
        break;
      }
      default: break;
    }
    return size;
  }
};

/** Memory of the size that callers must give at least, or more, with a guard behind it. */
class Output {
 public:
  explicit Output(size_t length) : length_(length), memory_((length + guardBytes) / 8) {
    std::memset(bytes() + length_, guard, guardBytes);
  }
  godo::OutputMemory memory() { return {bytes(), length_}; }

  void take(const godo::DecoderProgress& progress, size_t given, Told& told) {
    promise(progress.consumed <= given, "no more is used than was given");
    promise(progress.written <= length_, "no more is written than there is room for");
    for (size_t at = 0; at < guardBytes; at++) promise(bytes()[length_ + at] == guard, "nothing is written behind the room");
    told.add(progress, bytes());
  }

 private:
  static constexpr size_t guardBytes = 64;
  static constexpr uint8_t guard = 0xa5;

  uint8_t* bytes() { return reinterpret_cast<uint8_t*>(memory_.data()); }
  size_t length_;
  std::vector<uint64_t> memory_;
};
