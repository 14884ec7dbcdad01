/* Passes descriptors on in every way that there is, one process for each way, in an empty folder on a tmpfs.
 * Usage: descriptors x86_64|i386 FOLDER. i386 makes its calls by int 0x80, as a 32-bit program does, so that all that is
 * pointed to must lie below 4 GiB: build it with -static -no-pie -mno-red-zone. Those whose descriptors only /proc can tell
 * of live on for a while. Exit code 0 when each way went as it should; else the first that did not is said. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
  OPEN, WRITE, CLOSE, DUP, DUP2, FCNTL, CLONE, CLONE3, UNSHARE, CLOSE_RANGE, MEMFD_CREATE, PIDFD_OPEN, PIDFD_GETFD,
  OPEN_BY_HANDLE_AT, LINKAT, EXECVE, EXECVEAT
};

/* asm/unistd_64.h, asm/unistd_32.h. */
static const short numbers[][2] = {
  [OPEN] = {2, 5}, [WRITE] = {1, 4}, [CLOSE] = {3, 6}, [DUP] = {32, 41}, [DUP2] = {33, 63}, [FCNTL] = {72, 221},
  [CLONE] = {56, 120}, [CLONE3] = {435, 435}, [UNSHARE] = {272, 310}, [CLOSE_RANGE] = {436, 436},
  [MEMFD_CREATE] = {319, 356}, [PIDFD_OPEN] = {434, 434}, [PIDFD_GETFD] = {438, 438}, [OPEN_BY_HANDLE_AT] = {304, 342},
  [LINKAT] = {265, 303}, [EXECVE] = {59, 11}, [EXECVEAT] = {322, 358},
};

static int narrow;
/* Pointers of 32-bit calls have 32 bits: nothing of this lies on the stack. */
static char folder[200], path[400], other[400], word[100], itself[400], abi[20];
static char *arguments[8];
static uint64_t clone_arguments[11];
static union { struct file_handle handle; char room[sizeof(struct file_handle) + MAX_HANDLE_SZ]; } handle;

static long call(int what, long a, long b, long c, long d, long e) {
  const int number = numbers[what][narrow];
  long result;
  if (narrow) {
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e)
                     : "memory", "r8", "r9", "r10", "r11");
    return (int)result;
  }
  result = syscall(number, a, b, c, d, e);
  return result < 0 ? -errno : result;
}

static long must(const char *what, long result) {
  if (result >= 0) return result;
  fprintf(stderr, "%s: %s\n", what, strerror((int)-result));
  exit(1);
}

static const char *in_folder(char *place, const char *name) {
  snprintf(place, sizeof path, "%s/%s", folder, name);
  return place;
}

static int open_file(const char *name, int flags) {
  return (int)must(name, call(OPEN, (long)in_folder(path, name), flags, 0644, 0, 0));
}

static void write_to(int fd, const char *text) {
  strcpy(word, text);
  must("write", call(WRITE, fd, (long)word, (long)strlen(word), 0, 0));
}

static void close_it(int fd) { must("close", call(CLOSE, fd, 0, 0, 0, 0)); }

static void wait_for(pid_t child) {
  int status;
  if (waitpid(child, &status, 0) != child || status != 0) must("child", -ECHILD);
}

/* Longer than records may gather before godo looks. */
static void stay(void) { usleep(1800000); }

static pid_t cloned(unsigned long flags) { return (pid_t)must("clone", call(CLONE, (long)(flags | SIGCHLD), 0, 0, 0, 0)); }

static pid_t cloned3(unsigned long flags) {
  memset(clone_arguments, 0, sizeof clone_arguments);
  clone_arguments[0] = flags;
  clone_arguments[4] = SIGCHLD;
  return (pid_t)must("clone3", call(CLONE3, (long)clone_arguments, 64, 0, 0, 0));
}

static void share_by(pid_t (*make)(unsigned long), const char *name, const char *second) {
  const int fd = open_file(name, O_WRONLY | O_CREAT);
  const pid_t child = make(CLONE_FILES);
  if (child == 0) {
    write_to(fd, "child");
    if (open_file(second, O_WRONLY | O_CREAT) != fd + 1) _exit(1);
    stay();
    _exit(0);
  }
  wait_for(child);
  write_to(fd, "parents");
  write_to(fd + 1, "parent");
  close_it(fd);
  close_it(fd + 1);
}

static void by_clone(void) { share_by(cloned, "clone", "clone-second"); }
static void by_clone3(void) { share_by(cloned3, "clone3", "clone3-second"); }

