#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "event-pool.h"
#include "recent-events.h"
#include "serial-watch.h"

namespace godo {

struct ReassemblerOptions {
  /** ms of clock that an event may wait for its end. */
  double timeoutMs = 2000;
  size_t maxOpen = 16384;
  /** False where the input is no continuous stream (a --diag file states its gaps itself). */
  bool watchSerials = true;
  /** True where the input has no EOE records (auditd drops them): running out of time or room is then the usual end. */
  bool timeIsTheEnd = false;
  /** Keep every record's body with its event, and events of records that stand alone. */
  bool keepRecords = false;
};

class ReassemblyOutput {
 public:
  virtual ~ReassemblyOutput() = default;
  /** The event is over. It is the receiver's, to be given back to the pool; null where nothing was kept of it. */
  virtual void event(PendingEvent* event, Incomplete incomplete) = 0;
  virtual void gap(const SerialGap& gap) = 0;
  /** A record of an event that was over before. */
  virtual void late(const Record& record) = 0;
};

/**
 * Groups records into events by (stamp, serial). The clock is a parameter.
 *
 * An event is whole at its EOE record, or at once when its type stands alone. Otherwise it is given up when `timeoutMs` of
 * clock have gone since its first record, or when more than `maxOpen` events are open. Serials that never came are told
 * after the same time. Events whose records come one after the other never enter the table of open events.
 */
class Reassembler {
 public:
  Reassembler(const ReassemblerOptions& options, const CallTable& calls, EventPool& pool, ReassemblyOutput& output);
  ~Reassembler();
  Reassembler(const Reassembler&) = delete;
  Reassembler& operator=(const Reassembler&) = delete;

  void push(const Record& record, double now);
  /** Gives up what has waited too long. */
  void expire(double now);
  /** End of input: everything that is open is over, and every gap told. */
  void finish();
  /**
   * The socket overran. From then on the kernel may drop records uncounted wherever they stand: an event that lacks records
   * is incomplete then, although its end came.
   */
  void noteOverrun() { overran_ = true; }
  /** Ends one event that is known to have no more records. */
  void end(const Stamp& stamp, Incomplete incomplete);

  /** Events not yet whole. */
  size_t open() const { return open_; }
  /** Whether there were any serials, and those there were. */
  const SerialWatch& serials() const { return serials_; }
  /** Whether it can be told without looking at many. */
  bool fewAreOpen() const { return open_ + alone_.size() <= mostLookedAt; }
  /** The serial up to which, from the first one on, every event has been told, or that it never came. There were any. */
  uint32_t settledSerial() const;

 private:
  /** Place of a stamp in the table: neighbours in number are neighbours in memory. */
  size_t bucketOf(const Stamp& stamp) const;
  PendingEvent* find(const Stamp& stamp);
  void insert(PendingEvent* event);
  /** The event of the last record is another one now. */
  void turnTo(PendingEvent* event);
  void keepBounds();
  void hash(PendingEvent* event);
  void unhash(PendingEvent* event);
  void growBuckets();
  void pushToOpen(PendingEvent* event, const Record& record);
  void beginEvent(const Record& record, double now, bool fresh);
  void over(PendingEvent* event, Incomplete incomplete);
  /** What of an event whose EOE came never did. */
  Incomplete lostFrom(const PendingEvent& event) const;
  /** Of an event came the end, or what stands before it, and not its first record. False: that is not to be told. */
  bool tellHeadless(const Stamp& stamp);
  Incomplete givenUp(Incomplete why) const { return options_.timeIsTheEnd ? Incomplete::no : why; }

  const ReassemblerOptions options_;
  const CallTable& calls_;
  EventPool& pool_;
  ReassemblyOutput& output_;
  SerialWatch serials_;

  /** In the order in which they were opened. */
  PendingEvent* oldest_ = nullptr;
  PendingEvent* newest_ = nullptr;
  size_t open_ = 0;
  /** The event of the last record; while no record of another comes it is not in the table. Null: it is over. */
  PendingEvent* current_ = nullptr;
  std::vector<PendingEvent*> buckets_;
  size_t hashed_ = 0;

  /** Events that are over, to know a late record when it comes. */
  RecentEvents recent_;

  bool overran_ = false;
  RecordsThatCome come_;
  /** Serials of records that stood alone not long ago: those of a call may follow under the same one. */
  struct Alone {
    uint32_t serial;
    double since;
  };
  std::deque<Alone> alone_;
  static constexpr size_t mostLookedAt = 256;
};

}  // namespace godo
