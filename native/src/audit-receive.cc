#include "audit-receive.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <string_view>

#include "datagram-batch.h"
#include "errors.h"
#include "record-head.h"
#include "serial-watch.h"

namespace godo {

namespace {

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the record layout of index.d.ts is little-endian");

constexpr uint16_t auditUser = 1005;
constexpr uint16_t auditLogin = 1006;
constexpr uint16_t auditFirstUserMessage = 1100;

/** Below 1100 stand the requests and their answers, but for two old record types (include/uapi/linux/audit.h). */
bool isAnswer(uint16_t type) {
  return type < auditFirstUserMessage && type != auditUser && type != auditLogin;
}

void keepAnswer(NetlinkSocket& socket, const nlmsghdr& header, const uint8_t* payload, size_t bytes) {
  if (socket.awaited == 0 || header.nlmsg_seq != socket.awaited) return;
  // Unlike a record's, an answer's nlmsg_len is right, and leaves out the padding that the datagram has.
  if (header.nlmsg_len >= sizeof header) bytes = std::min<size_t>(bytes, header.nlmsg_len - sizeof header);
  socket.answers.push_back({header, std::vector<uint8_t>(payload, payload + bytes)});
}

/** Writes the header and the padding around a payload that stands at `record + auditRecordHeaderBytes`. Returns the record's size. */
size_t sealRecord(uint8_t* record, uint32_t payloadBytes, uint16_t type, bool truncated, uint64_t arrivalNs) {
  static_assert(auditRecordHeaderBytes == sizeof(nlmsghdr), "a datagram is received where its record will stand");
  const PackedHeader header{payloadBytes, type, static_cast<uint16_t>(truncated ? 1 : 0), arrivalNs};
  std::memcpy(record, &header, sizeof header);
  const size_t end = auditRecordHeaderBytes + payloadBytes;
  const size_t padded = (end + 7) & ~size_t{7};
  std::memset(record + end, 0, padded - end);
  return padded;
}

size_t deliverPending(NetlinkSocket& socket, uint8_t* memory, size_t length) {
  size_t written = 0;
  while (!socket.pending.empty()) {
    const PendingRecord& record = socket.pending.front();
    const size_t bytes = record.payload.size();
    if (((auditRecordHeaderBytes + bytes + 7) & ~size_t{7}) > length - written) break;
    uint8_t* place = memory + written;
    std::memcpy(place + auditRecordHeaderBytes, record.payload.data(), bytes);
    written += sealRecord(place, static_cast<uint32_t>(bytes), record.type, record.truncated, record.arrivalNs);
    socket.pending.pop_front();
  }
  return written;
}

/**
 * Takes the records that are in the ring now, as far as they have room; not those that come meanwhile, for they arrive later
 * than the clock says. Returns bytes.
 */
size_t takeFromRing(RecordRing& ring, uint8_t* memory, size_t length) {
  const uint64_t end = ring.end();
  if (ring.isAt(end)) return 0;
  const uint64_t arrivalNs = readClock(CLOCK_MONOTONIC);
  size_t written = 0;
  size_t bytes;
  while (!ring.isAt(end)) {
    const uint8_t* const datagram = ring.front(bytes);
    if (datagram == nullptr || ((bytes + 7) & ~size_t{7}) > length - written) break;
    nlmsghdr header;
    std::memcpy(&header, datagram, sizeof header);
    uint8_t* const place = memory + written;
    const size_t payloadBytes = bytes - sizeof header;
    std::memcpy(place + auditRecordHeaderBytes, datagram + sizeof header, payloadBytes);
    written += sealRecord(place, static_cast<uint32_t>(payloadBytes), header.nlmsg_type, false, arrivalNs);
    ring.release();
  }
  return written;
}

/** What a receive from the socket brought. */
struct SocketBatch {
  /** Datagrams, or -errno. */
  int count;
  /** Bytes of the records among them. */
  size_t bytes;
  /** There was room for more. */
  bool tookAll;
};

/**
 * One recvmmsg. Every datagram is received with the room of the largest record, `auditRecordRoomBytes` apart, and then
 * moved down to its place behind the one before. A packed record is never longer than that room, so the move goes
 * downwards or nowhere, and neither it nor the header can reach a payload that still waits to be moved.
 */
SocketBatch receiveFromSocket(NetlinkSocket& socket, uint8_t* memory, size_t length) {
  DatagramBatch batch;
  const size_t places = std::min<size_t>(DatagramBatch::capacity, length / auditRecordRoomBytes);
  for (size_t index = 0; index < places; index++) {
    batch.place(memory + index * auditRecordRoomBytes, sizeof(nlmsghdr) + auditPayloadRoomBytes);
  }
  const int count = batch.receive(socket.fd());
  if (count < 0) return {count, 0, false};

  const uint64_t arrivalNs = readClock(CLOCK_MONOTONIC);
  size_t written = 0;
  for (unsigned index = 0; index < static_cast<unsigned>(count); index++) {
    if (!batch.fromKernel(index) || !batch.hasHeader(index)) {
      foreignDatagramCount++;
      continue;
    }
    const nlmsghdr header = batch.header(index);
    const uint8_t* payload = memory + index * auditRecordRoomBytes + sizeof(nlmsghdr);
    const size_t bytes = batch.payloadBytes(index);
    if (isAnswer(header.nlmsg_type)) {
      keepAnswer(socket, header, payload, bytes);
      continue;
    }
    uint8_t* place = memory + written;
    std::memmove(place + auditRecordHeaderBytes, payload, bytes);
    written += sealRecord(place, static_cast<uint32_t>(bytes), header.nlmsg_type, batch.truncated(index), arrivalNs);
  }
  return {count, written, static_cast<size_t>(count) < places};
}

/** Puts records back that were received before it was their turn: the first of what waits, for they came first. */
void putBack(NetlinkSocket& socket, const uint8_t* memory, size_t bytes) {
  std::vector<PendingRecord> records;
  for (size_t at = 0; at < bytes;) {
    PackedHeader header;
    std::memcpy(&header, memory + at, sizeof header);
    const uint8_t* const payload = memory + at + auditRecordHeaderBytes;
    records.push_back({header.type, header.flags != 0, header.arrivalNs,
                       std::vector<uint8_t>(payload, payload + header.payloadBytes)});
    at += (sizeof header + header.payloadBytes + 7) & ~size_t{7};
  }
  socket.pending.insert(socket.pending.begin(), std::make_move_iterator(records.begin()), std::make_move_iterator(records.end()));
}

/**
 * To be asked after every receive from the socket: whether the ring filled, and records were diverted, before it. Then what
 * was received is newer than the ring, which is next.
 */
bool ringWasOvertaken(RecordRing* ring) {
  if (ring == nullptr || !ring->diverting() || ring->empty()) return false;
  ring->socketFirst = false;
  return true;
}

bool readSerial(const uint8_t* payload, size_t bytes, uint32_t& serial) {
  Stamp stamp;
  size_t end;
  const std::string_view text(reinterpret_cast<const char*>(payload), bytes);
  if (readStamp(text, stamp, end) != RecordError::none) return false;
  serial = stamp.serial;
  return true;
}

/**
 * Of what a receive brought that found the ring overtaken, bytes of the record that is older than the ring all the same: the
 * one that was on its way when the diversion before was ended, the first if it is there at all. All others came a whole ring
 * later, so that the serials tell.
 */
size_t olderThanRing(const RecordRing& ring, const uint8_t* memory, size_t bytes) {
  size_t frontBytes;
  const uint8_t* const front = ring.front(frontBytes);
  if (bytes == 0 || front == nullptr) return 0;
  PackedHeader header;
  std::memcpy(&header, memory, sizeof header);
  uint32_t first, next;
  if (!readSerial(memory + sizeof header, header.payloadBytes, first)) return 0;
  if (!readSerial(front + sizeof(nlmsghdr), frontBytes - sizeof(nlmsghdr), next)) return 0;
  return serialDistance(first, next) < 0 ? 0 : (sizeof header + header.payloadBytes + 7) & ~size_t{7};
}

/** Puts back what came after the ring. Returns bytes of what came before it. */
size_t keepOlder(NetlinkSocket& socket, const uint8_t* memory, size_t bytes) {
  const size_t older = olderThanRing(*socket.ring, memory, bytes);
  putBack(socket, memory + older, bytes - older);
  return older;
}

/**
 * The socket was emptied just now, so what comes next may go into the ring again, and what came meanwhile is taken as well.
 * To wait until nothing comes meanwhile would be to wait for the end of the load. Returns bytes.
 */
size_t endDiversion(NetlinkSocket& socket, uint8_t* memory, size_t length) {
  if (length < auditRecordRoomBytes) return 0;
  socket.ring->endDiversion();
  const SocketBatch batch = receiveFromSocket(socket, memory, length);
  if (batch.count == -ENOBUFS) socket.overran = true;
  return ringWasOvertaken(socket.ring.get()) ? keepOlder(socket, memory, batch.bytes) : batch.bytes;
}

/**
 * What came first: see RecordRing for what goes which way. While records are diverted, those in the ring are older than
 * those in the socket. Once the socket is empty the diversion is ended; but one record may have been on its way into the
 * socket then. It is there before the next one is in the ring: so the socket is asked again when the ring is not empty.
 * Returns bytes, 0 (nothing for the caller; `taken` says whether there was anything at all) or -1 for an overrun.
 */
int64_t receiveBatch(NetlinkSocket& socket, uint8_t* memory, size_t length, bool& taken) {
  RecordRing* const ring = socket.ring.get();
  taken = true;
  for (;;) {
    if (ring != nullptr && !ring->socketFirst) {
      // In this order: nothing is added to a ring from which records are diverted.
      const bool diverting = ring->diverting();
      if (const size_t bytes = takeFromRing(*ring, memory, length)) return static_cast<int64_t>(bytes);
      ring->socketFirst = diverting;
    }
    const bool ringHasRecords = ring != nullptr && !ring->empty();
    if (const size_t bytes = deliverPending(socket, memory, length)) return static_cast<int64_t>(bytes);
    if (socket.overran) {
      socket.overran = false;
      return -1;
    }
    const SocketBatch batch = receiveFromSocket(socket, memory, length);
    if (batch.count == -ENOBUFS) return -1;
    if (batch.count < 0 && batch.count != -EAGAIN) throwSystemError(-batch.count, "recvmmsg");
    if (batch.count >= 0) {
      if (ringWasOvertaken(ring)) {
        if (const size_t bytes = keepOlder(socket, memory, batch.bytes)) return static_cast<int64_t>(bytes);
        continue;
      }
      size_t bytes = batch.bytes;
      if (batch.tookAll && ring != nullptr && ring->diverting()) bytes += endDiversion(socket, memory + bytes, length - bytes);
      return static_cast<int64_t>(bytes);
    }
    if (ring != nullptr && ring->socketFirst && ring->diverting()) {
      ring->endDiversion();
    } else if (ring != nullptr && ring->socketFirst && ringHasRecords) {
      ring->socketFirst = false;
    } else {
      taken = false;
      return 0;
    }
  }
}

}  // namespace

int64_t receiveAudit(NetlinkSocket& socket, uint8_t* memory, size_t length, uint32_t timeoutMs) {
  const Deadline deadline(timeoutMs);
  for (;;) {
    bool taken = false;
    int64_t result;
    {
      const std::lock_guard<std::mutex> lock(socket.receiving);
      result = receiveBatch(socket, memory, length, taken);
    }
    if (result != 0) return result;
    if (deadline.passed()) return 0;
    // Poll only when there was nothing: under load every poll would be a system call for nothing.
    if (!taken && !socket.waitReadableUnlessWoken(deadline)) return 0;
  }
}

bool takeForRequest(NetlinkSocket& socket) {
  uint8_t datagram[16384];
  const uint8_t* const payload = datagram + sizeof(nlmsghdr);
  DatagramBatch batch;
  batch.place(datagram, sizeof datagram);
  const int count = batch.receive(socket.fd());
  if (count == -EAGAIN || count == 0) return false;
  if (count == -ENOBUFS) {
    socket.overran = true;
    return true;
  }
  if (count < 0) throwSystemError(-count, "recvmmsg");
  if (!batch.fromKernel(0) || !batch.hasHeader(0)) {
    foreignDatagramCount++;
    return true;
  }
  const nlmsghdr header = batch.header(0);
  const size_t bytes = batch.payloadBytes(0);
  if (isAnswer(header.nlmsg_type)) {
    keepAnswer(socket, header, payload, bytes);
  } else if (socket.kind() == SocketKind::auditData) {
    ringWasOvertaken(socket.ring.get());
    // The room of receiveAudit holds here too: a longer record could not be delivered later.
    const size_t kept = std::min(bytes, auditPayloadRoomBytes);
    socket.pending.push_back({header.nlmsg_type, batch.truncated(0) || kept < bytes, readClock(CLOCK_MONOTONIC),
                              std::vector<uint8_t>(payload, payload + kept)});
  }
  return true;
}

}  // namespace godo
