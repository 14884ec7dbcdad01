#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>

namespace godo {

/** Two serials compare on a circle of 2^32. */
inline int32_t serialDistance(uint32_t from, uint32_t to) {
  return static_cast<int32_t>(to - from);
}

/** Serials that never came, both inclusive. */
struct SerialGap {
  uint32_t from;
  uint32_t to;
  double since;

  uint64_t count() const { return static_cast<uint64_t>(static_cast<uint32_t>(to - from)) + 1; }
};

/** Which serials are missing. A gap is told after a time limit only, for a serial of it may still come. */
class SerialWatch {
 public:
  /** Gaps that are waited for; of more, the oldest is told at once. */
  static constexpr size_t mostGaps = 4096;

  /**
   * Notes a serial. Where a gap must be told at once, tell(gap). Returns whether it is new, and not the first of all: with
   * that one the input began, maybe in the middle of its event.
   */
  template <typename Tell>
  bool see(uint32_t serial, double now, Tell tell);
  /** Tells every gap that was found `limit` ms before `now` or earlier. */
  template <typename Tell>
  void tellUntil(double now, double limit, Tell tell);
  template <typename Tell>
  void tellAll(Tell tell);
  bool any() const { return any_; }
  /** The first of all, and the highest. */
  uint32_t first() const { return first_; }
  uint32_t highest() const { return highest_; }
  /** The highest below which none is waited for. */
  uint32_t settled() const { return missing_.empty() ? highest_ : missing_.front().from - 1; }

 private:
  /** A serial that was thought missing came late: its gap shrinks or splits. False: it was not, or no more. */
  bool found(uint32_t serial);

  bool any_ = false;
  uint32_t first_ = 0;
  uint32_t highest_ = 0;
  std::deque<SerialGap> missing_;
};

template <typename Tell>
bool SerialWatch::see(uint32_t serial, double now, Tell tell) {
  if (!any_) {
    any_ = true;
    first_ = highest_ = serial;
    return false;
  }
  bool fresh = false;
  const int32_t ahead = serialDistance(highest_, serial);
  if (ahead > 0) {
    if (ahead > 1) missing_.push_back({highest_ + 1, serial - 1, now});
    highest_ = serial;
    fresh = true;
  } else if (ahead < 0 && !missing_.empty()) {
    fresh = found(serial);
  }
  // One more at most: a new one, or what was one is two.
  if (missing_.size() > mostGaps) {
    tell(missing_.front());
    missing_.pop_front();
  }
  return fresh;
}

template <typename Tell>
void SerialWatch::tellUntil(double now, double limit, Tell tell) {
  while (!missing_.empty() && now - missing_.front().since >= limit) {
    tell(missing_.front());
    missing_.pop_front();
  }
}

template <typename Tell>
void SerialWatch::tellAll(Tell tell) {
  for (const SerialGap& gap : missing_) tell(gap);
  missing_.clear();
}

}  // namespace godo
