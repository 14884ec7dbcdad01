#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace godo {

/** Bytes before the target of the link; what stands in them is told in index.d.ts. */
constexpr size_t descriptorHeadBytes = 40;

/**
 * What a descriptor of an opened process refers to. Asks the kernel alone, no file server. Returns the bytes written; -1: it
 * is not open, or the process is gone; -2: the link's target does not fit.
 */
int64_t readDescriptor(int process, uint32_t fd, uint8_t* memory, size_t length);

/** The line `flags:` of fdinfo (proc_pid_fdinfo(5)), in octal; the second line, but that is not promised. */
bool parseDescriptorFlags(std::string_view info, uint32_t& flags);

/** kcmp(2): 0 the same, 1 others, or the negative errno. */
int compareFiles(uint32_t pid, uint32_t fd, uint32_t otherPid, uint32_t otherFd);
int compareDescriptorTables(uint32_t pid, uint32_t otherPid);

}  // namespace godo
