#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "call-table.h"
#include "record-head.h"
#include "text-epochs.h"

namespace godo {

/** Why an event's records may not be all of it. The numbers are those of an *event* entry in index.d.ts. */
enum class Incomplete : uint8_t {
  no = 0,
  /** Its end did not come in time. */
  late = 1,
  /** Too many events were open at once. */
  crowded = 2,
  /** The input ended before it did. */
  cut = 3,
  /** What the line of a --diag file before it says. */
  told = 4,
  /** Some of its records never came, though its end did. */
  torn = 5,
};

/** A PATH record as an *event* entry has it (index.d.ts), in front of the bytes of its name and their padding. */
struct ItemHead {
  uint32_t bytes;
  uint8_t nametype;
  uint8_t nameState;
  uint8_t flags;
  uint8_t unused;
  uint32_t item;
  uint32_t mode;
  uint64_t inode;
  uint32_t dev;
  uint32_t nameBytes;
};
static_assert(sizeof(ItemHead) == 32);

/** A record's body, in front of its bytes and their padding. */
struct BodyHead {
  uint32_t type;
  uint32_t bytes;
};

namespace item_flag {
constexpr uint8_t modeKnown = 1;
constexpr uint8_t inodeNumber = 2;
constexpr uint8_t inodeText = 4;
constexpr uint8_t tidyName = 8;
}  // namespace item_flag

constexpr uint32_t noItemNumber = UINT32_MAX;
/** PATH records of one event that are kept, and bytes of them: no call of interest has so many. */
constexpr unsigned mostItems = 256;
constexpr size_t mostItemBytes = 98304;

/** Kinds of records that come at all: an older kernel does not make them, or a rule of others excludes them. */
struct RecordsThatCome {
  bool paths = false;
  bool cwds = false;
  bool openat2s = false;
};

/** An event whose records are still coming, or that waits for its turn. */
class PendingEvent {
 public:
  // The places of the lists that it is in belong to those who keep them: Reassembler and EventPool.
  PendingEvent* older = nullptr;
  PendingEvent* newer = nullptr;
  PendingEvent* nextInBucket = nullptr;
  bool hashed = false;

  void begin(const Stamp& stamp, double since);
  /** Takes over what a record says, as far as somebody wants it. `keepRecords`: also its body. */
  void add(const Record& record, const CallTable& calls, TextEpochs& epochs, bool keepRecords);

  /** Whether it makes an entry at all where no records are kept. */
  bool isOfInterest() const { return call_.id != 0; }

  const Stamp& stamp() const { return stamp_; }
  double since() const { return since_; }
  const Call& call() const { return call_; }
  /** It was done by io_uring: `arguments()[0]` is how often, and no argument is known. */
  bool byUring() const { return byUring_; }
  bool success() const { return success_; }
  double exit() const { return exit_; }
  const uint32_t* arguments() const { return arguments_; }
  uint8_t argumentsKnown() const { return argumentsKnown_; }
  /** Where its ids are from; null: it has none. */
  TextEpoch* epoch() const { return epoch_; }
  uint32_t caller() const { return caller_; }
  uint32_t cwd() const { return cwd_; }
  unsigned itemCount() const { return itemCount_; }
  /** Items one after the other, as an entry has them. */
  std::string_view items() const { return items_; }
  bool itemsLeftOut() const { return itemsLeftOut_; }
  /** Its SYSCALL record has the key that is watched for: then it is told although the call failed. */
  bool watched() const { return watched_; }
  /** Its SYSCALL or URINGOP record, which the kernel makes first, came. */
  bool hasHead() const { return decided_; }
  void noteRecords(RecordsThatCome& come) const;
  /** Whether it has not all records that its SYSCALL record promises, of those that somebody wants and that come at all. */
  bool lacksRecords(const RecordsThatCome& come) const;
  bool standsAlone() const { return standsAlone_; }
  /** Records came that only follow a SYSCALL or URINGOP record, and none of those did. */
  bool lacksItsFirst() const {
    return !decided_ && (cwdSeen_ || pathRecords_ > 0 || execveSeen_ || openat2Seen_ || mmapSeen_ || pairSeen_);
  }
  /**
   * Records that its SYSCALL or URINGOP record announces, and that did not come, at least: PATHs (`items=`) and their CWD, and EXECVE,
   * OPENAT2, FD_PAIR and MMAP of calls of interest. What else an event may have (SOCKADDR, PROCTITLE, those of security
   * modules) is not known of.
   */
  unsigned missingRecords(const RecordsThatCome& come) const;
  /** Its first record came when its serial was awaited. */
  bool isFresh() const { return fresh_; }
  void setFresh(bool fresh) { fresh_ = fresh; }
  /** It was told as a gap: without its first record it is as lost as if nothing had come. */
  bool isLost() const { return lost_; }
  void setLost() { lost_ = true; }
  void setStandsAlone() { standsAlone_ = true; }
  /** What it keeps, with the texts that came with it. */
  size_t bytes() const { return items_.size() + bodies_.size() + textBytes_; }

