#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "pending-event.h"

namespace godo {

/** Events to be used again, so that in steady state none is allocated; counts what all that are in use keep. */
class EventPool {
 public:
  PendingEvent* take(const Stamp& stamp, double since) {
    PendingEvent* event;
    if (free_.empty()) {
      all_.push_back(std::make_unique<PendingEvent>());
      event = all_.back().get();
    } else {
      event = free_.back();
      free_.pop_back();
    }
    event->begin(stamp, since);
    return event;
  }

  void give(PendingEvent* event) {
    bytesInUse_ -= event->bytes();
    if (event->epoch() != nullptr) epochs_.release(*event->epoch());
    free_.push_back(event);
  }

  void add(PendingEvent& event, const Record& record, const CallTable& calls, bool keepRecords) {
    const size_t before = event.bytes();
    event.add(record, calls, epochs_, keepRecords);
    bytesInUse_ += event.bytes() - before;
  }

  size_t bytesInUse() const { return bytesInUse_; }

 private:
  TextEpochs epochs_;
  std::vector<std::unique_ptr<PendingEvent>> all_;
  std::vector<PendingEvent*> free_;
  size_t bytesInUse_ = 0;
};

/** More than this is not kept of all the events that are not over yet: the oldest go then. */
constexpr size_t mostPendingBytes = size_t{128} << 20;

}  // namespace godo
