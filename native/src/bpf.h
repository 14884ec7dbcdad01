#pragma once

#include <linux/bpf.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "errors.h"
#include "file-descriptor.h"

namespace godo {

/** bpf(2), by number: the headers may be older than the kernel, and so may the numbers that are named here. */
inline FileDescriptor bpf(int command, bpf_attr& attributes, const char* name) {
  const long fd = syscall(SYS_bpf, command, &attributes, sizeof attributes);
  if (fd < 0) throwSystemError(errno, name);
  return FileDescriptor(static_cast<int>(fd));
}

constexpr unsigned bpfMapRingBuffer = 27;
constexpr unsigned bpfMapMayBeMapped = 1u << 10;
constexpr int bpfProbeReadKernel = 113;
constexpr int bpfRingBufferOutput = 130;

}  // namespace godo
