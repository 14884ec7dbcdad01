#include "text-table.h"

#include <algorithm>

#include "byte-hash.h"

namespace godo {

TextTable::TextTable() : slots_(64) {}

TextTable::Found TextTable::intern(std::string_view text) {
  // The same as the last time, most often: who writes, writes again.
  if (last_ != 0 && this->text(last_) == text) return {last_, false};
  const uint64_t hash = hashBytes(text);
  size_t slot = hash & (slots_.size() - 1);
  for (; slots_[slot] != 0; slot = (slot + 1) & (slots_.size() - 1)) {
    const uint32_t id = slots_[slot];
    if (places_[id - 1].hash == hash && this->text(id) == text) {
      last_ = id;
      return {id, false};
    }
  }
  places_.push_back({hash, bytes_.size(), text.size()});
  bytes_.append(text);
  last_ = slots_[slot] = static_cast<uint32_t>(places_.size());
  if (places_.size() * 2 > slots_.size()) grow();
  return {last_, true};
}

void TextTable::grow() {
  slots_.assign(slots_.size() * 2, 0);
  for (uint32_t index = 0; index < places_.size(); index++) {
    size_t slot = places_[index].hash & (slots_.size() - 1);
    while (slots_[slot] != 0) slot = (slot + 1) & (slots_.size() - 1);
    slots_[slot] = index + 1;
  }
}

void TextTable::clear() {
  places_.clear();
  bytes_.clear();
  std::fill(slots_.begin(), slots_.end(), 0);
  last_ = 0;
}

}  // namespace godo
