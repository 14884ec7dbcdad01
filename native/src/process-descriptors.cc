#include "process-descriptors.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <charconv>
#include <cstring>
#include <string_view>

namespace godo {

namespace {

constexpr uint32_t hasStatus = 1, hasFlags = 2;

/** `PREFIXN` with a zero behind it. */
struct FdPath {
  char text[24];
  FdPath(std::string_view prefix, uint32_t fd) {
    std::memcpy(text, prefix.data(), prefix.size());
    *std::to_chars(text + prefix.size(), text + sizeof text - 1, fd).ptr = '\0';
  }
};

bool readFlags(int process, uint32_t fd, uint32_t& flags) {
  const int info = openat(process, FdPath("fdinfo/", fd).text, O_RDONLY | O_CLOEXEC);
  if (info < 0) return false;
  char text[512];
  const ssize_t bytes = read(info, text, sizeof text);
  close(info);
  return bytes > 0 && parseDescriptorFlags({text, static_cast<size_t>(bytes)}, flags);
}

int compare(uint32_t pid, uint32_t otherPid, int type, unsigned long one, unsigned long other) {
  const long result = syscall(SYS_kcmp, static_cast<pid_t>(pid), static_cast<pid_t>(otherPid), type, one, other);
  if (result < 0) return -errno;
  return result == 0 ? 0 : 1;
}

}  // namespace

bool parseDescriptorFlags(std::string_view info, uint32_t& flags) {
  constexpr std::string_view name = "flags:";
  const size_t at = info.find(name);
  if (at == std::string_view::npos) return false;
  const size_t digits = info.find_first_not_of(" \t", at + name.size());
  if (digits == std::string_view::npos) return false;
  const auto [end, error] = std::from_chars(info.data() + digits, info.data() + info.size(), flags, 8);
  return error == std::errc() && end > info.data() + digits;
}

int64_t readDescriptor(int process, uint32_t fd, uint8_t* memory, size_t length) {
  std::memset(memory, 0, descriptorHeadBytes);
  const FdPath link("fd/", fd);
  const size_t room = length - descriptorHeadBytes;
  const ssize_t bytes = readlinkat(process, link.text, reinterpret_cast<char*>(memory + descriptorHeadBytes), room);
  if (bytes < 0) return -1;
  if (static_cast<size_t>(bytes) >= room) return -2;
  uint32_t known = 0;
  uint32_t flags = 0;
  uint32_t kind = 0;
  if (readFlags(process, fd, flags)) known |= hasFlags;
  // With AT_STATX_DONT_SYNC what is known of a file on FUSE or NFS is enough: their servers may let us wait for ever.
  struct statx file;
  if (statx(process, link.text, AT_STATX_DONT_SYNC, STATX_TYPE | STATX_MODE | STATX_INO | STATX_NLINK, &file) == 0) {
    known |= hasStatus;
    const uint64_t inode = file.stx_ino;
    const uint32_t rest[] = {file.stx_dev_major, file.stx_dev_minor, file.stx_mode, file.stx_nlink};
    std::memcpy(memory, &inode, sizeof inode);
    std::memcpy(memory + 8, rest, sizeof rest);
    kind = file.stx_rdev_major;
  }
  const uint32_t last[] = {flags, known, static_cast<uint32_t>(bytes), kind};
  std::memcpy(memory + 24, last, sizeof last);
  return static_cast<int64_t>(descriptorHeadBytes) + bytes;
}

int compareFiles(uint32_t pid, uint32_t fd, uint32_t otherPid, uint32_t otherFd) {
  return compare(pid, otherPid, KCMP_FILE, fd, otherFd);
}

int compareDescriptorTables(uint32_t pid, uint32_t otherPid) { return compare(pid, otherPid, KCMP_FILES, 0, 0); }

}  // namespace godo
