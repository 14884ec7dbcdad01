#pragma once

#include <string>

namespace godo {

/**
 * Looks a path up as a process would whose root is the directory `root`: no link and no `..` leads out of it, nor into
 * /proc's magic links. The descriptor only stands for the file (O_PATH): whatever it is, nothing is opened by it, and nobody
 * is woken. Throws Failure; ENOSYS before Linux 5.6.
 */
int openInRoot(const std::string& root, const std::string& path);

}  // namespace godo
