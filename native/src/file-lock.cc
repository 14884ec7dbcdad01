#include "file-lock.h"

#include <sys/file.h>

#include <cerrno>

#include "errors.h"

namespace godo {

bool tryLock(int fd) {
  while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return false;
    if (errno != EINTR) throwSystemError(errno, "flock");
  }
  return true;
}

}  // namespace godo
