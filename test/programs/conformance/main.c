/* The situations of docs/file-conformance.md, each made by the system calls that it names.
 * Usage: conformance run: all of them, below the working directory; NAME CODE of each goes into the file `results`.
 *        conformance NAME: one of them, in the working directory.
 *        conformance then-write DESCRIPTOR TEXT, then-open DIRECTORY NAME: what one of them becomes by exec.
 *        conformance hold FIFO: has the file `held` open, and goes on writing to it when something comes from the FIFO.
 * Built for 64 bits and, with -m32, for 32. */
#include "situation.h"
#include <limits.h>
#include <sys/socket.h>

static const struct situation *const areas[] = {opens, writes, mappings, descriptors, operations, names, rings};
enum { AREAS = sizeof areas / sizeof *areas, UNABLE = 77 };

long must(long result, const char *what, int line) {
  if (result != -1) return result;
  fprintf(stderr, "line %d: %s: %s\n", line, what, strerror(errno));
  _exit(1);
}

void fails(int error, long result, const char *what, int line) {
  if (result == -1 && errno == error) return;
  fprintf(stderr, "line %d: %s: %ld, %s\n", line, what, result, strerror(errno));
  _exit(1);
}

long possible(long result, const char *what, int line) {
  if (result == -1 && (errno == ENOSYS || errno == EOPNOTSUPP || errno == EPERM || errno == EINVAL)) _exit(UNABLE);
  return must(result, what, line);
}

int opened(const char *name, int flags) { return (int)MUST(CALL(openat, AT_FDCWD, name, flags, 0644)); }

int made(const char *name) { return opened(name, O_WRONLY | O_CREAT); }

void put(int fd, const char *text) { MUST(CALL(write, fd, text, strlen(text)) == (long)strlen(text) ? 0 : -1); }

void done(int fd) { MUST(CALL(close, fd)); }

int child(void) { return (int)MUST(CALL(fork)); }

void wait_for_children(void) {
  int status;
  while (wait(&status) > 0)
    if (status != 0 && !WIFSIGNALED(status)) _exit(WEXITSTATUS(status));
}

static void become(const char *what, int fd, const char *text) {
  char number[12];
  snprintf(number, sizeof number, "%d", fd);
  char *const arguments[] = {"conformance", (char *)what, number, (char *)text, NULL};
  MUST(execve("/proc/self/exe", arguments, environ));
}

void work(void) { usleep(1500000); }

void become_writer(int fd, const char *text) { become("then-write", fd, text); }

void become_opener(int directory, const char *name) { become("then-open", directory, name); }

void send_descriptor(int socket, int fd) {
  char byte = 'x', space[CMSG_SPACE(sizeof fd)] = {0};
  struct iovec part = {&byte, 1};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof space};
  struct cmsghdr *const header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof fd);
  memcpy(CMSG_DATA(header), &fd, sizeof fd);
  MUST(sendmsg(socket, &message, 0));
}

int received_descriptor(int socket) {
  char byte, space[CMSG_SPACE(sizeof(int))];
  int fd = -1;
  struct iovec part = {&byte, 1};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof space};
  MUST(recvmsg(socket, &message, 0));
  memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof fd);
  return fd;
}

void wait_for_file(const char *name) {
  while (access(name, F_OK) != 0) usleep(1000);
}

/* The file is written to again when the listener runs; the answer goes to a file of its own. */
static int hold(const char *fifo) {
  const int fd = made("held");
  put(fd, "before");
  const int in = opened(fifo, O_RDONLY);
  char byte;
  while (read(in, &byte, 1) != 1) usleep(1000);
  put(fd, "while");
  done(fd);
  return 0;
}

static void prepare(const struct situation *one) {
  char path[PATH_MAX];
  const char *const name = one->name;
  MUST(mkdir(name, 0755));
  snprintf(path, sizeof path, "%s/dir", name);
  MUST(mkdir(path, 0755));
  for (int i = 0; i < 2; i++) {
    snprintf(path, sizeof path, "%s/%s", name, i == 0 ? "old" : "dir/in");
    const int fd = opened(path, O_WRONLY | O_CREAT | O_EXCL);
    put(fd, "text");
    done(fd);
  }
  const pid_t pid = one->before == NULL ? -1 : (pid_t)MUST(fork());
  if (pid == 0) {
    MUST(chdir(name));
    one->before();
    _exit(0);
  }
  if (one->before != NULL) MUST(waitpid(pid, NULL, 0));
}

static pid_t start(const char *self, const struct situation *one) {
  prepare(one);
  const pid_t pid = (pid_t)MUST(fork());
  if (pid != 0) return pid;
  MUST(chdir(one->name));
  execl(self, "conformance", one->name, NULL);
  _exit(126);
}

static void finish(FILE *results, const struct situation *one, pid_t pid) {
  int status = 0;
  MUST(waitpid(pid, &status, 0));
  fprintf(results, "%s %d\n", one->name, WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
}

static int run_all(const char *self) {
  FILE *const results = fopen("results", "we");
  if (results == NULL) return 1;
  setvbuf(results, NULL, _IONBF, 0);
  CALL(close_range, fileno(results) + 1, ~0U, 0);
  umask(022);
  struct {
    const struct situation *situation;
    pid_t pid;
  } waiting[64];
  int count = 0;
  for (int i = 0; i < AREAS; i++) {
    for (const struct situation *one = areas[i]; one->name != NULL; one++) {
      const pid_t pid = start(self, one);
      if (!one->waits) {
        finish(results, one, pid);
      } else {
        waiting[count].situation = one;
        waiting[count++].pid = pid;
      }
    }
  }
  for (int i = 0; i < count; i++) finish(results, waiting[i].situation, waiting[i].pid);
  return 0;
}

int main(int argc, char **argv) {
  if (argc == 2 && strcmp(argv[1], "run") == 0) return run_all(argv[0]);
  if (argc == 3 && strcmp(argv[1], "hold") == 0) return hold(argv[2]);
  if (argc == 4 && strcmp(argv[1], "then-write") == 0) {
    const int fd = atoi(argv[2]);
    if (CALL(write, fd, argv[3], strlen(argv[3])) != (long)strlen(argv[3])) return errno == EBADF ? 0 : 1;
    return 0;
  }
  if (argc == 4 && strcmp(argv[1], "then-open") == 0) {
    const int fd = (int)MUST(CALL(openat, atoi(argv[2]), argv[3], O_WRONLY | O_CREAT, 0644));
    put(fd, "hello");
    done(fd);
    return 0;
  }
  for (int i = 0; i < AREAS && argc == 2; i++) {
    for (const struct situation *one = areas[i]; one->name != NULL; one++) {
      if (strcmp(one->name, argv[1]) != 0) continue;
      one->run();
      return 0;
    }
  }
  return 2;
}
