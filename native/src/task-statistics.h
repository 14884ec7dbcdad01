#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "netlink-socket.h"

namespace godo {

constexpr size_t taskStatisticsBytes = 24;

/** Has the kernel tell of every task that ends on these processors (a list as "0-3,8"). See openTaskStatistics in index.d.ts. */
void subscribeTaskStatistics(NetlinkSocket& socket, const std::string& processors, uint32_t timeoutMs);
/** See receiveTaskStatistics in index.d.ts. */
int64_t receiveTaskStatistics(NetlinkSocket& socket, uint8_t* memory, size_t length);

/**
 * The payload of a datagram of the kernel's TASKSTATS family (what follows its netlink header) as the 24 bytes of
 * index.d.ts. False, with nothing written, when it tells of no single task.
 */
bool decodeTaskStatistics(const uint8_t* payload, size_t bytes, uint8_t* record);

}  // namespace godo
