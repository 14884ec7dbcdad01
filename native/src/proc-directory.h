#pragma once

#include <cstddef>
#include <cstdint>

namespace godo {

/** What may be read of a process: bits, in the order in which they stand in the memory. See readProcess in index.d.ts. */
enum ProcPart : uint32_t {
  procStat = 1u << 0,
  procCgroup = 1u << 1,
  procCmdline = 1u << 2,
  procExe = 1u << 3,
  procCwd = 1u << 4,
  procRoot = 1u << 5,
  procStatus = 1u << 6,
  procLoginuid = 1u << 7,
  procSessionid = 1u << 8,
  procMountinfo = 1u << 9,
};

constexpr unsigned procPartCount = 10;
constexpr uint32_t procAllParts = (1u << procPartCount) - 1;
constexpr size_t processHeadBytes = 24 + 8 * procPartCount;

/** /proc/PID as a descriptor, or -1 when there is no such process or its directory cannot be opened. */
int openProcess(uint32_t pid);
/** False when `fd` was not opened by openProcess, or is closed. */
bool closeProcess(int fd);
bool isOpenProcess(int fd);

/** Bytes written, or -1 when a part did not fit. `length` is at least processHeadBytes. */
int64_t readProcess(int fd, uint32_t parts, uint8_t* memory, size_t length);

/** Fields of /proc/PID/stat. */
struct ProcStat {
  const uint8_t* comm;
  size_t commBytes;
  int32_t ppid;
  uint32_t flags;
  double startTicks;
};

/** False when the text is no stat line. comm may hold blanks and parentheses: the fields begin behind the last `)`. */
bool parseProcStat(const uint8_t* text, size_t bytes, ProcStat& stat);

}  // namespace godo