  /** Calls each(type, body) for every body that was kept, in their order. */
  template <typename Each>
  void eachBody(Each each) const;

 private:
  /** Of a call that succeeded. */
  bool hasNeed(uint8_t need) const { return success_ && (call_.needs & need) != 0; }
  bool lacksCwd() const;
  bool lacksMmap() const;
  /** Records beside PATHs and CWD that a call of its kind has where it succeeds. */
  unsigned missingOfCall(const RecordsThatCome& come) const;
  bool wants(uint8_t need) const { return !decided_ || (call_.needs & need) != 0; }
  /** Calls with(epoch), and counts what it adds to the texts. */
  template <typename With>
  uint32_t intern(TextEpochs& epochs, With with);
  void addBody(uint32_t type, std::string_view body);
  void addSyscall(std::string_view body, const CallTable& calls, TextEpochs& epochs, bool keepRecords);
  void addUringOp(std::string_view body, const CallTable& calls, TextEpochs& epochs);
  void addCwd(std::string_view body, TextEpochs& epochs);
  void addItem(std::string_view body, TextEpochs& epochs);

  Stamp stamp_;
  double since_ = 0;
  double exit_ = 0;
  uint32_t arguments_[4] = {};
  Call call_;
  uint8_t argumentsKnown_ = 0;
  bool success_ = false;
  /** Its SYSCALL or URINGOP record came: what it needs is known. */
  bool decided_ = false;
  bool syscallSeen_ = false;
  bool byUring_ = false;
  bool cwdSeen_ = false;
  /** Its call is given a name. */
  bool givesName_ = false;
  /** Every kernel makes a CWD record: a PATH record that came has a name, or io_uring did it, which only later ones tell. */
  bool cwdComes_ = false;
  bool execveSeen_ = false;
  bool itemsLeftOut_ = false;
  bool openat2Seen_ = false;
  bool mmapSeen_ = false;
  bool pairSeen_ = false;
  bool fresh_ = false;
  bool lost_ = false;
  bool standsAlone_ = false;
  bool watched_ = false;
  uint32_t caller_ = 0;
  uint32_t cwd_ = 0;
  unsigned itemCount_ = 0;
  /** PATH records that came, and how many there are by the SYSCALL record. */
  unsigned pathRecords_ = 0;
  unsigned pathsTold_ = 0;
  TextEpoch* epoch_ = nullptr;
  size_t textBytes_ = 0;
  std::string items_;
  std::string bodies_;
};

/** Bytes with their padding to a multiple of 8. */
constexpr size_t padded(size_t bytes) {
  return (bytes + 7) & ~size_t{7};
}

template <typename Each>
void PendingEvent::eachBody(Each each) const {
  for (size_t at = 0; at + sizeof(BodyHead) <= bodies_.size();) {
    BodyHead head;
    bodies_.copy(reinterpret_cast<char*>(&head), sizeof head, at);
    each(head.type, std::string_view(bodies_).substr(at + sizeof head, head.bytes));
    at += sizeof head + padded(head.bytes);
  }
}

}  // namespace godo
