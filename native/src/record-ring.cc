#include "record-ring.h"

#include <linux/netlink.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "bpf.h"
#include "record-filter.h"

namespace godo {

namespace {

/** The kernel's u32 before each record in a ring: its length, and two bits. */
constexpr uint32_t beingWritten = 1u << 31, discarded = 1u << 30;
constexpr size_t recordHeadBytes = 8;
constexpr uint32_t stateBytes = 64;

FileDescriptor createMap(uint32_t type, uint32_t keyBytes, uint32_t valueBytes, uint32_t entries, uint32_t flags) {
  bpf_attr attributes{};
  attributes.map_type = type;
  attributes.key_size = keyBytes;
  attributes.value_size = valueBytes;
  attributes.max_entries = entries;
  attributes.map_flags = flags;
  return bpf(BPF_MAP_CREATE, attributes, "BPF_MAP_CREATE");
}

/** Before Linux 5.11 maps count as locked memory, of which even root has little. */
class LockedMemoryLimit {
 public:
  LockedMemoryLimit() {
    known_ = getrlimit(RLIMIT_MEMLOCK, &before_) == 0;
    const rlimit none{RLIM_INFINITY, RLIM_INFINITY};
    if (known_) setrlimit(RLIMIT_MEMLOCK, &none);
  }
  ~LockedMemoryLimit() {
    if (known_) setrlimit(RLIMIT_MEMLOCK, &before_);
  }

 private:
  bool known_;
  rlimit before_{};
};

void attachTo(int socket, const FileDescriptor& program) {
  const int fd = program.get();
  if (setsockopt(socket, SOL_SOCKET, SO_ATTACH_BPF, &fd, sizeof fd) != 0) throwSystemError(errno, "SO_ATTACH_BPF");
}

FileDescriptor auditSocket(sockaddr_nl& address) {
  FileDescriptor fd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_AUDIT));
  if (fd.get() < 0) throwSystemError(errno, "socket");
  address = {};
  address.nl_family = AF_NETLINK;
  socklen_t bytes = sizeof address;
  if (bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) throwSystemError(errno, "bind");
  if (getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &bytes) != 0) throwSystemError(errno, "getsockname");
  return fd;
}

/**
 * Where the sender of a message stands in the kernel's memory is known, not promised. So we send what looks like a record
 * ourselves, from one socket to another: it must not get into the ring.
 */
void tryOut(const FileDescriptor& program, const RecordRing& ring) {
  sockaddr_nl to, from;
  const FileDescriptor receiver = auditSocket(to);
  const FileDescriptor sender = auditSocket(from);
  attachTo(receiver.get(), program);
  struct {
    nlmsghdr header;
    char payload[16];
  } forged{};
  forged.header.nlmsg_len = sizeof forged;
  forged.header.nlmsg_type = 1300;
  if (sendto(sender.get(), &forged, sizeof forged, 0, reinterpret_cast<sockaddr*>(&to), sizeof to) < 0)
    throwSystemError(errno, "sendto");
  char arrived[sizeof forged];
  if (!ring.empty() || recv(receiver.get(), arrived, sizeof arrived, 0) != sizeof forged) throwSystemError(ENOTSUP, "BPF");
}

}  // namespace

std::unique_ptr<RecordRing> RecordRing::attach(int socket, uint32_t bytes) {
  const LockedMemoryLimit limit;
  const FileDescriptor room = createMap(BPF_MAP_TYPE_PERCPU_ARRAY, 4, recordFilterRoomBytes, 1, 0);
  std::unique_ptr<RecordRing> ring(new RecordRing(createMap(bpfMapRingBuffer, 0, 0, bytes, 0),
                                                  createMap(BPF_MAP_TYPE_ARRAY, 4, stateBytes, 1, bpfMapMayBeMapped), bytes));
  // Each of them lives as long as the program, and that as long as a socket that it is attached to.
  const FileDescriptor program = loadRecordFilter({ring->ring_.get(), room.get(), ring->state_.get()});
  tryOut(program, *ring);
  // What has come into the socket before is older than all that will come into the ring.
  __atomic_store_n(ring->diversion_, 1, __ATOMIC_RELEASE);
  attachTo(socket, program);
  return ring;
}

RecordRing::RecordRing(FileDescriptor ring, FileDescriptor state, uint32_t bytes)
    : ring_(std::move(ring)), state_(std::move(state)), bytes_(bytes), pageBytes_(static_cast<size_t>(sysconf(_SC_PAGESIZE))) {
  const auto map = [](size_t length, int protection, const FileDescriptor& fd, size_t offset) {
    void* const memory = mmap(nullptr, length, protection, MAP_SHARED, fd.get(), static_cast<off_t>(offset));
    return memory == MAP_FAILED ? nullptr : memory;
  };
  read_ = static_cast<uint64_t*>(map(pageBytes_, PROT_READ | PROT_WRITE, ring_, 0));
  written_ = static_cast<uint8_t*>(map(pageBytes_ + 2 * size_t{bytes_}, PROT_READ, ring_, pageBytes_));
  diversion_ = static_cast<uint32_t*>(map(pageBytes_, PROT_READ | PROT_WRITE, state_, 0));
  if (read_ != nullptr && written_ != nullptr && diversion_ != nullptr) return;
  const int number = errno;
  unmap();
  throwSystemError(number, "mmap");
}

RecordRing::~RecordRing() {
  unmap();
}

void RecordRing::unmap() {
  if (read_ != nullptr) munmap(read_, pageBytes_);
  if (written_ != nullptr) munmap(const_cast<uint8_t*>(written_), pageBytes_ + 2 * size_t{bytes_});
  if (diversion_ != nullptr) munmap(diversion_, pageBytes_);
}

const uint8_t* RecordRing::front(size_t& bytes) const {
  if (isAt(end())) return nullptr;
  const uint8_t* const record = written_ + pageBytes_ + (*read_ & (bytes_ - 1));
  const uint32_t head = __atomic_load_n(reinterpret_cast<const uint32_t*>(record), __ATOMIC_ACQUIRE);
  if ((head & beingWritten) != 0) return nullptr;
  bytes = head & ~discarded;
  return record + recordHeadBytes;
}

uint64_t RecordRing::end() const {
  return __atomic_load_n(reinterpret_cast<const uint64_t*>(written_), __ATOMIC_ACQUIRE);
}

bool RecordRing::empty() const {
  size_t bytes;
  return front(bytes) == nullptr;
}

void RecordRing::release() {
  size_t bytes = 0;
  if (front(bytes) == nullptr) return;
  const uint64_t next = *read_ + ((recordHeadBytes + bytes + 7) & ~size_t{7});
  __atomic_store_n(read_, next, __ATOMIC_RELEASE);
}

bool RecordRing::diverting() const {
  return __atomic_load_n(diversion_, __ATOMIC_ACQUIRE) != 0;
}

void RecordRing::endDiversion() {
  __atomic_store_n(diversion_, 0, __ATOMIC_RELEASE);
}

uint32_t RecordRing::diversions() const {
  return __atomic_load_n(diversion_ + 1, __ATOMIC_RELAXED);
}

}  // namespace godo
