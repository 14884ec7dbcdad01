#include "process-links.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cstring>

namespace godo {

int64_t exeLinkCount(int process) {
  struct statx file;
  // The link leads to the file itself, not to its path. With AT_STATX_DONT_SYNC what is known of a file on FUSE or NFS
  // is enough: their servers may let us wait for ever.
  if (statx(process, "exe", AT_STATX_DONT_SYNC, STATX_NLINK, &file) != 0) return -1;
  return (file.stx_mask & STATX_NLINK) == 0 ? -1 : static_cast<int64_t>(file.stx_nlink);
}

bool readNamespaces(int process, double* inodes) {
  bool any = false;
  for (unsigned index = 0; index < namespaceCount; index++) {
    char path[16] = "ns/";
    std::strcat(path, namespaceNames[index]);
    struct stat file;
    const bool isThere = fstatat(process, path, &file, 0) == 0;
    inodes[index] = isThere ? static_cast<double>(file.st_ino) : 0;
    any = any || isThere;
  }
  return any;
}

}  // namespace godo
