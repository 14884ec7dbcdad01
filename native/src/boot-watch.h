#pragma once

#include <cstdint>
#include <optional>

#include "record-head.h"

namespace godo {

/**
 * What the kernel numbered in one boot so far. Finds where another boot of the host begins in an audit.log: rotated logs
 * span boots, and no record names its boot.
 */
class BootWatch {
 public:
  /** Stamp of the latest record, in ms; empty: there is none but auditd's own. */
  std::optional<int64_t> latestMs() const;
  /** Whether the record is the first one of another boot. If not, it is noted as one of this boot. */
  bool isAnotherBoot(const Record& record);

 private:
  bool isOwnBoot(const Stamp& stamp) const;
  bool startsAgain(const Stamp& stamp) const;

  std::optional<Stamp> first_;
  uint32_t highest_ = 0;
  int64_t latestMs_ = 0;
  /** Its SYSTEM_BOOT or its SYSTEM_SHUTDOWN was seen: the next SYSTEM_BOOT is another boot's. */
  bool told_ = false;
};

}  // namespace godo
