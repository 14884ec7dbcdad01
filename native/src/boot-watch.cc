#include "boot-watch.h"

#include "serial-watch.h"

namespace godo {

namespace {

/** A boot's serials begin at 1; auditd, which may start late, writes from about there. */
constexpr uint32_t lowSerial = 10000;
/** ms that at least lie between the records of two boots: no disorder of lines looks like a boot that came later. */
constexpr int64_t rebootMs = 1000;
/** More serials than this are not missing at once where the serial goes over 2^32. */
constexpr uint32_t mostSkipped = 1000000;
/** ms within which a boot's own SYSTEM_BOOT record comes after its first record. */
constexpr int64_t bootMs = 600000;

}  // namespace

std::optional<int64_t> BootWatch::latestMs() const {
  if (!first_) return {};
  return latestMs_;
}

bool BootWatch::isAnotherBoot(const Record& record) {
  // auditd stamps its own record at its start with its own number, before it writes what the kernel kept for it.
  if (isNumberedByDaemon(record.type)) return false;
  const Stamp& stamp = record.stamp;
  if (!first_) {
    first_ = stamp;
    highest_ = stamp.serial;
    latestMs_ = stamp.ms;
  } else if (record.type == record_type::systemBoot ? !isOwnBoot(stamp) : startsAgain(stamp)) {
    return true;
  }
  if (serialDistance(highest_, stamp.serial) > 0) highest_ = stamp.serial;
  if (stamp.ms > latestMs_) latestMs_ = stamp.ms;
  if (record.type == record_type::systemBoot || record.type == record_type::systemShutdown) told_ = true;
  return false;
}

/** SYSTEM_BOOT comes from user space: the kernel and the first services may have spoken before. */
bool BootWatch::isOwnBoot(const Stamp& stamp) const {
  if (told_ || first_->serial >= lowSerial || serialDistance(first_->serial, stamp.serial) < 0) return false;
  return stamp.ms - first_->ms <= bootMs;
}

bool BootWatch::startsAgain(const Stamp& stamp) const {
  if (stamp.ms - latestMs_ < rebootMs || stamp.serial >= lowSerial || stamp.serial >= highest_ / 2.0) return false;
  return stamp.serial - highest_ > mostSkipped;
}

}  // namespace godo
