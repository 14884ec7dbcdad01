#pragma once

#include <linux/netlink.h>
#include <sys/socket.h>

#include <cstddef>
#include <cstdint>

namespace godo {

/**
 * The message headers of one recvmmsg(2): every datagram's netlink header is split off into the batch, its payload
 * goes straight where place() says.
 */
class DatagramBatch {
 public:
  static constexpr unsigned capacity = 64;

  /** Where the payload of the next datagram goes; at most `capacity` places between two receives. */
  void place(void* payload, size_t room);
  /** Takes what is there without waiting. Returns how many datagrams, or -errno; EINTR is tried again. */
  int receive(int fd);

  const nlmsghdr& header(unsigned index) const { return headers_[index]; }
  /** The kernel's port is 0; anybody else who is allowed to may send to our port as well. */
  bool fromKernel(unsigned index) const { return senders_[index].nl_pid == 0; }
  bool hasHeader(unsigned index) const { return messages_[index].msg_len >= sizeof(nlmsghdr); }
  /** Length of the datagram, not of nlmsg_len: for audit records the kernel leaves that one wrong. */
  size_t payloadBytes(unsigned index) const { return messages_[index].msg_len - sizeof(nlmsghdr); }
  bool truncated(unsigned index) const { return (messages_[index].msg_hdr.msg_flags & MSG_TRUNC) != 0; }

 private:
  unsigned places_ = 0;
  mmsghdr messages_[capacity];
  iovec parts_[capacity][2];
  sockaddr_nl senders_[capacity];
  nlmsghdr headers_[capacity];
};

}  // namespace godo
