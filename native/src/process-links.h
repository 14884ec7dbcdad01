#pragma once

#include <cstdint>

namespace godo {

/** Names that the file has which an opened process runs; -1: not to be had. Asks the kernel alone, no file server. */
int64_t exeLinkCount(int process);

/** In the order in which their inodes are written. */
constexpr const char* namespaceNames[] = {"cgroup", "ipc", "mnt", "net", "pid", "user", "uts"};
constexpr unsigned namespaceCount = sizeof namespaceNames / sizeof namespaceNames[0];

/** Inodes of the namespaces of an opened process; 0 where the kernel has none of that kind. False: the process is gone. */
bool readNamespaces(int process, double* inodes);

}  // namespace godo
