#pragma once

#include <cstddef>
#include <cstdint>

#include "netlink-socket.h"

namespace godo {

struct Texts {
  const uint8_t* data;
  size_t length;
};

/** What gatherConnector is given; see gatherConnector in index.d.ts. */
struct ConnectorGathering {
  uint8_t* messages;
  /** At least fewConnectorMessages messages. */
  size_t messageRoom;
  uint8_t* readings;
  size_t readingRoom;
  /** ProcPart sums. */
  uint32_t forkParts;
  uint32_t execParts;
  uint32_t mostReadings;
  /** Each ended by a zero byte. */
  Texts knownGroups;
  Texts promptPrograms;
};

struct ConnectorGathered {
  size_t messageBytes = 0;
  uint32_t readings = 0;
  bool overran = false;
  /** A group that is not known was met. */
  bool metGroup = false;
};

/** A receive that brings more than these is no trickle: nothing is read for it. */
constexpr size_t fewConnectorMessages = 8;
/** Where the first reading stands: smaller numbers mean that there is none. */
constexpr size_t firstReadingAt = 8;

ConnectorGathered gatherConnector(NetlinkSocket& socket, const ConnectorGathering& given, uint32_t timeoutMs);

}  // namespace godo
