/*
 * Opens the first argument for reading and connects to the socket that it makes of the second one, by every call of each
 * ABI. With one argument it connects to the socket that is there.
 */
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

struct how {
  uint64_t flags, mode, resolve;
};

#ifdef __x86_64__
/* The kernel's entry for 32-bit programs takes addresses of 32 bits. */
static long call32(long number, long a, long b, long c, long d) {
  long result;
  __asm__ volatile("push %%rbx; mov %2, %%ebx; int $0x80; pop %%rbx"
                   : "=a"(result)
                   : "a"(number), "r"((int)a), "c"(b), "d"(c), "S"(d)
                   : "memory", "r8", "r9", "r10", "r11");
  return (int)result;
}
#endif

int main(int argc, char **argv) {
  if (argc == 2) {
    struct sockaddr_un there = {.sun_family = AF_UNIX};
    strncpy(there.sun_path, argv[1], sizeof there.sun_path - 1);
    return connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&there, sizeof there) == 0 ? 0 : 1;
  }
  if (argc != 3) return 2;
  char *low = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS
#ifdef __x86_64__
                                                        | MAP_32BIT
#endif
                   , -1, 0);
  if (low == MAP_FAILED) return 3;
  char *path = strcpy(low, argv[1]);
  struct sockaddr_un *address = (struct sockaddr_un *)(low + 4096);
  struct how *how = (struct how *)(low + 6144);
  uint32_t *list = (uint32_t *)(low + 7168);
  address->sun_family = AF_UNIX;
  strncpy(address->sun_path, argv[2], sizeof address->sun_path - 1);
  int listener = socket(AF_UNIX, SOCK_STREAM, 0);
  if (bind(listener, (struct sockaddr *)address, sizeof *address) != 0 || listen(listener, 8) != 0) return 4;
  int client[3];
  for (int i = 0; i < 3; i++) client[i] = socket(AF_UNIX, SOCK_STREAM, 0);

#ifdef SYS_open
  if (syscall(SYS_open, path, O_RDONLY) < 0) return 5;
#endif
  if (syscall(SYS_openat, AT_FDCWD, path, O_RDONLY) < 0) return 6;
  if (syscall(437, AT_FDCWD, path, how, sizeof *how) < 0) return 7;
  if (syscall(SYS_connect, client[0], address, sizeof *address) != 0) return 8;
#ifdef __x86_64__
  if (call32(5, (long)path, O_RDONLY, 0, 0) < 0) return 9;
  if (call32(295, AT_FDCWD, (long)path, O_RDONLY, 0) < 0) return 10;
  if (call32(437, AT_FDCWD, (long)path, (long)how, sizeof *how) < 0) return 11;
  if (call32(362, client[1], (long)address, sizeof *address, 0) != 0) return 12;
  list[0] = client[2];
  list[1] = (uint32_t)(long)address;
  list[2] = sizeof *address;
  if (call32(102, 3, (long)list, 0, 0) != 0) return 13;
#endif
  return 0;
}
