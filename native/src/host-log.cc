#include "host-log.h"

#include <algorithm>
#include <limits>

namespace godo {

namespace {

/** An event may stand in the log this much behind those that came after it. */
constexpr int64_t disorderMs = 2000;
/** Events held back for the sake of their order; of more than this, the older half goes on. */
constexpr size_t mostHeld = 16384;
/** Gaps that wait for their place; of more, those are united that no event stands between. */
constexpr size_t mostUntold = 2 * mostHeld;
/** How often, in ms of the log, what need not be held any longer goes on. */
constexpr int64_t releaseMs = 500;

}  // namespace

HostLog::HostLog(uint32_t run, std::string_view host, const Record& first, const ReassemblerOptions& options,
                 DecoderParts& parts)
    : run_(run),
      parts_(parts),
      timeoutMs_(options.timeoutMs),
      reassembler_(options, parts.calls, parts.pool, *this),
      latestMs_(first.stamp.ms),
      releasedMs_(first.stamp.ms) {
  boot_.isAnotherBoot(first);
  Entry entry = parts_.output.add(EntryKind::runStart, 32 + host.size());
  entry.u32(8, run_);
  entry.u32(12, first.stamp.serial);
  entry.f64(16, static_cast<double>(first.stamp.ms));
  entry.u32(24, static_cast<uint32_t>(host.size()));
  entry.bytes(32, host.data(), host.size());
  parts_.run = run_;
}

HostLog::~HostLog() {
  for (const Held& held : held_) parts_.pool.give(held.event);
}

void HostLog::push(const Record& record) {
  if (record.stamp.ms > latestMs_) {
    latestMs_ = record.stamp.ms;
    reassembler_.expire(static_cast<double>(latestMs_));
    if (latestMs_ - releasedMs_ >= releaseMs) {
      release(latestMs_ - static_cast<int64_t>(timeoutMs_) - disorderMs, 0);
    }
  }
  reassembler_.push(record, static_cast<double>(latestMs_));
}

void HostLog::event(PendingEvent* event, Incomplete incomplete) {
  events_++;
  parts_.events++;
  if (event == nullptr) return;
  if (!event->isOfInterest()) {
    parts_.pool.give(event);
    return;
  }
  held_.push_back({event->stamp().ms, event->stamp().serial, event, incomplete});
  if (held_.size() > mostHeld || parts_.pool.bytesInUse() > mostPendingBytes) {
    release(std::numeric_limits<int64_t>::min(), (held_.size() + 1) / 2);
  }
}

void HostLog::gap(const SerialGap& gap) {
  missing_ += gap.count();
  gaps_++;
  untold_.push_back(gap);
  if (untold_.size() <= mostUntold) return;
  uniteGaps();
  // Serials from all around the circle have no order, and no log of a kernel has them.
  if (untold_.size() > mostUntold) tellAllGaps();
}

void HostLog::late(const Record& record) {
  select();
  parts_.encoder.late(record, static_cast<double>(latestMs_));
}

void HostLog::select() {
  if (parts_.run == run_) return;
  parts_.output.add(EntryKind::run, 16).u32(8, run_);
  parts_.run = run_;
}

void HostLog::release(int64_t untilMs, size_t atLeast) {
  releasedMs_ = latestMs_;
  if (held_.empty()) return;
  // On a circle there is no order of all serials: they are taken by their distance from one.
  const auto earlier = [base = held_.front().serial](const Held& a, const Held& b) {
    return serialDistance(base, a.serial) < serialDistance(base, b.serial);
  };
  if (!std::is_sorted(held_.begin(), held_.end(), earlier)) std::stable_sort(held_.begin(), held_.end(), earlier);
  size_t going = 0;
  while (going < held_.size() && (going < atLeast || held_[going].ms <= untilMs)) going++;
  if (going == 0) return;
  select();
  for (size_t index = 0; index < going; index++) {
    tellGapsBefore(held_[index].serial);
    parts_.encoder.event(*held_[index].event, held_[index].incomplete);
    parts_.pool.give(held_[index].event);
  }
  held_.erase(held_.begin(), held_.begin() + static_cast<std::ptrdiff_t>(going));
}

void HostLog::tellAllGaps() {
  if (untold_.empty()) return;
  select();
  for (const SerialGap& gap : untold_) parts_.encoder.gap(gap);
  untold_.clear();
}

void HostLog::uniteGaps() {
  const uint32_t base = untold_.front().from;
  const auto place = [base](uint32_t serial) { return static_cast<int64_t>(serialDistance(base, serial)); };
  std::vector<int64_t> events;
  for (const Held& held : held_) events.push_back(place(held.serial));
  std::sort(events.begin(), events.end());
  size_t last = 0;
  for (size_t index = 1; index < untold_.size(); index++) {
    const SerialGap& gap = untold_[index];
    const auto next = std::upper_bound(events.begin(), events.end(), place(untold_[last].to));
    // What is out of order stays: it is told no later than what stands before it.
    const bool inOrder = place(untold_[last].to) < place(gap.from);
    if (inOrder && (next == events.end() || *next > place(gap.from))) {
      untold_[last].to = gap.to;
    } else {
      untold_[++last] = gap;
    }
  }
  untold_.resize(last + 1);
}

void HostLog::tellGapsBefore(uint32_t serial) {
  size_t told = 0;
  while (told < untold_.size() && serialDistance(untold_[told].to, serial) > 0) parts_.encoder.gap(untold_[told++]);
  untold_.erase(untold_.begin(), untold_.begin() + static_cast<std::ptrdiff_t>(told));
}

void HostLog::finish(RunEnd reason) {
  // What auditd said of its start, before the kernel's first record of the next boot, is no part of this one.
  if (reason == RunEnd::reboot) latestMs_ = boot_.latestMs().value_or(latestMs_);
  reassembler_.finish();
  release(std::numeric_limits<int64_t>::max(), 0);
  tellAllGaps();
  Entry entry = parts_.output.add(EntryKind::runEnd, 48, static_cast<uint8_t>(reason));
  entry.u32(8, run_);
  entry.f64(16, static_cast<double>(latestMs_));
  entry.f64(24, static_cast<double>(events_));
  entry.f64(32, static_cast<double>(missing_));
  entry.f64(40, static_cast<double>(gaps_));
}

}  // namespace godo
