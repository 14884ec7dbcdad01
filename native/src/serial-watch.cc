#include "serial-watch.h"

namespace godo {

bool SerialWatch::found(uint32_t serial) {
  // What comes late has most often not been waited for for long.
  for (size_t index = missing_.size(); index-- > 0;) {
    SerialGap& gap = missing_[index];
    if (serialDistance(gap.from, serial) < 0 || serialDistance(serial, gap.to) < 0) continue;
    if (gap.from == gap.to) {
      missing_.erase(missing_.begin() + static_cast<std::ptrdiff_t>(index));
    } else if (gap.from == serial) {
      gap.from++;
    } else if (gap.to == serial) {
      gap.to--;
    } else {
      const SerialGap after{serial + 1, gap.to, gap.since};
      gap.to = serial - 1;
      missing_.insert(missing_.begin() + static_cast<std::ptrdiff_t>(index) + 1, after);
    }
    return true;
  }
  return false;
}

}  // namespace godo
