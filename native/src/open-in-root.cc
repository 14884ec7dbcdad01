#include "open-in-root.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

#include "errors.h"
#include "file-descriptor.h"

namespace godo {

namespace {

/** struct open_how and numbers of linux/openat2.h, which older headers do not have. */
struct OpenHow {
  uint64_t flags;
  uint64_t mode;
  uint64_t resolve;
};
constexpr uint64_t resolveNoMagicLinks = 0x02;
constexpr uint64_t resolveInRoot = 0x10;
constexpr long openat2Number = 437;
/** A rename meanwhile can make the kernel unsure whether it is still below the root (openat2(2)). */
constexpr int mostAttempts = 8;

}  // namespace

int openInRoot(const std::string& root, const std::string& path) {
  const FileDescriptor directory(open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (directory.get() < 0) throwSystemError(errno, "open");
  OpenHow how{O_PATH | O_CLOEXEC, 0, resolveInRoot | resolveNoMagicLinks};
  for (int attempt = 0;; attempt++) {
    const long fd = syscall(openat2Number, directory.get(), path.c_str(), &how, sizeof how);
    if (fd >= 0) return static_cast<int>(fd);
    if (errno != EAGAIN || attempt == mostAttempts) throwSystemError(errno, "openat2");
  }
}

}  // namespace godo
