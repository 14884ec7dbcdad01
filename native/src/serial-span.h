#pragma once

#include <cstdint>

#include "serial-watch.h"

namespace godo {

/** A part of the circle of serials that some are in: tells without a look at them that a serial is none of them. */
class SerialSpan {
 public:
  void note(uint32_t serial) {
    if (empty_) {
      low_ = high_ = serial;
      empty_ = false;
    } else if (serialDistance(high_, serial) > 0) {
      high_ = serial;
    } else if (serialDistance(serial, low_) > 0) {
      low_ = serial;
    }
    // Of two serials at the sides of a wider part it could not be told which is the later one.
    if (high_ - low_ >= 1u << 30) wide_ = true;
  }

  bool mayHave(uint32_t serial) const { return !empty_ && (wide_ || high_ - serial <= high_ - low_); }

  void clear() {
    empty_ = true;
    wide_ = false;
  }

 private:
  uint32_t low_ = 0;
  uint32_t high_ = 0;
  bool empty_ = true;
  bool wide_ = false;
};

}  // namespace godo
