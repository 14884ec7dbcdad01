#pragma once

#include <string_view>

#include "entry-output.h"
#include "pending-event.h"
#include "serial-watch.h"

namespace godo {

/** Writes entries. Texts and callers are written once, before the first entry that needs them. */
class EventEncoder {
 public:
  explicit EventEncoder(EntryOutput& output) : output_(output) {}

  void event(const PendingEvent& event, Incomplete incomplete);
  void gap(const SerialGap& gap);
  /** `clockMs`: the clock at which it was late. */
  void late(const Record& record, double clockMs);
  /** `position`: number of the line, 0 for a packed record. */
  void bad(RecordError error, uint32_t type, double position, std::string_view bytes);

 private:
  /** From here on ids are those of this epoch. */
  void speakOf(TextEpoch& epoch);
  void text(TextEpoch& epoch, uint32_t id);
  void caller(TextEpoch& epoch, uint32_t id);
  void body(uint32_t type, std::string_view bytes);

  EntryOutput& output_;
  /** Number of the epoch that is spoken of; 0: none was yet. */
  uint64_t spoken_ = 0;
};

}  // namespace godo
