#pragma once

#include <cstddef>
#include <cstdint>

#include "netlink-socket.h"

namespace godo {

constexpr size_t connectorMessageBytes = 64;

void connectorListen(NetlinkSocket& socket, bool listen);
/** See receiveConnector in index.d.ts. `length` is at least connectorMessageBytes. */
int64_t receiveConnector(NetlinkSocket& socket, uint8_t* memory, size_t length, uint32_t timeoutMs);

/**
 * One payload of a connector datagram (struct cn_msg and what follows) as the 64 bytes of index.d.ts. False, with
 * nothing written, when it is not a message of the proc connector or too short to name its kind.
 */
bool decodeConnectorMessage(const uint8_t* payload, size_t bytes, uint64_t arrivalNs, uint8_t* message);

}  // namespace godo
