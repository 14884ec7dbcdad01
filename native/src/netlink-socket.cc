#include "netlink-socket.h"

#include <linux/sock_diag.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <unordered_map>

#include "errors.h"

namespace godo {

std::atomic<uint64_t> foreignDatagramCount{0};

namespace {

std::mutex registryMutex;
std::unordered_map<int, std::shared_ptr<NetlinkSocket>> registry;

[[noreturn]] void closeAndThrow(int fd, const char* call) {
  const int number = errno;
  close(fd);
  throwSystemError(number, call);
}

/** FORCE passes net.core.rmem_max by; without the capability for it the kernel grants what rmem_max allows. */
void setReceiveBuffer(int fd, uint32_t bytes) {
  const int wanted = static_cast<int>(bytes);
  if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &wanted, sizeof wanted) == 0) return;
  if (setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &wanted, sizeof wanted) != 0) closeAndThrow(fd, "setsockopt");
}

}  // namespace

NetlinkSocket::NetlinkSocket(SocketKind kind, int protocol, uint32_t groups, uint32_t receiveBufferBytes) : kind_(kind) {
  fd_ = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
  if (fd_ < 0) throwSystemError(errno, "socket");
  // Before bind: from then on multicast messages come in. NETLINK_NO_ENOBUFS stays off, for an overrun must be seen.
  setReceiveBuffer(fd_, receiveBufferBytes);
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_groups = groups;
  if (bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) closeAndThrow(fd_, "bind");
  wakeFd_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (wakeFd_ < 0) closeAndThrow(fd_, "eventfd");
}

NetlinkSocket::~NetlinkSocket() {
  close(wakeFd_);
  close(fd_);
}

uint32_t NetlinkSocket::receiveBufferBytes() const {
  int bytes = 0;
  socklen_t size = sizeof bytes;
  if (getsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &bytes, &size) != 0) throwSystemError(errno, "getsockopt");
  return static_cast<uint32_t>(bytes);
}

void NetlinkSocket::setMember(int group, bool member) {
  const int option = member ? NETLINK_ADD_MEMBERSHIP : NETLINK_DROP_MEMBERSHIP;
  if (setsockopt(fd_, SOL_NETLINK, option, &group, sizeof group) != 0) throwSystemError(errno, "setsockopt");
}

void NetlinkSocket::send(uint16_t type, uint16_t flags, uint32_t sequence, const void* payload, size_t bytes) {
  nlmsghdr header{};
  header.nlmsg_len = static_cast<uint32_t>(NLMSG_LENGTH(bytes));
  header.nlmsg_type = type;
  header.nlmsg_flags = flags;
  header.nlmsg_seq = sequence;
  char padding[NLMSG_ALIGNTO] = {};
  iovec parts[3] = {
      {&header, sizeof header},
      {const_cast<void*>(payload), bytes},
      {padding, NLMSG_ALIGN(bytes) - bytes},
  };
  sockaddr_nl kernel{};
  kernel.nl_family = AF_NETLINK;
  msghdr message{};
  message.msg_name = &kernel;
  message.msg_namelen = sizeof kernel;
  message.msg_iov = parts;
  message.msg_iovlen = 3;
  while (sendmsg(fd_, &message, 0) < 0) {
    if (errno != EINTR) throwSystemError(errno, "sendmsg");
  }
}

bool NetlinkSocket::waitReadable(const Deadline& deadline) const {
  pollfd waiting{fd_, POLLIN, 0};
  for (;;) {
    const int ready = poll(&waiting, 1, deadline.millisecondsLeft());
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) throwSystemError(errno, "poll");
    if (deadline.passed()) return false;
  }
}

bool NetlinkSocket::waitReadableUnlessWoken(const Deadline& deadline) {
  // poll(2) passes over a descriptor of -1.
  pollfd waiting[] = {{fd_, POLLIN, 0}, {ring == nullptr ? -1 : ring->fd(), POLLIN, 0}, {wakeFd_, POLLIN, 0}};
  for (;;) {
    const int ready = poll(waiting, 3, deadline.millisecondsLeft());
    if (ready < 0 && errno != EINTR) throwSystemError(errno, "poll");
    const bool readable = ready > 0 && (waiting[0].revents != 0 || waiting[1].revents != 0);
    uint64_t calls;
    if (ready > 0 && waiting[2].revents != 0 && read(wakeFd_, &calls, sizeof calls) > 0) return readable;
    if (readable) return true;
    if (deadline.passed()) return false;
  }
}

void NetlinkSocket::gather(const Deadline& deadline, uint64_t enoughBytes) {
  // The kernel tells of the first message, and then of none until that was taken: so it is looked from time to time.
  constexpr int lookMs = 100;
  do {
    if (wokenWithin(std::min(deadline.millisecondsLeft(), lookMs))) return;
  } while (!deadline.passed() && waitingBytes() < enoughBytes);
}

bool NetlinkSocket::wokenWithin(int milliseconds) {
  pollfd waiting{wakeFd_, POLLIN, 0};
  if (poll(&waiting, 1, milliseconds) < 0 && errno != EINTR) throwSystemError(errno, "poll");
  uint64_t calls;
  return waiting.revents != 0 && read(wakeFd_, &calls, sizeof calls) > 0;
}

uint64_t NetlinkSocket::waitingBytes() const {
  uint32_t memory[SK_MEMINFO_VARS] = {};
  socklen_t size = sizeof memory;
  if (getsockopt(fd_, SOL_SOCKET, SO_MEMINFO, memory, &size) != 0) throwSystemError(errno, "getsockopt");
  return memory[SK_MEMINFO_RMEM_ALLOC] + (ring == nullptr ? 0 : ring->used());
}

void NetlinkSocket::wake() {
  const uint64_t once = 1;
  // It can fail only where the counter is full, and then the other thread is being woken anyway.
  [[maybe_unused]] const ssize_t written = write(wakeFd_, &once, sizeof once);
}

int registerSocket(std::shared_ptr<NetlinkSocket> socket) {
  const std::lock_guard<std::mutex> lock(registryMutex);
  const int fd = socket->fd();
  registry[fd] = std::move(socket);
  return fd;
}

std::shared_ptr<NetlinkSocket> findSocket(int fd) {
  const std::lock_guard<std::mutex> lock(registryMutex);
  const auto found = registry.find(fd);
  return found == registry.end() ? nullptr : found->second;
}

std::shared_ptr<NetlinkSocket> forgetSocket(int fd) {
  const std::lock_guard<std::mutex> lock(registryMutex);
  const auto found = registry.find(fd);
  if (found == registry.end()) return nullptr;
  auto socket = std::move(found->second);
  registry.erase(found);
  return socket;
}

}  // namespace godo
