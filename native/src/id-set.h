#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "byte-hash.h"
#include "record-head.h"

namespace godo {

/** 64 bits of a stamp: two events of one run have the same only by an accident of one in 2^64. */
inline uint64_t idOf(const Stamp& stamp) {
  const uint64_t id = mixBits(mixBits(static_cast<uint64_t>(stamp.ms)) ^ stamp.serial);
  return id == 0 ? 1 : id;
}

/** A set of ids that grows up to a bound that its user keeps. */
class IdSet {
 public:
  bool has(uint64_t id) const {
    if (size_ == 0) return false;
    size_t slot = id & (slots_.size() - 1);
    for (; slots_[slot] != 0; slot = (slot + 1) & (slots_.size() - 1)) {
      if (slots_[slot] == id) return true;
    }
    return false;
  }

  void add(uint64_t id) {
    if (has(id)) return;
    if ((size_ + 1) * 2 > slots_.size()) grow();
    place(id);
    size_++;
  }

  size_t size() const { return size_; }

  void clear() {
    std::fill(slots_.begin(), slots_.end(), 0);
    size_ = 0;
  }

  void swap(IdSet& other) {
    slots_.swap(other.slots_);
    std::swap(size_, other.size_);
  }

 private:
  void place(uint64_t id) {
    size_t slot = id & (slots_.size() - 1);
    while (slots_[slot] != 0) slot = (slot + 1) & (slots_.size() - 1);
    slots_[slot] = id;
  }

  void grow() {
    std::vector<uint64_t> before(std::max<size_t>(64, slots_.size() * 2));
    before.swap(slots_);
    for (const uint64_t id : before) {
      if (id != 0) place(id);
    }
  }

  /** Open addressing, at most half full; 0 is an empty slot. */
  std::vector<uint64_t> slots_;
  size_t size_ = 0;
};

}  // namespace godo
