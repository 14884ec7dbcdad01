#include "audit-request.h"

#include <cerrno>
#include <cstring>

#include "audit-receive.h"
#include "errors.h"

namespace godo {

namespace {

std::atomic<uint32_t> lastSequence{0};

uint32_t nextSequence() {
  uint32_t sequence = ++lastSequence;
  // 0 means "no request in flight", and is what the kernel's own records carry.
  while (sequence == 0) sequence = ++lastSequence;
  return sequence;
}

class Awaiting {
 public:
  Awaiting(NetlinkSocket& socket, uint32_t sequence) : socket_(socket) { set(sequence); }
  ~Awaiting() {
    set(0);
    // Who waits for messages looks at the kernel's queue, and what we took from it is not there any more.
    if (keeps()) socket_.wake();
  }

 private:
  bool keeps() const {
    const std::lock_guard<std::mutex> lock(socket_.receiving);
    return socket_.overran || !socket_.pending.empty();
  }
  void set(uint32_t sequence) {
    const std::lock_guard<std::mutex> lock(socket_.receiving);
    socket_.awaited = sequence;
    socket_.answers.clear();
  }
  NetlinkSocket& socket_;
};

class AnswerCollector {
 public:
  AnswerCollector(Reply reply, const char* name) : reply_(reply), name_(name) {}

  void take(Answer&& answer) {
    if (answer.header.nlmsg_type == NLMSG_ERROR) {
      int error = 0;
      if (answer.payload.size() < sizeof error) throwSystemError(EPROTO, name_);
      std::memcpy(&error, answer.payload.data(), sizeof error);
      // A positive value is no error: the reset of the loss counter answers with its old value.
      if (error < 0) throwSystemError(-error, name_);
      acknowledged_ = true;
    } else if (answer.header.nlmsg_type == NLMSG_DONE) {
      done_ = true;
    } else {
      payloads.push_back(std::move(answer.payload));
    }
  }

  bool complete() const {
    if (!acknowledged_) return false;
    if (reply_ == Reply::one) return !payloads.empty();
    return reply_ == Reply::acknowledgement || done_;
  }

  std::vector<std::vector<uint8_t>> payloads;

 private:
  Reply reply_;
  const char* name_;
  bool acknowledged_ = false;
  bool done_ = false;
};

}  // namespace

/*
 * On a data socket records may stand before the acknowledgement, and go to `pending`. The kernel puts it into our queue
 * before sendmsg returns (audit_receive runs in the sender's context), so there are never more of them than the receive
 * buffer holds. Should another thread be receiving on this socket, it hands over the answers it meets.
 */
std::vector<std::vector<uint8_t>> requestAudit(NetlinkSocket& socket, uint16_t type, const char* name, const void* payload,
                                               size_t bytes, Reply reply, uint32_t timeoutMs) {
  constexpr uint32_t handOverCheckMs = 10;
  const Deadline deadline(timeoutMs);
  const std::unique_lock<std::timed_mutex> turn(socket.requesting, deadline.at());
  if (!turn.owns_lock()) throwSystemError(ETIMEDOUT, name);

  const uint32_t sequence = nextSequence();
  const Awaiting awaiting(socket, sequence);
  AnswerCollector collector(reply, name);
  socket.send(type, NLM_F_REQUEST | NLM_F_ACK, sequence, payload, bytes);
  for (;;) {
    {
      const std::lock_guard<std::mutex> lock(socket.receiving);
      do {
        while (!socket.answers.empty()) {
          Answer answer = std::move(socket.answers.front());
          socket.answers.pop_front();
          collector.take(std::move(answer));
        }
        if (collector.complete()) return std::move(collector.payloads);
      } while (takeForRequest(socket));
    }
    if (deadline.passed()) throwSystemError(ETIMEDOUT, name);
    const uint32_t left = static_cast<uint32_t>(deadline.millisecondsLeft());
    socket.waitReadable(Deadline(left < handOverCheckMs ? left : handOverCheckMs));
  }
}

}  // namespace godo
