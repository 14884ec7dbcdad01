#pragma once

#include "file-descriptor.h"

namespace godo {

/** The parts that a {@link loadRecordFilter} program works with: descriptors of BPF maps. */
struct RecordFilterMaps {
  /** A ring buffer (BPF_MAP_TYPE_RINGBUF). */
  int ring;
  /** One element of {@link recordFilterRoomBytes} for each processor. */
  int room;
  /** One element that begins with u32 diverting, u32 diversions. */
  int state;
};

/** The largest datagram that goes into the ring. */
constexpr unsigned recordFilterRoomBytes = 16 + 8970 + 16;

/**
 * Loads a socket filter (BPF) for an audit socket: it copies the kernel's records into the ring and keeps them from the
 * socket. Everything else goes on into the socket: what others than the kernel send, and answers to requests. So does,
 * from the first record on that finds the ring full, every record, until `diverting` is set to 0 again: then all that is in
 * the ring is older than all that is in the socket.
 *
 * Throws Failure where the kernel does not take it: it needs Linux 5.11, CAP_BPF and CAP_PERFMON (or CAP_SYS_ADMIN).
 */
FileDescriptor loadRecordFilter(const RecordFilterMaps& maps);

}  // namespace godo
