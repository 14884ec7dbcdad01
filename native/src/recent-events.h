#pragma once

#include <utility>

#include "id-set.h"
#include "record-head.h"
#include "serial-span.h"

namespace godo {

/** The events that were over last, 4096 of them at least: two generations, of which the older is forgotten at once. */
class RecentEvents {
 public:
  bool has(const Stamp& stamp) const {
    // Most serials are new, which is known without a look into the tables.
    if (!recent_.serials.mayHave(stamp.serial) && !before_.serials.mayHave(stamp.serial)) return false;
    const uint64_t id = idOf(stamp);
    return recent_.ids.has(id) || before_.ids.has(id);
  }

  void add(const Stamp& stamp) {
    recent_.serials.note(stamp.serial);
    recent_.ids.add(idOf(stamp));
    if (recent_.ids.size() < most) return;
    before_.ids.swap(recent_.ids);
    std::swap(before_.serials, recent_.serials);
    recent_.ids.clear();
    recent_.serials.clear();
  }

 private:
  static constexpr size_t most = 4096;

  struct Generation {
    IdSet ids;
    SerialSpan serials;
  };

  Generation recent_;
  Generation before_;
};

}  // namespace godo
