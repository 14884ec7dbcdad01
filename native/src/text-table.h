#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace godo {

/** Texts and their numbers, counted from 1. Who uses it keeps its bounds. */
class TextTable {
 public:
  TextTable();

  struct Found {
    uint32_t id;
    /** It was not there before. */
    bool added;
  };
  Found intern(std::string_view text);
  std::string_view text(uint32_t id) const {
    const Place& place = places_[id - 1];
    return {bytes_.data() + place.offset, place.length};
  }
  size_t size() const { return places_.size(); }
  size_t bytes() const { return bytes_.size(); }
  void clear();

 private:
  struct Place {
    uint64_t hash;
    size_t offset;
    size_t length;
  };

  void grow();

  std::vector<Place> places_;
  /** Open addressing, at most half full: id, or 0. */
  std::vector<uint32_t> slots_;
  std::string bytes_;
  uint32_t last_ = 0;
};

}  // namespace godo
