#pragma once

#include <linux/netlink.h>

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

#include "clocks.h"
#include "record-ring.h"

namespace godo {

enum class SocketKind { auditData, auditControl, connector, taskStatistics };

/** A record that arrived on a data socket while an answer was awaited there; receiveAudit delivers it first. */
struct PendingRecord {
  uint16_t type;
  bool truncated;
  uint64_t arrivalNs;
  std::vector<uint8_t> payload;
};

/** The kernel's answer to a request. */
struct Answer {
  nlmsghdr header;
  std::vector<uint8_t> payload;
};

/** One netlink socket. It is closed when its last user lets go of it, so that its number cannot be reused under a reader. */
class NetlinkSocket {
 public:
  NetlinkSocket(SocketKind kind, int protocol, uint32_t groups, uint32_t receiveBufferBytes);
  ~NetlinkSocket();
  NetlinkSocket(const NetlinkSocket&) = delete;
  NetlinkSocket& operator=(const NetlinkSocket&) = delete;

  int fd() const { return fd_; }
  SocketKind kind() const { return kind_; }
  uint32_t receiveBufferBytes() const;
  /** Joins a multicast group, or leaves it. */
  void setMember(int group, bool member);
  /** Sends one netlink message to the kernel. */
  void send(uint16_t type, uint16_t flags, uint32_t sequence, const void* payload, size_t bytes);
  /** False when the time limit passed with nothing to read. */
  bool waitReadable(const Deadline& deadline) const;
  /** The same for receives, of the ring too: false as well when somebody called wake() since the last of these. */
  bool waitReadableUnlessWoken(const Deadline& deadline);
  /** Waits while messages gather, until `enoughBytes` have, or somebody calls wake() (or has since the last wait). */
  void gather(const Deadline& deadline, uint64_t enoughBytes);
  void wake();

  /** One request at a time for each socket. */
  std::timed_mutex requesting;

  /** Held while datagrams are taken off the socket, never while waiting for them. Guards what follows. */
  std::mutex receiving;
  /** Sequence number of the request in flight, 0 for none. Answers to any other are late and dropped. */
  uint32_t awaited = 0;
  std::deque<Answer> answers;
  /** Holds no more than the socket's receive buffer did when the request was sent (see audit-request.cc). */
  std::deque<PendingRecord> pending;
  /** The socket overran while an answer was awaited; to be told by the next receive. */
  bool overran = false;
  /** The records' way past the socket; null where there is none. Set once, before anything is received. */
  std::unique_ptr<RecordRing> ring;

 private:
  /** Memory of the messages that wait, the kernel's own for each of them included; of the ring too. */
  uint64_t waitingBytes() const;
  /** Whether somebody called wake() before the end of the wait, or since the last one. */
  bool wokenWithin(int milliseconds);

  SocketKind kind_;
  int fd_;
  /** An eventfd(2). */
  int wakeFd_;
};

/** The descriptors opened here, for all threads of the process: nobody else's are touched. */
int registerSocket(std::shared_ptr<NetlinkSocket> socket);
/** Null when it was not opened here, or was closed. */
std::shared_ptr<NetlinkSocket> findSocket(int fd);
/** Takes it out of the registry; null as for findSocket. */
std::shared_ptr<NetlinkSocket> forgetSocket(int fd);

/** Datagrams dropped so far because their sender was not the kernel. */
extern std::atomic<uint64_t> foreignDatagramCount;

}  // namespace godo
