#include "clocks.h"

namespace godo {

uint64_t readClock(clockid_t clock) {
  timespec now;
  clock_gettime(clock, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1000000000u + static_cast<uint64_t>(now.tv_nsec);
}

Deadline::Deadline(uint32_t milliseconds)
    : at_(std::chrono::steady_clock::now() + std::chrono::milliseconds(milliseconds)) {}

bool Deadline::passed() const {
  return std::chrono::steady_clock::now() >= at_;
}

int Deadline::millisecondsLeft() const {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(at_ - std::chrono::steady_clock::now()).count();
  return left > 0 ? static_cast<int>(left) : 0;
}

}  // namespace godo
