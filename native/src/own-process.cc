#include "own-process.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>

#include "errors.h"
#include "file-descriptor.h"

namespace godo {

void executeBounded(uint64_t kept, const std::vector<std::string>& argv) {
  for (unsigned long number = 0; number < 64; number++) {
    const int held = prctl(PR_CAPBSET_READ, number, 0, 0, 0);
    // From the first number on that this kernel does not know there are none.
    if (held < 0) break;
    if (held == 0 || ((kept >> number) & 1) != 0) continue;
    if (prctl(PR_CAPBSET_DROP, number, 0, 0, 0) != 0) throwSystemError(errno, "prctl");
  }
  // Node marks what it was given: those three are for what comes after it, too.
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) fcntl(fd, F_SETFD, 0);
  std::vector<char*> words;
  for (const std::string& word : argv) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  execv(words[0], words.data());
  throwSystemError(errno, "execv");
}

void notifyService(const std::string& path, const std::string& text) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) throwSystemError(ENAMETOOLONG, "sendto");
  std::memcpy(address.sun_path, path.data(), path.size());
  if (path[0] == '@') address.sun_path[0] = '\0';
  const FileDescriptor socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (socket.get() < 0) throwSystemError(errno, "socket");
  const socklen_t size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
  // Never to be waited for: a manager that does not read must not hold us.
  const ssize_t sent = sendto(socket.get(), text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL,
                              reinterpret_cast<const sockaddr*>(&address), size);
  if (sent < 0) throwSystemError(errno, "sendto");
}

}  // namespace godo