static void by_unshare(void) {
  const int fd = open_file("unshare", O_WRONLY | O_CREAT);
  const int ranged = open_file("unshare-range", O_WRONLY | O_CREAT);
  const pid_t child = cloned(CLONE_FILES);
  if (child == 0) {
    must("unshare", call(UNSHARE, CLONE_FILES, 0, 0, 0, 0));
    close_it(fd);
    _exit(0);
  }
  wait_for(child);
  const pid_t second = cloned(CLONE_FILES);
  if (second == 0) {
    must("close_range", call(CLOSE_RANGE, fd, ranged, 2, 0, 0));
    _exit(0);
  }
  wait_for(second);
  write_to(fd, "still");
  write_to(ranged, "still");
  close_it(fd);
  close_it(ranged);
}

static void send_fd(int to, int fd) {
  char control[CMSG_SPACE(sizeof fd)] = {0}, byte = 'x';
  struct iovec part = {&byte, 1};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  struct cmsghdr *head = CMSG_FIRSTHDR(&message);
  *head = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof fd), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
  memcpy(CMSG_DATA(head), &fd, sizeof fd);
  if (sendmsg(to, &message, 0) != 1) must("sendmsg", -errno);
}

static int receive_fd(int from) {
  char control[CMSG_SPACE(sizeof(int))], byte;
  struct iovec part = {&byte, 1};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  if (recvmsg(from, &message, 0) != 1) must("recvmsg", -errno);
  int fd;
  memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof fd);
  return fd;
}

static void pass_by_socket(const char *name, int keep) {
  int ends[2];
  char byte;
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) must("socketpair", -errno);
  const pid_t receiver = fork();
  if (receiver == 0) {
    const int fd = receive_fd(ends[0]);
    if (read(ends[0], &byte, 1) != 1) _exit(1);
    write_to(fd, "received");
    stay();
    write_to(fd, "again");
    close_it(fd);
    _exit(0);
  }
  const int fd = open_file(name, O_WRONLY | O_CREAT);
  write_to(fd, "sent");
  send_fd(ends[1], fd);
  if (!keep) close_it(fd);
  if (send(ends[1], "g", 1, 0) != 1) must("send", -errno);
  wait_for(receiver);
  if (keep) close_it(fd);
}

static void by_socket(void) { pass_by_socket("scm", 0); }
static void by_socket_kept(void) { pass_by_socket("scm-kept", 1); }

static void by_pidfd(void) {
  const int fd = open_file("pidfd", O_WRONLY | O_CREAT);
  const pid_t owner = getpid();
  const pid_t taker = fork();
  if (taker == 0) {
    close_it(fd);
    const int process = (int)must("pidfd_open", call(PIDFD_OPEN, owner, 0, 0, 0, 0));
    const int taken = (int)must("pidfd_getfd", call(PIDFD_GETFD, process, fd, 0, 0, 0));
    write_to(taken, "taken");
    stay();
    close_it(taken);
    _exit(0);
  }
  wait_for(taker);
  write_to(fd, "own");
  close_it(fd);
}

static void by_memory(void) {
  snprintf(other, sizeof other, "in memory %s", abi);
  const int fd = (int)must("memfd_create", call(MEMFD_CREATE, (long)other, 1, 0, 0, 0));
  write_to(fd, "secret");
  stay();
  close_it(fd);
}

static void by_memory_program(void) {
  snprintf(other, sizeof other, "program %s", abi);
  const int fd = (int)must("memfd_create", call(MEMFD_CREATE, (long)other, 1, 0, 0, 0));
  const int from = open(itself, O_RDONLY);
  static char bytes[65536];
  ssize_t length;
  while ((length = read(from, bytes, sizeof bytes)) > 0) must("write", call(WRITE, fd, (long)bytes, length, 0, 0));
  stay();
  strcpy(word, "nothing");
  arguments[0] = word;
  uint32_t *const narrow_arguments = (uint32_t *)path;
  narrow_arguments[0] = (uint32_t)(uintptr_t)word;
  narrow_arguments[1] = 0;
  other[0] = '\0';
  must("execveat", call(EXECVEAT, fd, (long)other, narrow ? (long)narrow_arguments : (long)arguments, 0, AT_EMPTY_PATH));
}

static void by_link(void) {
  const int fd = (int)must("O_TMPFILE", call(OPEN, (long)folder, O_TMPFILE | O_WRONLY, 0644, 0, 0));
  write_to(fd, "unnamed");
  snprintf(other, sizeof other, "/proc/self/fd/%d", fd);
  in_folder(path, "linked");
  must("linkat", call(LINKAT, AT_FDCWD, (long)other, AT_FDCWD, (long)path, AT_SYMLINK_FOLLOW));
  write_to(fd, "named");
  close_it(fd);
  const int second = (int)must("O_TMPFILE", call(OPEN, (long)folder, O_TMPFILE | O_RDWR, 0644, 0, 0));
  write_to(second, "unnamed");
  other[0] = '\0';
  in_folder(path, "linked-empty");
  must("linkat", call(LINKAT, second, (long)other, AT_FDCWD, (long)path, AT_EMPTY_PATH));
  close_it(second);
  const int never = (int)must("O_TMPFILE", call(OPEN, (long)folder, O_TMPFILE | O_RDWR, 0644, 0, 0));
  write_to(never, "never");
  stay();
  close_it(never);
}

