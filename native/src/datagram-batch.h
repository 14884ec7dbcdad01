#pragma once

#include <linux/netlink.h>
#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace godo {

/** The message headers of one recvmmsg(2). Every datagram goes, netlink header and all, where place() says. */
class DatagramBatch {
 public:
  static constexpr unsigned capacity = 256;

  /** Where the next datagram goes; at most `capacity` places between two receives. */
  void place(uint8_t* datagram, size_t room);
  /** Takes what is there without waiting. Returns how many datagrams, or -errno; EINTR is tried again. */
  int receive(int fd);

  /** A copy: it may be overwritten while the datagrams are moved together. */
  nlmsghdr header(unsigned index) const {
    nlmsghdr header;
    std::memcpy(&header, parts_[index].iov_base, sizeof header);
    return header;
  }
  /** The kernel's port is 0; anybody else who is allowed to may send to our port as well. */
  bool fromKernel(unsigned index) const { return senders_[index].nl_pid == 0; }
  bool hasHeader(unsigned index) const { return messages_[index].msg_len >= sizeof(nlmsghdr); }
  /** Length of the datagram, not of nlmsg_len: for audit records the kernel leaves that one wrong. */
  size_t payloadBytes(unsigned index) const { return messages_[index].msg_len - sizeof(nlmsghdr); }
  bool truncated(unsigned index) const { return (messages_[index].msg_hdr.msg_flags & MSG_TRUNC) != 0; }

 private:
  unsigned places_ = 0;
  mmsghdr messages_[capacity];
  iovec parts_[capacity];
  sockaddr_nl senders_[capacity];
};

}  // namespace godo
