#pragma once

#include <cstddef>
#include <cstdint>

#include "netlink-socket.h"

namespace godo {

constexpr size_t auditRecordHeaderBytes = 16;
/** What stands before the payload of a record that is packed as index.d.ts says. */
struct PackedHeader {
  uint32_t payloadBytes;
  uint16_t type;
  /** 1: truncated. */
  uint16_t flags;
  uint64_t arrivalNs;
};
static_assert(sizeof(PackedHeader) == auditRecordHeaderBytes);
/** MAX_AUDIT_MESSAGE_LENGTH of include/uapi/linux/audit.h, and the 16 bytes by which daemons have always overshot it. */
constexpr size_t auditPayloadRoomBytes = 8970 + 16;
constexpr size_t auditRecordRoomBytes = (auditRecordHeaderBytes + auditPayloadRoomBytes + 7) & ~size_t{7};

/** See receiveAudit in index.d.ts. `length` is at least auditRecordRoomBytes. */
int64_t receiveAudit(NetlinkSocket& socket, uint8_t* memory, size_t length, uint32_t timeoutMs);

/**
 * Takes one datagram off an audit socket into `answers` or `pending`, for a request that waits for its answer.
 * `receiving` must be held. False when there is none.
 */
bool takeForRequest(NetlinkSocket& socket);

}  // namespace godo
