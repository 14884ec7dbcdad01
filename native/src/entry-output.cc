#include "entry-output.h"

#include <cstring>

namespace godo {

void EntryOutput::begin(uint8_t* memory, size_t length) {
  memory_ = memory;
  length_ = length;
  written_ = 0;
  while (overflowAt_ < overflow_.size()) {
    uint32_t bytes;
    std::memcpy(&bytes, &overflow_[overflowAt_], sizeof bytes);
    if (bytes > length_ - written_) return;
    std::memcpy(memory_ + written_, &overflow_[overflowAt_], bytes);
    written_ += bytes;
    overflowAt_ += bytes;
  }
  overflow_.clear();
  overflowAt_ = 0;
}

Entry EntryOutput::add(EntryKind kind, size_t bytes, uint8_t flags) {
  const size_t size = (bytes + 7) & ~size_t{7};
  uint8_t* place;
  if (overflow_.empty() && size <= length_ - written_) {
    place = memory_ + written_;
    written_ += size;
    std::memset(place, 0, size);
  } else {
    const size_t at = overflow_.size();
    overflow_.resize(at + size);
    place = &overflow_[at];
  }
  Entry entry(place);
  entry.u32(0, static_cast<uint32_t>(size));
  entry.u8(4, static_cast<uint8_t>(kind));
  entry.u8(5, flags);
  return entry;
}

}  // namespace godo
