#pragma once

#include <cstdint>
#include <vector>

#include "netlink-socket.h"

namespace godo {

enum class Reply { acknowledgement, one, many };

/**
 * Sends one audit request and waits for all of its answer: the acknowledgement and, as `reply` says, one message or a
 * list that ends with NLMSG_DONE. Returns the payloads of these messages. `name` stands in the error's `syscall`.
 * Throws the errno of the kernel's refusal, or ETIMEDOUT.
 */
std::vector<std::vector<uint8_t>> requestAudit(NetlinkSocket& socket, uint16_t type, const char* name, const void* payload,
                                               size_t bytes, Reply reply, uint32_t timeoutMs);

}  // namespace godo
