#pragma once

#include <cmath>
#include <cstdint>
#include <string_view>

namespace godo {

/** The fields of a SYSCALL record that say what was called. */
struct SyscallRecord {
  /** All ones where they are not told. */
  uint64_t arch = UINT64_MAX;
  uint64_t number = UINT64_MAX;
  bool success = false;
  /** NaN where it is not told. */
  double exit = std::nan("");
  uint32_t arguments[4] = {};
  /** Bit i: argument i is known. */
  uint8_t argumentsKnown = 0;
  /** PATH records that follow; 0 where that is not told. */
  uint32_t items = 0;
  /** The part of the body that says who called: what follows `items=`, or all of it where the order is not the kernel's. */
  std::string_view who;
};

SyscallRecord readSyscall(std::string_view body);
/** A URINGOP record: `arch` is uringArch, `number` that of the operation; it has no arguments. */
SyscallRecord readUringOp(std::string_view body);

/** Who made a call. */
struct CallerFields {
  /** pid (which is the tgid), ppid, uid, gid, euid, auid, ses; NaN where they are not told. */
  double ids[7];
  /** As they stand in the record; data() is null where they are missing. */
  std::string_view tty;
  std::string_view comm;
  std::string_view exe;
};

CallerFields readCaller(std::string_view who);

}  // namespace godo
