#include "datagram-batch.h"

#include <cerrno>
#include <cstring>

namespace godo {

void DatagramBatch::place(uint8_t* datagram, size_t room) {
  const unsigned index = places_++;
  parts_[index] = {datagram, room};
  mmsghdr& message = messages_[index];
  std::memset(&message, 0, sizeof message);
  message.msg_hdr.msg_name = &senders_[index];
  message.msg_hdr.msg_namelen = sizeof(sockaddr_nl);
  message.msg_hdr.msg_iov = &parts_[index];
  message.msg_hdr.msg_iovlen = 1;
}

int DatagramBatch::receive(int fd) {
  for (;;) {
    const int taken = recvmmsg(fd, messages_, places_, MSG_DONTWAIT, nullptr);
    if (taken >= 0) return taken;
    if (errno != EINTR) return -errno;
  }
}

}  // namespace godo