static void by_handle(void) {
  int mount;
  close_it(open_file("handle", O_WRONLY | O_CREAT));
  handle.handle.handle_bytes = MAX_HANDLE_SZ;
  if (name_to_handle_at(AT_FDCWD, path, &handle.handle, &mount, 0) != 0) must("name_to_handle_at", -errno);
  const int directory = open(folder, O_RDONLY | O_DIRECTORY);
  const int fd = (int)must("open_by_handle_at", call(OPEN_BY_HANDLE_AT, directory, (long)&handle, O_WRONLY, 0, 0));
  write_to(fd, "handled");
  stay();
  close_it(fd);
}

static void by_fork(void) {
  const int fd = open_file("fork", O_WRONLY | O_CREAT);
  for (int index = 0; index < 2; index++) {
    const pid_t child = fork();
    if (child == 0) {
      write_to(fd, "child");
      _exit(0);
    }
    wait_for(child);
  }
  write_to(fd, "parents");
  close_it(fd);
}

static void by_dup(void) {
  const int fd = open_file("dup", O_WRONLY | O_CREAT);
  const int one = (int)must("dup", call(DUP, fd, 0, 0, 0, 0));
  must("dup2", call(DUP2, one, 40, 0, 0, 0));
  const int last = (int)must("F_DUPFD", call(FCNTL, 40, F_DUPFD, 50, 0, 0));
  close_it(fd);
  write_to(one, "a");
  close_it(one);
  write_to(40, "bb");
  must("dup2", call(DUP2, 2, 40, 0, 0, 0));
  write_to(last, "ccc");
  close_it(last);
}

static void by_close_range(void) {
  const int first = open_file("range-1", O_WRONLY | O_CREAT);
  const int last = open_file("range-2", O_WRONLY | O_CREAT);
  write_to(last, "two");
  must("close_range", call(CLOSE_RANGE, first, last, 0, 0, 0));
}

/* The process goes on as another program, which writes to the descriptors that it is told. */
static void execute(int fd) {
  snprintf(other, sizeof other, "%d", fd);
  arguments[0] = itself;
  arguments[1] = abi;
  arguments[2] = folder;
  arguments[3] = other;
  uint32_t *const narrow_arguments = (uint32_t *)path;
  for (int index = 0; index < 5; index++) narrow_arguments[index] = (uint32_t)(uintptr_t)arguments[index];
  must("execve", call(EXECVE, (long)itself, narrow ? (long)narrow_arguments : (long)arguments, 0, 0, 0));
}

static void by_exec(void) {
  const int kept = open_file("exec-kept", O_WRONLY | O_CREAT);
  const int closed = open_file("exec-closed", O_WRONLY | O_CREAT | O_CLOEXEC);
  const int marked = open_file("exec-marked", O_WRONLY | O_CREAT);
  const int ranged = open_file("exec-ranged", O_WRONLY | O_CREAT);
  must("F_SETFD", call(FCNTL, marked, F_SETFD, FD_CLOEXEC, 0, 0));
  must("close_range", call(CLOSE_RANGE, ranged, ranged, 4, 0, 0));
  write_to(kept, "before");
  write_to(closed, "before");
  execute(kept);
}

static void by_pipe(void) {
  int ends[2];
  if (pipe(ends) != 0) must("pipe", -errno);
  for (int index = 0; index < 3; index++) write_to(ends[1], "pipe");
  stay();
  for (int index = 0; index < 3; index++) write_to(ends[1], "pipe");
}

static void (*const ways[])(void) = {by_clone, by_clone3, by_unshare, by_socket, by_socket_kept, by_pidfd, by_memory,
                                     by_memory_program, by_link, by_handle, by_fork, by_dup, by_close_range, by_exec,
                                     by_pipe};

int main(int argc, char **argv) {
  if (argc == 1) return 0;
  narrow = strcmp(argv[1], "i386") == 0;
  snprintf(abi, sizeof abi, "%s", argv[1]);
  snprintf(folder, sizeof folder, "%s", argv[2]);
  if (readlink("/proc/self/exe", itself, sizeof itself - 1) < 0) return 1;
  if (argc == 4) {
    write_to(atoi(argv[3]), "after");
    return 0;
  }
  enum { count = sizeof ways / sizeof *ways };
  pid_t children[count];
  for (int index = 0; index < count; index++) {
    children[index] = fork();
    if (children[index] == 0) {
      ways[index]();
      return 0;
    }
  }
  for (int index = 0; index < count; index++) wait_for(children[index]);
  return 0;
}
