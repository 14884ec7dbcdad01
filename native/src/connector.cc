#include "connector.h"

#include <linux/cn_proc.h>
#include <linux/connector.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "datagram-batch.h"
#include "errors.h"

namespace godo {

namespace {

/** Kinds by number: their names in linux/cn_proc.h moved between kernel versions. */
constexpr uint32_t kindAck = 0, kindFork = 1, kindExec = 2, kindUid = 4, kindGid = 0x40, kindSid = 0x80, kindPtrace = 0x100,
                   kindComm = 0x200, kindNonzeroExit = 0x20000000, kindCoredump = 0x40000000, kindExit = 0x80000000;

constexpr size_t eventFixedBytes = 16;  // what, cpu, timestamp_ns
constexpr size_t eventDataBytes = 24;
constexpr uint32_t flagShort = 1;
/** Room for one datagram's payload: cn_msg 20 and proc_event 40, and some for kernels to come. */
constexpr size_t payloadRoomBytes = 128;

static_assert(sizeof(cn_msg) == 20 && offsetof(cn_msg, len) == 16);

size_t dataBytesNeeded(uint32_t kind) {
  switch (kind) {
    case kindAck: return 4;
    case kindExec:
    case kindSid: return 8;
    case kindFork:
    case kindUid:
    case kindGid:
    case kindPtrace:
    case kindCoredump: return 16;
    case kindComm:
    case kindExit: return 24;
    default: return 0;
  }
}

}  // namespace

void connectorListen(NetlinkSocket& socket, bool listen) {
  // Just the four bytes of the old form: kernels that know struct proc_input take them as "all events".
  cn_msg head{};
  head.id = {CN_IDX_PROC, CN_VAL_PROC};
  const uint32_t operation = listen ? PROC_CN_MCAST_LISTEN : PROC_CN_MCAST_IGNORE;
  head.len = sizeof operation;
  uint8_t request[sizeof head + sizeof operation];
  std::memcpy(request, &head, sizeof head);
  std::memcpy(request + sizeof head, &operation, sizeof operation);
  socket.send(NLMSG_DONE, 0, 0, request, sizeof request);
}

bool decodeConnectorMessage(const uint8_t* payload, size_t bytes, uint64_t arrivalNs, uint8_t* message) {
  if (bytes < sizeof(cn_msg) + eventFixedBytes) return false;
  cn_msg head;
  std::memcpy(&head, payload, sizeof head);
  const size_t eventBytes = std::min<size_t>(bytes - sizeof head, head.len);
  if (head.id.idx != CN_IDX_PROC || head.id.val != CN_VAL_PROC || eventBytes < eventFixedBytes) return false;

  const uint8_t* event = payload + sizeof head;
  uint32_t kind;
  std::memcpy(&kind, event, sizeof kind);
  if (kind == kindNonzeroExit) kind = kindExit;
  const size_t dataBytes = std::min(eventBytes - eventFixedBytes, eventDataBytes);
  const uint32_t flags = dataBytes < dataBytesNeeded(kind) ? flagShort : 0;

  std::memset(message, 0, connectorMessageBytes);
  std::memcpy(message, &kind, 4);
  std::memcpy(message + 4, event + 4, 4);  // cpu
  std::memcpy(message + 8, &head.seq, 4);
  std::memcpy(message + 12, &head.ack, 4);
  std::memcpy(message + 16, event + 8, 8);  // timestamp_ns
  std::memcpy(message + 24, &arrivalNs, 8);
  std::memcpy(message + 32, event + eventFixedBytes, dataBytes);
  std::memcpy(message + 56, &flags, 4);
  return true;
}

int64_t receiveConnector(NetlinkSocket& socket, uint8_t* memory, size_t length, uint32_t timeoutMs) {
  const Deadline deadline(timeoutMs);
  const size_t places = std::min<size_t>(DatagramBatch::capacity, length / connectorMessageBytes);
  // Who waits has found the socket empty just now: trying again before the wait would mostly be for nothing.
  if (timeoutMs > 0 && !socket.waitReadableUnlessWoken(deadline)) return 0;
  for (;;) {
    uint8_t datagrams[DatagramBatch::capacity][sizeof(nlmsghdr) + payloadRoomBytes];
    DatagramBatch batch;
    for (size_t index = 0; index < places; index++) batch.place(datagrams[index], sizeof datagrams[index]);
    const int count = batch.receive(socket.fd());
    if (count == -ENOBUFS) return -1;
    if (count < 0 && count != -EAGAIN) throwSystemError(-count, "recvmmsg");

    const uint64_t arrivalNs = readClock(CLOCK_MONOTONIC);
    size_t written = 0;
    for (int index = 0; index < count; index++) {
      const unsigned at = static_cast<unsigned>(index);
      if (batch.fromKernel(at) && batch.hasHeader(at) &&
          decodeConnectorMessage(datagrams[at] + sizeof(nlmsghdr), batch.payloadBytes(at), arrivalNs, memory + written)) {
        written += connectorMessageBytes;
      } else {
        foreignDatagramCount++;
      }
    }
    if (written > 0) return static_cast<int64_t>(written);
    if (deadline.passed()) return 0;
    if (count == -EAGAIN && !socket.waitReadableUnlessWoken(deadline)) return 0;
  }
}

}  // namespace godo
