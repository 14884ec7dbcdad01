#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace godo {

/** Numbers of audit record types that decoding knows (include/uapi/linux/audit.h; the names come from JavaScript). */
namespace record_type {
constexpr uint32_t login = 1006;
constexpr uint32_t firstUserMessage = 1100;
constexpr uint32_t systemBoot = 1127;
constexpr uint32_t systemShutdown = 1128;
constexpr uint32_t syscall = 1300;
constexpr uint32_t path = 1302;
constexpr uint32_t configChange = 1305;
constexpr uint32_t cwd = 1307;
constexpr uint32_t execve = 1309;
constexpr uint32_t kernelOther = 1316;
constexpr uint32_t fdPair = 1317;
constexpr uint32_t tty = 1319;
constexpr uint32_t eoe = 1320;
constexpr uint32_t mmap = 1323;
constexpr uint32_t featureChange = 1328;
/** The kernel asks whether we are still there, because somebody else wants the audit role; binary. */
constexpr uint32_t replace = 1329;
constexpr uint32_t uringOp = 1336;
constexpr uint32_t openat2 = 1337;
/** Stands for a well-formed name that the table does not have. */
constexpr uint32_t unnamed = 0xffff;
}  // namespace record_type

/**
 * Whether a record of this type is a whole event by itself. Syscall events, with the records that accompany them
 * (1300…1399 but for those the kernel or user space sends alone, and the LSM range), end with EOE.
 */
inline bool standsAlone(uint32_t type) {
  if (type < 1300 || type >= 2100) return true;
  // Sent without a system call context: audit_log_config_change, lost/feature notices, tty input.
  return type == record_type::configChange || type == record_type::tty || type == record_type::featureChange ||
         type == record_type::kernelOther;
}

/** DAEMON_* records are auditd's own: their serials come from a counter of its own, not from the kernel's. */
inline bool isNumberedByDaemon(uint32_t type) {
  return type >= 1200 && type < 1300;
}

/** The names that stand behind `type=` in an audit.log. */
class RecordTypeNames {
 public:
  RecordTypeNames();
  void add(std::string_view name, uint32_t number);
  /** Also `UNKNOWN[1999]`, as auditd writes types it does not know; empty for what is no name of a type at all. */
  std::optional<uint32_t> find(std::string_view name) const;

 private:
  struct Entry {
    std::string name;
    uint32_t number;
  };
  void grow();

  std::vector<Entry> entries_;
  /** Open addressing: index into entries_, plus one. */
  std::vector<uint32_t> slots_;
};

}  // namespace godo
