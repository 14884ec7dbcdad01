// Does one thing after the other through io_uring, without a library: each operation is waited for, and its result is
// printed as a line `NAME RESULT`, so that what audit tells can be compared with what was. In a folder with the files old and
// below/inner:
// io-uring MODE FOLDER, where MODE is plain, sqpoll (a thread of the kernel takes what is submitted), fixed (files without
// descriptors) or held (a file that stays open for a while).
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fail.h"

// Younger than the headers of some distributions; the numbers are the same on all architectures.
enum { uringSetup = 425, uringEnter = 426, uringRegister = 427, opFtruncate = 55 };

struct how {
  uint64_t flags, mode, resolve;
};

static int ring;
static unsigned *sqTail, *sqMask, *sqArray, *sqFlags, *cqHead, *cqTail, *cqMask;
static struct io_uring_sqe* entries;
static struct io_uring_cqe* results;
static unsigned setupFlags;

static char* map(size_t bytes, off_t at) {
  char* memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring, at);
  if (memory == MAP_FAILED) fail("mmap");
  return memory;
}

static void setUp(void) {
  struct io_uring_params params = {.flags = setupFlags, .sq_thread_idle = 50};
  ring = syscall(uringSetup, 8, &params);
  if (ring < 0) fail("io_uring_setup");
  char* sq = map(params.sq_off.array + params.sq_entries * sizeof(unsigned), IORING_OFF_SQ_RING);
  char* cq = map(params.cq_off.cqes + params.cq_entries * sizeof *results, IORING_OFF_CQ_RING);
  entries = (struct io_uring_sqe*)map(params.sq_entries * sizeof *entries, IORING_OFF_SQES);
  sqTail = (unsigned*)(sq + params.sq_off.tail);
  sqMask = (unsigned*)(sq + params.sq_off.ring_mask);
  sqArray = (unsigned*)(sq + params.sq_off.array);
  sqFlags = (unsigned*)(sq + params.sq_off.flags);
  cqHead = (unsigned*)(cq + params.cq_off.head);
  cqTail = (unsigned*)(cq + params.cq_off.tail);
  cqMask = (unsigned*)(cq + params.cq_off.ring_mask);
  results = (struct io_uring_cqe*)(cq + params.cq_off.cqes);
}

static unsigned waiting;
static const char* names[8];

static void queue(const char* name, struct io_uring_sqe entry) {
  const unsigned tail = *sqTail;
  entry.user_data = waiting;
  names[waiting++] = name;
  entries[tail & *sqMask] = entry;
  sqArray[tail & *sqMask] = tail & *sqMask;
  __atomic_store_n(sqTail, tail + 1, __ATOMIC_RELEASE);
}

// The result of the last one.
static int submit(void) {
  unsigned flags = IORING_ENTER_GETEVENTS;
  if ((setupFlags & IORING_SETUP_SQPOLL) != 0 && (*sqFlags & IORING_SQ_NEED_WAKEUP) != 0) flags |= IORING_ENTER_SQ_WAKEUP;
  if (syscall(uringEnter, ring, waiting, waiting, flags, NULL, 0) < 0) fail("io_uring_enter");
  int last = 0;
  for (; waiting > 0; waiting--) {
    while (__atomic_load_n(cqTail, __ATOMIC_ACQUIRE) == *cqHead) {
    }
    const struct io_uring_cqe* result = &results[*cqHead & *cqMask];
    printf("%s %d\n", names[result->user_data], result->res);
    last = result->res;
    __atomic_store_n(cqHead, *cqHead + 1, __ATOMIC_RELEASE);
  }
  fflush(stdout);
  return last;
}

static int done(const char* name, struct io_uring_sqe entry) {
  queue(name, entry);
  return submit();
}

#define ADDRESS(pointer) ((uint64_t)(uintptr_t)(pointer))

static struct io_uring_sqe openAt(int dirfd, const char* path, int flags) {
  return (struct io_uring_sqe){.opcode = IORING_OP_OPENAT, .fd = dirfd, .addr = ADDRESS(path), .len = 0644, .open_flags = flags};
}

static struct io_uring_sqe closeOf(int fd) {
  return (struct io_uring_sqe){.opcode = IORING_OP_CLOSE, .fd = fd};
}

static struct io_uring_sqe writeTo(int fd, const char* text) {
  return (struct io_uring_sqe){.opcode = IORING_OP_WRITE, .fd = fd, .addr = ADDRESS(text), .len = strlen(text), .off = -1};
}

static struct io_uring_sqe twoNames(int opcode, const char* from, int todirfd, const char* to) {
  return (struct io_uring_sqe){.opcode = opcode, .fd = AT_FDCWD, .addr = ADDRESS(from), .len = todirfd, .addr2 = ADDRESS(to)};
}

