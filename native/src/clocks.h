#pragma once

#include <time.h>

#include <chrono>
#include <cstdint>

namespace godo {

/** Nanoseconds of one of the kernel's clocks. */
uint64_t readClock(clockid_t clock);

/** A time limit that counts from its construction. */
class Deadline {
 public:
  explicit Deadline(uint32_t milliseconds);
  bool passed() const;
  /** For poll(2): whole milliseconds left, rounded up so that the limit is not missed by a busy loop. */
  int millisecondsLeft() const;
  std::chrono::steady_clock::time_point at() const { return at_; }

 private:
  std::chrono::steady_clock::time_point at_;
};

}  // namespace godo
