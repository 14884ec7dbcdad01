#include "audit-control.h"

#include <linux/audit.h>

#include <cerrno>
#include <cstring>

#include "audit-request.h"
#include "errors.h"

namespace godo {

namespace {

static_assert(sizeof(audit_rule_data) == auditRuleFixedBytes);
static_assert(offsetof(audit_rule_data, field_count) == auditRuleFieldCountAt);
static_assert(offsetof(audit_rule_data, buflen) == auditRuleBufferLengthAt);
static_assert(AUDIT_MAX_FIELDS == auditRuleMaxFields);

/** The eleven words of struct audit_status; the build machine's header may know fewer. */
enum Word { mask, enabled, failure, pid, rateLimit, backlogLimit, lost, backlog, featureBitmap, waitTime, waitTimeActual };
constexpr size_t statusWords = 11;
/** The first kernels that this protocol is defined for send as many. */
constexpr size_t leastStatusWords = 8;

constexpr uint32_t statusLostBit = 0x40;  // AUDIT_STATUS_LOST, Linux 4.10

}  // namespace

AuditStatus decodeAuditStatus(const uint8_t* reply, size_t bytes) {
  const size_t given = bytes / sizeof(uint32_t);
  if (given < leastStatusWords) throwSystemError(EPROTO, "AUDIT_GET");
  const auto word = [&](Word index) -> std::optional<uint32_t> {
    if (static_cast<size_t>(index) >= given) return std::nullopt;
    uint32_t value;
    std::memcpy(&value, reply + index * sizeof value, sizeof value);
    return value;
  };
  AuditStatus status;
  status.enabled = word(enabled);
  status.failure = word(failure);
  status.pid = word(pid);
  status.rateLimit = word(rateLimit);
  status.backlogLimit = word(backlogLimit);
  status.lost = word(lost);
  status.backlog = word(backlog);
  status.featureBitmap = word(featureBitmap);
  status.backlogWaitTime = word(waitTime);
  status.backlogWaitTimeActual = word(waitTimeActual);
  return status;
}

AuditStatus getAuditStatus(NetlinkSocket& socket, uint32_t timeoutMs) {
  const auto replies = requestAudit(socket, AUDIT_GET, "AUDIT_GET", nullptr, 0, Reply::one, timeoutMs);
  return decodeAuditStatus(replies.front().data(), replies.front().size());
}

void setAuditStatus(NetlinkSocket& socket, const AuditStatus& fields, uint32_t timeoutMs) {
  uint32_t words[statusWords] = {};
  const auto put = [&](const std::optional<uint32_t>& value, Word index, uint32_t bit) {
    if (!value) return;
    words[index] = *value;
    words[mask] |= bit;
  };
  put(fields.enabled, enabled, AUDIT_STATUS_ENABLED);
  put(fields.failure, failure, AUDIT_STATUS_FAILURE);
  put(fields.pid, pid, AUDIT_STATUS_PID);
  put(fields.rateLimit, rateLimit, AUDIT_STATUS_RATE_LIMIT);
  put(fields.backlogLimit, backlogLimit, AUDIT_STATUS_BACKLOG_LIMIT);
  put(fields.backlogWaitTime, waitTime, AUDIT_STATUS_BACKLOG_WAIT_TIME);
  put(fields.lost, lost, statusLostBit);
  requestAudit(socket, AUDIT_SET, "AUDIT_SET", words, sizeof words, Reply::acknowledgement, timeoutMs);
}

void addAuditRule(NetlinkSocket& socket, const uint8_t* rule, size_t bytes, uint32_t timeoutMs) {
  requestAudit(socket, AUDIT_ADD_RULE, "AUDIT_ADD_RULE", rule, bytes, Reply::acknowledgement, timeoutMs);
}

void deleteAuditRule(NetlinkSocket& socket, const uint8_t* rule, size_t bytes, uint32_t timeoutMs) {
  requestAudit(socket, AUDIT_DEL_RULE, "AUDIT_DEL_RULE", rule, bytes, Reply::acknowledgement, timeoutMs);
}

std::vector<std::vector<uint8_t>> listAuditRules(NetlinkSocket& socket, uint32_t timeoutMs) {
  return requestAudit(socket, AUDIT_LIST_RULES, "AUDIT_LIST_RULES", nullptr, 0, Reply::many, timeoutMs);
}

}  // namespace godo
