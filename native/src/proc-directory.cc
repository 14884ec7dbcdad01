#include "proc-directory.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <cmath>
#include <cstring>
#include <mutex>
#include <unordered_set>

namespace godo {

namespace {

/** The directories opened here, for all threads: nobody else's descriptors are read or closed. */
std::mutex registryMutex;
std::unordered_set<int> registry;

constexpr int64_t absent = -1;
constexpr int64_t tooLong = -2;

/**
 * One read is enough: these files give all they have to a read with room for it. A file that fills its room may have
 * more.
 */
int64_t readFile(int directory, const char* name, uint8_t* place, size_t room) {
  const int fd = openat(directory, name, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return absent;
  const ssize_t bytes = read(fd, place, room);
  close(fd);
  if (bytes < 0) return absent;
  return static_cast<size_t>(bytes) < room ? bytes : tooLong;
}

int64_t readLink(int directory, const char* name, uint8_t* place, size_t room) {
  const ssize_t bytes = readlinkat(directory, name, reinterpret_cast<char*>(place), room);
  if (bytes < 0) return absent;
  return static_cast<size_t>(bytes) < room ? bytes : tooLong;
}

/**
 * What tells one root directory from another: its device and inode, and the mount it was reached by. A mount has
 * its own id in every mount namespace; before Linux 5.8 statx did not tell it, and the namespace's name stands for it.
 */
int64_t readRoot(int directory, uint8_t* place, size_t room) {
  struct statx root;
  if (statx(directory, "root", 0, STATX_INO | STATX_MNT_ID, &root) != 0) return absent;
  const bool hasMount = (root.stx_mask & STATX_MNT_ID) != 0;
  const uint64_t identity[] = {root.stx_dev_major, root.stx_dev_minor, root.stx_ino, hasMount ? root.stx_mnt_id : 0};
  if (room <= sizeof identity) return tooLong;
  std::memcpy(place, identity, sizeof identity);
  if (hasMount) return sizeof identity;
  const int64_t name = readLink(directory, "ns/mnt", place + sizeof identity, room - sizeof identity);
  return name < 0 ? name : static_cast<int64_t>(sizeof identity) + name;
}

/** The stat line is read behind the head and replaced by what is wanted of it as text: comm. */
int64_t readStat(int directory, uint8_t* head, uint8_t* place, size_t room) {
  const int64_t bytes = readFile(directory, "stat", place, room);
  if (bytes < 0) return bytes;
  ProcStat stat;
  if (!parseProcStat(place, static_cast<size_t>(bytes), stat)) return absent;
  std::memcpy(head, &stat.startTicks, 8);
  std::memcpy(head + 8, &stat.ppid, 4);
  std::memcpy(head + 12, &stat.flags, 4);
  std::memmove(place, stat.comm, stat.commBytes);
  return static_cast<int64_t>(stat.commBytes);
}

int64_t readPart(int directory, unsigned part, uint8_t* head, uint8_t* place, size_t room) {
  switch (1u << part) {
    case procStat: return readStat(directory, head, place, room);
    case procCgroup: return readFile(directory, "cgroup", place, room);
    case procCmdline: return readFile(directory, "cmdline", place, room);
    case procExe: return readLink(directory, "exe", place, room);
    case procCwd: return readLink(directory, "cwd", place, room);
    case procRoot: return readRoot(directory, place, room);
    case procStatus: return readFile(directory, "status", place, room);
    case procLoginuid: return readFile(directory, "loginuid", place, room);
    case procSessionid: return readFile(directory, "sessionid", place, room);
    case procMountinfo: {
      // seq_file hands this one over in pieces, a page or so each: it is read to its end.
      const int fd = openat(directory, "mountinfo", O_RDONLY | O_CLOEXEC);
      if (fd < 0) return absent;
      size_t total = 0;
      ssize_t bytes = 0;
      while (total < room && (bytes = read(fd, place + total, room - total)) > 0) total += static_cast<size_t>(bytes);
      close(fd);
      if (bytes < 0) return absent;
      return total < room ? static_cast<int64_t>(total) : tooLong;
    }
    default: return absent;
  }
}

/** A whole number in decimal at `at`, not beyond `end`; moves `at` behind it. False when there is none. */
bool readNumber(const uint8_t*& at, const uint8_t* end, double& number) {
  const bool negative = at < end && *at == '-';
  if (negative) at++;
  if (at >= end || *at < '0' || *at > '9') return false;
  uint64_t value = 0;
  while (at < end && *at >= '0' && *at <= '9') value = value * 10 + static_cast<uint64_t>(*at++ - '0');
  number = negative ? -static_cast<double>(value) : static_cast<double>(value);
  return true;
}

}  // namespace

bool parseProcStat(const uint8_t* text, size_t bytes, ProcStat& stat) {
  const auto* open = static_cast<const uint8_t*>(std::memchr(text, '(', bytes));
  const auto* close = static_cast<const uint8_t*>(memrchr(text, ')', bytes));
  if (open == nullptr || close == nullptr || close < open) return false;
  stat.comm = open + 1;
  stat.commBytes = static_cast<size_t>(close - open - 1);

  // Behind `) ` stand the fields from the third on: state, then numbers only (proc_pid_stat(5)).
  constexpr unsigned parentField = 4, flagsField = 9, startField = 22;
  const uint8_t* const end = text + bytes;
  const uint8_t* at = close + 1;
  double numbers[startField + 1];
  if (end - at < 3 || at[0] != ' ' || at[2] != ' ') return false;
  at += 2;
  for (unsigned field = parentField; field <= startField; field++) {
    if (at >= end || *at++ != ' ' || !readNumber(at, end, numbers[field])) return false;
  }
  // A number that the end of the text cuts off is not to be trusted.
  if (at >= end) return false;
  // The kernel's own numbers fit; to convert others would be undefined.
  if (std::abs(numbers[parentField]) > INT32_MAX || numbers[flagsField] < 0 || numbers[flagsField] > UINT32_MAX) return false;
  stat.ppid = static_cast<int32_t>(numbers[parentField]);
  stat.flags = static_cast<uint32_t>(numbers[flagsField]);
  stat.startTicks = numbers[startField];
  return true;
}

int openProcess(uint32_t pid) {
  char path[24] = "/proc/";
  *std::to_chars(path + 6, path + sizeof path - 1, pid).ptr = '\0';
  const int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return -1;
  const std::lock_guard<std::mutex> lock(registryMutex);
  registry.insert(fd);
  return fd;
}

bool isOpenProcess(int fd) {
  const std::lock_guard<std::mutex> lock(registryMutex);
  return registry.count(fd) != 0;
}

bool closeProcess(int fd) {
  {
    const std::lock_guard<std::mutex> lock(registryMutex);
    if (registry.erase(fd) == 0) return false;
  }
  close(fd);
  return true;
}

int64_t readProcess(int fd, uint32_t parts, uint8_t* memory, size_t length) {
  const double noStart = -1;
  std::memset(memory, 0, processHeadBytes);
  std::memcpy(memory, &noStart, 8);
  size_t written = processHeadBytes;
  uint32_t found = 0;
  for (unsigned part = 0; part < procPartCount; part++) {
    if ((parts & (1u << part)) == 0) continue;
    const int64_t bytes = readPart(fd, part, memory, memory + written, length - written);
    if (bytes == tooLong) return -1;
    if (bytes == absent) continue;
    found |= 1u << part;
    const uint32_t place[] = {static_cast<uint32_t>(written), static_cast<uint32_t>(bytes)};
    std::memcpy(memory + 24 + 8 * part, place, sizeof place);
    written += static_cast<size_t>(bytes);
  }
  std::memcpy(memory + 16, &found, 4);
  return static_cast<int64_t>(written);
}

}  // namespace godo
