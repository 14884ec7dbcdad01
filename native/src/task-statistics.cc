#include "task-statistics.h"

#include <linux/genetlink.h>
#include <linux/taskstats.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "clocks.h"
#include "datagram-batch.h"
#include "errors.h"

namespace godo {

namespace {

/** struct taskstats has 416 bytes in Linux 6.1; beside it stand a few heads, and kernels to come append to it. */
constexpr size_t datagramRoomBytes = 2048;
/**
 * Where fields of struct taskstats stand, whatever the headers that this is built with say: it is only ever appended to. But
 * version 15 (Linux 6.14) has six numbers more before these, which version 16 moved to the end.
 */
constexpr size_t atRanNs = 72, atUserUs = 152, atSystemUs = 160, atMaxRssKb = 200, addedInVersion15 = 48;
/** Datagrams of a receive. */
constexpr size_t datagramsAtOnce = 32;
constexpr uint32_t sequence = 1;

/** Netlink attributes, one after the other. */
class AttributeReader {
 public:
  AttributeReader(const uint8_t* data, size_t bytes) : at_(data), left_(bytes) {}

  bool next() {
    if (left_ < sizeof(nlattr)) return false;
    nlattr head;
    std::memcpy(&head, at_, sizeof head);
    if (head.nla_len < sizeof head || head.nla_len > left_) return false;
    type_ = head.nla_type & NLA_TYPE_MASK;
    data_ = at_ + sizeof head;
    bytes_ = head.nla_len - sizeof head;
    const size_t step = std::min<size_t>(left_, NLA_ALIGN(head.nla_len));
    at_ += step;
    left_ -= step;
    return true;
  }
  uint16_t type() const { return type_; }
  const uint8_t* data() const { return data_; }
  size_t bytes() const { return bytes_; }

