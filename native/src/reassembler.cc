#include "reassembler.h"

namespace godo {

namespace {

constexpr size_t leastBuckets = 64;
constexpr size_t mostAlone = 4096;

}  // namespace

Reassembler::Reassembler(const ReassemblerOptions& options, const CallTable& calls, EventPool& pool,
                         ReassemblyOutput& output)
    : options_(options), calls_(calls), pool_(pool), output_(output) {}

Reassembler::~Reassembler() {
  while (oldest_ != nullptr) {
    PendingEvent* event = oldest_;
    oldest_ = event->newer;
    pool_.give(event);
  }
}

uint32_t Reassembler::settledSerial() const {
  uint32_t settled = serials_.settled();
  const auto mayFollow = [&settled](uint32_t serial) {
    if (serialDistance(serial, settled) >= 0) settled = serial - 1;
  };
  for (const PendingEvent* event = oldest_; event != nullptr; event = event->newer) mayFollow(event->stamp().serial);
  for (const Alone& one : alone_) mayFollow(one.serial);
  return settled;
}

void Reassembler::push(const Record& record, double now) {
  if (current_ != nullptr && current_->stamp() == record.stamp) {
    pushToOpen(current_, record);
    return;
  }
  bool fresh = false;
  if (options_.watchSerials && !isNumberedByDaemon(record.type)) {
    fresh = serials_.see(record.stamp.serial, now, [this](const SerialGap& gap) { output_.gap(gap); });
  }
  if (PendingEvent* event = find(record.stamp)) {
    turnTo(event);
    pushToOpen(event, record);
    return;
  }
  if (recent_.has(record.stamp)) {
    if (record.type != record_type::eoe) output_.late(record);
    return;
  }
  if (record.type == record_type::eoe) {
    recent_.add(record.stamp);
    if (fresh) tellHeadless(record.stamp);
    return;
  }
  beginEvent(record, now, fresh);
}

void Reassembler::pushToOpen(PendingEvent* event, const Record& record) {
  if (record.type == record_type::eoe) {
    event->noteRecords(come_);
    over(event, overran_ ? lostFrom(*event) : Incomplete::no);
    return;
  }
  pool_.add(*event, record, calls_, options_.keepRecords);
  keepBounds();
}

Incomplete Reassembler::lostFrom(const PendingEvent& event) const {
  return event.lacksRecords(come_) ? Incomplete::torn : Incomplete::no;
}

/** The kernel makes an EOE only where it has made a SYSCALL or URINGOP record before (audit_log_exit in kernel/auditsc.c). */
bool Reassembler::tellHeadless(const Stamp& stamp) {
  // Where ends are left out, so are other records.
  if (!options_.watchSerials || options_.timeIsTheEnd) return false;
  output_.gap({stamp.serial, stamp.serial, 0});
  return true;
}

void Reassembler::beginEvent(const Record& record, double now, bool fresh) {
  if (standsAlone(record.type)) {
    if (options_.watchSerials && !isNumberedByDaemon(record.type)) alone_.push_back({record.stamp.serial, now});
    if (alone_.size() > mostAlone) alone_.pop_front();
    // Not remembered: a LOGIN or CONFIG_CHANGE shares its serial with the SYSCALL record that may follow.
    PendingEvent* event = nullptr;
    if (options_.keepRecords) {
      event = pool_.take(record.stamp, now);
      event->setStandsAlone();
      pool_.add(*event, record, calls_, true);
    }
    output_.event(event, Incomplete::no);
    return;
  }
  PendingEvent* event = pool_.take(record.stamp, now);
  event->setFresh(fresh);
  insert(event);
  pool_.add(*event, record, calls_, options_.keepRecords);
  keepBounds();
}

void Reassembler::keepBounds() {
  while (open_ > options_.maxOpen || (pool_.bytesInUse() > mostPendingBytes && open_ > 0)) {
    over(oldest_, givenUp(Incomplete::crowded));
  }
}

void Reassembler::expire(double now) {
  while (oldest_ != nullptr && now - oldest_->since() >= options_.timeoutMs) over(oldest_, givenUp(Incomplete::late));
  while (!alone_.empty() && now - alone_.front().since >= options_.timeoutMs) alone_.pop_front();
  serials_.tellUntil(now, options_.timeoutMs, [this](const SerialGap& gap) { output_.gap(gap); });
}

void Reassembler::finish() {
  while (oldest_ != nullptr) over(oldest_, givenUp(Incomplete::cut));
  alone_.clear();
  serials_.tellAll([this](const SerialGap& gap) { output_.gap(gap); });
}

void Reassembler::end(const Stamp& stamp, Incomplete incomplete) {
  PendingEvent* event = current_ != nullptr && current_->stamp() == stamp ? current_ : find(stamp);
  if (event != nullptr) over(event, incomplete);
}

size_t Reassembler::bucketOf(const Stamp& stamp) const {
  // A thousand serials of about one second stand in a row, the rows anywhere.
  const uint64_t row = mixBits(mixBits(static_cast<uint64_t>(stamp.ms) >> 10) ^ (stamp.serial >> 10));
  return (stamp.serial + (row >> 32)) & (buckets_.size() - 1);
}

PendingEvent* Reassembler::find(const Stamp& stamp) {
  if (hashed_ == 0) return nullptr;
  PendingEvent* event = buckets_[bucketOf(stamp)];
  while (event != nullptr && !(event->stamp() == stamp)) event = event->nextInBucket;
  return event;
}

void Reassembler::turnTo(PendingEvent* event) {
  if (current_ != nullptr && !current_->hashed) hash(current_);
  current_ = event;
}

void Reassembler::insert(PendingEvent* event) {
  turnTo(event);
  event->hashed = false;
  event->newer = nullptr;
  event->older = newest_;
  (newest_ == nullptr ? oldest_ : newest_->newer) = event;
  newest_ = event;
  open_++;
}

void Reassembler::hash(PendingEvent* event) {
  if (hashed_ * 2 >= buckets_.size()) growBuckets();
  PendingEvent*& bucket = buckets_[bucketOf(event->stamp())];
  event->nextInBucket = bucket;
  bucket = event;
  event->hashed = true;
  hashed_++;
}

void Reassembler::growBuckets() {
  std::vector<PendingEvent*> before(buckets_.empty() ? leastBuckets : buckets_.size() * 2);
  before.swap(buckets_);
  for (PendingEvent* event : before) {
    while (event != nullptr) {
      PendingEvent* const next = event->nextInBucket;
      PendingEvent*& bucket = buckets_[bucketOf(event->stamp())];
      event->nextInBucket = bucket;
      bucket = event;
      event = next;
    }
  }
}

void Reassembler::unhash(PendingEvent* event) {
  PendingEvent** place = &buckets_[bucketOf(event->stamp())];
  while (*place != event) place = &(*place)->nextInBucket;
  *place = event->nextInBucket;
  event->hashed = false;
  hashed_--;
}

void Reassembler::over(PendingEvent* event, Incomplete incomplete) {
  if (event->hashed) unhash(event);
  if (event == current_) current_ = nullptr;
  (event->older == nullptr ? oldest_ : event->older->newer) = event->newer;
  (event->newer == nullptr ? newest_ : event->newer->older) = event->older;
  open_--;
  recent_.add(event->stamp());
  if (event->isFresh() && event->lacksItsFirst() && tellHeadless(event->stamp())) event->setLost();
  output_.event(event, incomplete);
}

}  // namespace godo
