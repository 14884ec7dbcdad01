#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "netlink-socket.h"

namespace godo {

/** struct audit_status. A field is empty when the kernel's reply was too short to have it, or when it is not to be set. */
struct AuditStatus {
  std::optional<uint32_t> enabled, failure, pid, rateLimit, backlogLimit, lost, backlog, featureBitmap, backlogWaitTime,
      backlogWaitTimeActual;
};

/** Size of struct audit_rule_data without its buffer. */
constexpr size_t auditRuleFixedBytes = 1040;
/** Where its field_count and buflen stand. */
constexpr size_t auditRuleFieldCountAt = 8;
constexpr size_t auditRuleBufferLengthAt = 1036;
constexpr uint32_t auditRuleMaxFields = 64;

AuditStatus decodeAuditStatus(const uint8_t* reply, size_t bytes);
AuditStatus getAuditStatus(NetlinkSocket& socket, uint32_t timeoutMs);
void setAuditStatus(NetlinkSocket& socket, const AuditStatus& fields, uint32_t timeoutMs);
void addAuditRule(NetlinkSocket& socket, const uint8_t* rule, size_t bytes, uint32_t timeoutMs);
void deleteAuditRule(NetlinkSocket& socket, const uint8_t* rule, size_t bytes, uint32_t timeoutMs);
std::vector<std::vector<uint8_t>> listAuditRules(NetlinkSocket& socket, uint32_t timeoutMs);

}  // namespace godo
