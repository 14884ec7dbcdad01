#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "boot-watch.h"
#include "event-encoder.h"
#include "reassembler.h"

namespace godo {

/** What the streams of one decoder have in common. */
struct DecoderParts {
  EntryOutput output;
  EventEncoder encoder{output};
  EventPool pool;
  CallTable calls;
  /** Events that were over, of any kind, in the call under way. */
  uint64_t events = 0;
  /** The run that the entries written last are of. */
  uint32_t run = 0;
};

/** How a run in a log ends. The numbers are those of a *run-end* entry in index.d.ts. */
enum class RunEnd : uint8_t { endOfInput = 0, reboot = 1 };

/**
 * The records of one boot of one host in an audit.log. The clock is the log's own: the latest stamp so far. Events go on in
 * the order of their serials, for one may stand in the log behind others that came after it.
 */
class HostLog : private ReassemblyOutput {
 public:
  /** Writes the start of the run; `first` is still to be pushed. */
  HostLog(uint32_t run, std::string_view host, const Record& first, const ReassemblerOptions& options, DecoderParts& parts);
  ~HostLog() override;

  /** Whether the record is of another boot. To be asked once for every record after the first. */
  bool isOver(const Record& record) { return boot_.isAnotherBoot(record); }
  void push(const Record& record);
  void finish(RunEnd reason);

  uint32_t run() const { return run_; }
  int64_t latestMs() const { return latestMs_; }
  size_t open() const { return reassembler_.open(); }

 private:
  struct Held {
    int64_t ms;
    uint32_t serial;
    PendingEvent* event;
    Incomplete incomplete;
  };

  void event(PendingEvent* event, Incomplete incomplete) override;
  void gap(const SerialGap& gap) override;
  void late(const Record& record) override;
  /** Lets go what is from `untilMs` or before, and at least so many. */
  void release(int64_t untilMs, size_t atLeast);
  void select();
  /** Of the gaps in the serials those that come before an event. */
  void tellGapsBefore(uint32_t serial);
  void tellAllGaps();
  /** Those that no held event stands between say no more than one does. */
  void uniteGaps();

  const uint32_t run_;
  DecoderParts& parts_;
  const double timeoutMs_;
  Reassembler reassembler_;
  BootWatch boot_;
  int64_t latestMs_;
  int64_t releasedMs_;
  /** Whole events that one of a lower serial may still come before. */
  std::vector<Held> held_;
  /** Gaps in whose place the events have not gone on yet. */
  std::vector<SerialGap> untold_;
  uint64_t events_ = 0;
  uint64_t missing_ = 0;
  uint64_t gaps_ = 0;
};

}  // namespace godo