static void plain(void) {
  static struct how how = {.flags = O_RDWR | O_CREAT, .mode = 0600};
  static const char value[] = "value";
  const int folder = open("below", O_RDONLY | O_DIRECTORY);
  int fd = done("create", openAt(AT_FDCWD, "made", O_WRONLY | O_CREAT | O_TRUNC));
  done("write", writeTo(fd, "not seen by audit"));
  done("close", closeOf(fd));
  fd = done("open", openAt(AT_FDCWD, "old", O_RDWR));
  if (write(fd, "seen", 4) != 4) fail("write");
  done("close-bad", closeOf(99));
  done("close-old", closeOf(fd));
  fd = done("read", openAt(AT_FDCWD, "old", O_RDONLY));
  close(fd);
  fd = done("openat2", (struct io_uring_sqe){.opcode = IORING_OP_OPENAT2, .fd = AT_FDCWD, .addr = ADDRESS("second"), .len = sizeof how, .addr2 = ADDRESS(&how)});
  done("fallocate", (struct io_uring_sqe){.opcode = IORING_OP_FALLOCATE, .fd = fd, .addr = 4096});
  done("fallocate-bad", (struct io_uring_sqe){.opcode = IORING_OP_FALLOCATE, .fd = 99, .addr = 4096});
  done("ftruncate", (struct io_uring_sqe){.opcode = opFtruncate, .fd = fd, .off = 7});
  done("fsetxattr", (struct io_uring_sqe){.opcode = IORING_OP_FSETXATTR, .fd = fd, .addr = ADDRESS("user.a"), .len = sizeof value, .addr2 = ADDRESS(value)});
  done("setxattr", (struct io_uring_sqe){.opcode = IORING_OP_SETXATTR, .addr3 = ADDRESS("old"), .addr = ADDRESS("user.a"), .len = sizeof value, .addr2 = ADDRESS(value)});
  done("setxattr-bad", (struct io_uring_sqe){.opcode = IORING_OP_SETXATTR, .addr3 = ADDRESS("none"), .addr = ADDRESS("user.a"), .len = sizeof value, .addr2 = ADDRESS(value)});
  close(fd);
  done("open-bad", openAt(AT_FDCWD, "none", O_WRONLY));
  done("create-bad", openAt(AT_FDCWD, "none/x", O_WRONLY | O_CREAT));
  done("create-excl", openAt(AT_FDCWD, "old", O_WRONLY | O_CREAT | O_EXCL));
  done("mkdir", (struct io_uring_sqe){.opcode = IORING_OP_MKDIRAT, .fd = AT_FDCWD, .addr = ADDRESS("folder"), .len = 0755});
  done("mkdir-bad", (struct io_uring_sqe){.opcode = IORING_OP_MKDIRAT, .fd = AT_FDCWD, .addr = ADDRESS("folder"), .len = 0755});
  done("rename", twoNames(IORING_OP_RENAMEAT, "made", AT_FDCWD, "renamed"));
  done("rename-over", twoNames(IORING_OP_RENAMEAT, "renamed", AT_FDCWD, "second"));
  done("rename-bad", twoNames(IORING_OP_RENAMEAT, "none", AT_FDCWD, "other"));
  done("link", twoNames(IORING_OP_LINKAT, "old", AT_FDCWD, "linked"));
  done("link-bad", twoNames(IORING_OP_LINKAT, "old", AT_FDCWD, "linked"));
  done("symlink", twoNames(IORING_OP_SYMLINKAT, "to/where", 0, "soft"));
  done("symlink-bad", twoNames(IORING_OP_SYMLINKAT, "to/where", 0, "soft"));
  done("unlink", (struct io_uring_sqe){.opcode = IORING_OP_UNLINKAT, .fd = AT_FDCWD, .addr = ADDRESS("linked")});
  done("unlink-bad", (struct io_uring_sqe){.opcode = IORING_OP_UNLINKAT, .fd = AT_FDCWD, .addr = ADDRESS("none")});
  done("unlink-folder", (struct io_uring_sqe){.opcode = IORING_OP_UNLINKAT, .fd = AT_FDCWD, .addr = ADDRESS("folder")});
  done("rmdir", (struct io_uring_sqe){.opcode = IORING_OP_UNLINKAT, .fd = AT_FDCWD, .addr = ADDRESS("folder"), .unlink_flags = AT_REMOVEDIR});
  fd = done("create-below", openAt(folder, "file", O_WRONLY | O_CREAT));
  close(fd);
  done("unlink-below", (struct io_uring_sqe){.opcode = IORING_OP_UNLINKAT, .fd = folder, .addr = ADDRESS("file")});
  done("rmdir-full", (struct io_uring_sqe){.opcode = IORING_OP_UNLINKAT, .fd = AT_FDCWD, .addr = ADDRESS("below"), .unlink_flags = AT_REMOVEDIR});
  fd = done("unnamed", openAt(AT_FDCWD, ".", O_WRONLY | O_TMPFILE));
  close(fd);
  // Two in one call.
  queue("read-one", openAt(AT_FDCWD, "old", O_RDONLY));
  queue("read-two", openAt(AT_FDCWD, "below/inner", O_RDONLY));
  submit();
}

static void fixed(void) {
  int files[2] = {-1, -1};
  if (syscall(uringRegister, ring, IORING_REGISTER_FILES, files, 2) < 0) fail("io_uring_register");
  struct io_uring_sqe entry = openAt(AT_FDCWD, "made", O_WRONLY | O_CREAT);
  entry.file_index = 2;
  done("create", entry);
  entry = writeTo(1, "not seen by audit");
  entry.flags = IOSQE_FIXED_FILE;
  done("write", entry);
  done("close", (struct io_uring_sqe){.opcode = IORING_OP_CLOSE, .file_index = 2});
}

static void held(void) {
  const int fd = done("create", openAt(AT_FDCWD, "held", O_RDWR | O_CREAT | O_CLOEXEC));
  done("write", writeTo(fd, "not seen by audit"));
  sleep(3);
  if (write(fd, "seen", 4) != 4) fail("write");
  close(fd);
}

int main(int argc, char** argv) {
  if (argc != 3 || chdir(argv[2]) != 0) return 2;
  if (strcmp(argv[1], "sqpoll") == 0) setupFlags = IORING_SETUP_SQPOLL;
  setUp();
  if (strcmp(argv[1], "fixed") == 0) {
    fixed();
  } else if (strcmp(argv[1], "held") == 0) {
    held();
  } else {
    plain();
  }
  return 0;
}
