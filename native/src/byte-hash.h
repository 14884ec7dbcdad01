#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace godo {

inline uint64_t mixBits(uint64_t value) {
  value *= 0x9e3779b97f4a7c15u;
  return value ^ (value >> 29);
}

/** For tables in memory: eight bytes a step, not for anybody to rely on. */
inline uint64_t hashBytes(std::string_view text) {
  const char* at = text.data();
  size_t left = text.size();
  uint64_t hash = mixBits(left + 1);
  while (left >= 8) {
    uint64_t word;
    std::memcpy(&word, at, 8);
    hash = mixBits(hash ^ word);
    at += 8;
    left -= 8;
  }
  uint64_t rest = 0;
  if (left > 0) std::memcpy(&rest, at, left);
  return mixBits(hash ^ rest ^ (uint64_t{left} << 56));
}

}  // namespace godo