 private:
  const uint8_t* at_;
  size_t left_;
  uint16_t type_ = 0;
  const uint8_t* data_ = nullptr;
  size_t bytes_ = 0;
};

/** A request of a generic netlink family with one attribute. */
std::vector<uint8_t> requestOf(uint8_t command, uint8_t version, uint16_t type, const void* value, size_t bytes) {
  genlmsghdr head{};
  head.cmd = command;
  head.version = version;
  nlattr attribute{};
  attribute.nla_type = type;
  attribute.nla_len = static_cast<uint16_t>(sizeof attribute + bytes);
  std::vector<uint8_t> request(sizeof head + NLA_ALIGN(attribute.nla_len));
  std::memcpy(request.data(), &head, sizeof head);
  std::memcpy(request.data() + sizeof head, &attribute, sizeof attribute);
  std::memcpy(request.data() + sizeof head + sizeof attribute, value, bytes);
  return request;
}

/** The payload of the next answer to our request: an acknowledgement gives none. @throws what the kernel refused with. */
std::vector<uint8_t> answerOf(NetlinkSocket& socket, const Deadline& deadline, const char* name) {
  for (;;) {
    if (!socket.waitReadable(deadline)) throwSystemError(ETIMEDOUT, name);
    uint8_t datagram[datagramRoomBytes];
    DatagramBatch batch;
    batch.place(datagram, sizeof datagram);
    const int count = batch.receive(socket.fd());
    if (count == -EAGAIN) continue;
    if (count < 0) throwSystemError(-count, name);
    if (count == 0 || !batch.fromKernel(0) || !batch.hasHeader(0)) continue;
    const nlmsghdr header = batch.header(0);
    // Of a task that has ended meanwhile.
    if (header.nlmsg_seq != sequence) continue;
    const uint8_t* const payload = datagram + sizeof(nlmsghdr);
    if (header.nlmsg_type != NLMSG_ERROR) return {payload, payload + batch.payloadBytes(0)};
    int error = 0;
    if (batch.payloadBytes(0) < sizeof error) throwSystemError(EPROTO, name);
    std::memcpy(&error, payload, sizeof error);
    if (error != 0) throwSystemError(-error, name);
    return {};
  }
}

uint16_t familyOf(NetlinkSocket& socket, const Deadline& deadline) {
  const auto request = requestOf(CTRL_CMD_GETFAMILY, 1, CTRL_ATTR_FAMILY_NAME, TASKSTATS_GENL_NAME, sizeof TASKSTATS_GENL_NAME);
  socket.send(GENL_ID_CTRL, NLM_F_REQUEST, sequence, request.data(), request.size());
  const auto answer = answerOf(socket, deadline, "CTRL_CMD_GETFAMILY");
  if (answer.size() >= sizeof(genlmsghdr)) {
    AttributeReader attributes(answer.data() + sizeof(genlmsghdr), answer.size() - sizeof(genlmsghdr));
    while (attributes.next()) {
      uint16_t family;
      if (attributes.type() != CTRL_ATTR_FAMILY_ID || attributes.bytes() < sizeof family) continue;
      std::memcpy(&family, attributes.data(), sizeof family);
      return family;
    }
  }
  throwSystemError(EPROTO, "CTRL_CMD_GETFAMILY");
}

/** A field of the structure; 0 where this kernel's is shorter. */
uint64_t fieldAt(const uint8_t* statistics, size_t bytes, size_t offset) {
  uint64_t value = 0;
  if (bytes >= offset + sizeof value) std::memcpy(&value, statistics + offset, sizeof value);
  return value;
}

}  // namespace

void subscribeTaskStatistics(NetlinkSocket& socket, const std::string& processors, uint32_t timeoutMs) {
  const Deadline deadline(timeoutMs);
  const uint16_t family = familyOf(socket, deadline);
  const auto request = requestOf(TASKSTATS_CMD_GET, TASKSTATS_GENL_VERSION, TASKSTATS_CMD_ATTR_REGISTER_CPUMASK,
                                 processors.c_str(), processors.size() + 1);
  socket.send(family, NLM_F_REQUEST | NLM_F_ACK, sequence, request.data(), request.size());
  answerOf(socket, deadline, "TASKSTATS_CMD_ATTR_REGISTER_CPUMASK");
}

bool decodeTaskStatistics(const uint8_t* payload, size_t bytes, uint8_t* record) {
  genlmsghdr head;
  if (bytes < sizeof head) return false;
  std::memcpy(&head, payload, sizeof head);
  if (head.cmd != TASKSTATS_CMD_NEW) return false;
  AttributeReader messages(payload + sizeof head, bytes - sizeof head);
  while (messages.next()) {
    if (messages.type() != TASKSTATS_TYPE_AGGR_PID) continue;
    uint32_t pid = 0;
    const uint8_t* statistics = nullptr;
    size_t length = 0;
    AttributeReader parts(messages.data(), messages.bytes());
    while (parts.next()) {
      if (parts.type() == TASKSTATS_TYPE_PID && parts.bytes() >= sizeof pid) std::memcpy(&pid, parts.data(), sizeof pid);
      if (parts.type() != TASKSTATS_TYPE_STATS) continue;
      statistics = parts.data();
      length = parts.bytes();
    }
    if (pid == 0 || statistics == nullptr) return false;
    // What the scheduler counted, exact also for a task that no tick has met; where it does not count, what ticks tell.
    uint16_t version = 0;
    if (length >= sizeof version) std::memcpy(&version, statistics, sizeof version);
    const size_t added = version == 15 ? addedInVersion15 : 0;
    const uint64_t ranNs = fieldAt(statistics, length, atRanNs + added);
    const uint64_t tickedUs = fieldAt(statistics, length, atUserUs + added) + fieldAt(statistics, length, atSystemUs + added);
    const uint64_t cpuUs = ranNs > 0 ? (ranNs + 500) / 1000 : tickedUs;
    const uint64_t maxRssKb = fieldAt(statistics, length, atMaxRssKb + added);
    const uint32_t zero = 0;
    std::memcpy(record, &pid, 4);
    std::memcpy(record + 4, &zero, 4);
    std::memcpy(record + 8, &cpuUs, 8);
    std::memcpy(record + 16, &maxRssKb, 8);
    return true;
  }
  return false;
}

int64_t receiveTaskStatistics(NetlinkSocket& socket, uint8_t* memory, size_t length) {
  if (socket.overran) {
    socket.overran = false;
    return -1;
  }
  uint8_t datagrams[datagramsAtOnce][datagramRoomBytes];
  size_t written = 0;
  while (length - written >= taskStatisticsBytes) {
    const size_t places = std::min(datagramsAtOnce, (length - written) / taskStatisticsBytes);
    DatagramBatch batch;
    for (size_t index = 0; index < places; index++) batch.place(datagrams[index], sizeof datagrams[index]);
    const int count = batch.receive(socket.fd());
    if (count == -EAGAIN) break;
    // What was taken before is still good: the next call tells of the overrun, which the kernel does not tell twice.
    if (count == -ENOBUFS) {
      if (written == 0) return -1;
      socket.overran = true;
      break;
    }
    if (count < 0) throwSystemError(-count, "recvmmsg");
    for (int index = 0; index < count; index++) {
      const unsigned at = static_cast<unsigned>(index);
      if (!batch.fromKernel(at) || !batch.hasHeader(at)) {
        foreignDatagramCount++;
      } else if (decodeTaskStatistics(datagrams[at] + sizeof(nlmsghdr), batch.payloadBytes(at), memory + written)) {
        written += taskStatisticsBytes;
      }
    }
    if (static_cast<size_t>(count) < places) break;
  }
  return static_cast<int64_t>(written);
}

}  // namespace godo
