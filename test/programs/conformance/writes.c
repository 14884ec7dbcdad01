/* Calls that write to a descriptor, or change the length or the content of its file. */
#include "situation.h"
#include <linux/aio_abi.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/uio.h>

static const struct iovec parts[] = {{.iov_base = "hel", .iov_len = 3}, {.iov_base = "lo", .iov_len = 2}};

static void by_write(void) {
  const int fd = made("f");
  put(fd, "hello");
  put(fd, " you");
  done(fd);
}

static void by_pwrite(void) {
  const int fd = made("f");
  MUST(pwrite(fd, "hello", 5, 100));
  done(fd);
}

static void by_writev(void) {
  const int fd = made("f");
  MUST(CALL(writev, fd, parts, 2));
  done(fd);
}

static void by_pwritev(void) {
  const int fd = made("f");
  MUST(pwritev(fd, parts, 2, 100));
  done(fd);
}

static void by_pwritev2(void) {
  const int fd = made("f");
  POSSIBLE(pwritev2(fd, parts, 2, 100, 2 /* RWF_DSYNC */));
  done(fd);
}

static void by_sendfile(void) {
  const int in = opened("old", O_RDONLY);
  const int fd = made("f");
  MUST(CALL(sendfile, fd, in, NULL, 100));
  MUST(CALL(sendfile, fd, in, NULL, 100));
  done(fd);
}

#ifdef SYS_sendfile64
static void by_sendfile64(void) {
  const int in = opened("old", O_RDONLY);
  const int fd = made("f");
  MUST(CALL(sendfile64, fd, in, NULL, 100));
  done(fd);
}
#endif

static void by_splice(void) {
  int ends[2];
  MUST(pipe2(ends, 0));
  put(ends[1], "hello");
  const int fd = made("f");
  MUST(CALL(splice, ends[0], NULL, fd, NULL, 100, 0));
  done(fd);
}

/* What is read from a file is not written to it. */
static void out_of_file(void) {
  int ends[2];
  const int fd = opened("old", O_RDWR);
  MUST(pipe2(ends, 0));
  MUST(CALL(splice, fd, NULL, ends[1], NULL, 2, 0));
  MUST(CALL(sendfile, ends[1], fd, NULL, 2));
  done(fd);
}

static void by_copy_file_range(void) {
  const int in = opened("old", O_RDONLY);
  const int fd = made("f");
  POSSIBLE(CALL(copy_file_range, in, NULL, fd, NULL, 100, 0));
  done(fd);
}

static void in_part(void) {
  const struct rlimit limit = {6, RLIM_INFINITY};
  signal(SIGXFSZ, SIG_IGN);
  MUST(setrlimit(RLIMIT_FSIZE, &limit));
  const int fd = made("f");
  if (CALL(write, fd, "hello you", 9) != 6) _exit(1);
  FAILS(EFBIG, CALL(write, fd, "you", 3));
  done(fd);
}

static void nothing(void) {
  const int fd = made("f");
  put(fd, "");
  done(fd);
}

static void failing(void) {
  const int fd = made("f");
  FAILS(EFAULT, CALL(write, fd, (void *)1, 5));
  FAILS(EINVAL, pwrite(fd, "hello", 5, -1));
  done(fd);
}

static void full_device(void) {
  const int fd = opened("/dev/full", O_WRONLY);
  FAILS(ENOSPC, CALL(write, fd, "hello", 5));
  done(fd);
}

static void by_ftruncate(void) {
  const int fd = opened("old", O_WRONLY);
  MUST(CALL(ftruncate, fd, 100));
  FAILS(EINVAL, CALL(ftruncate, fd, -1L));
  done(fd);
}

#ifdef SYS_ftruncate64
static void by_ftruncate64(void) {
  const int fd = opened("old", O_WRONLY | O_LARGEFILE);
  MUST(ftruncate(fd, 0x123456789));
  done(fd);
}
#endif

static void by_fallocate(void) {
  const int fd = opened("old", O_WRONLY);
  POSSIBLE(fallocate(fd, 0, 0, 100));
  done(fd);
}

static void a_hole(void) {
  const int fd = opened("old", O_WRONLY);
  POSSIBLE(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 2));
  done(fd);
}

static void enter_btrfs(void) {
  if (chdir("../../btrfs/" ABI) != 0) _exit(77);
}

static void by_ficlone(void) {
  enter_btrfs();
  const int in = opened("source", O_RDONLY);
  const int fd = made("clone");
  MUST(CALL(ioctl, fd, FICLONE, in));
  done(fd);
}

static void by_ficlonerange(void) {
  enter_btrfs();
  const int in = opened("source", O_RDONLY);
  const int fd = made("clone-range");
  const struct file_clone_range range = {.src_fd = in, .src_length = 4096};
  MUST(CALL(ioctl, fd, FICLONERANGE, &range));
  done(fd);
}

static void ficlone_failing(void) {
  enter_btrfs();
  const int in = opened("/dev/null", O_RDONLY);
  const int fd = made("clone-failing");
  if (CALL(ioctl, fd, FICLONE, in) == 0) _exit(1);
  done(fd);
}

static void by_io_submit(void) {
  aio_context_t context = 0;
  const int fd = made("f");
  POSSIBLE(CALL(io_setup, 1, &context));
  struct iocb block = {
      .aio_lio_opcode = IOCB_CMD_PWRITE,
      .aio_fildes = (unsigned)fd,
      .aio_buf = (uintptr_t)"hello",
      .aio_nbytes = 5,
  };
  struct iocb *const blocks[] = {&block};
  struct io_event event;
  MUST(CALL(io_submit, context, 1, blocks));
  MUST(CALL(io_getevents, context, 1, 1, &event, NULL));
  if (event.res != 5) _exit(1);
  done(fd);
}

const struct situation writes[] = {
    {"write", by_write, NULL, false},
    {"pwrite64", by_pwrite, NULL, false},
    {"writev", by_writev, NULL, false},
    {"pwritev", by_pwritev, NULL, false},
    {"pwritev2", by_pwritev2, NULL, false},
    {"sendfile", by_sendfile, NULL, false},
#ifdef SYS_sendfile64
    {"sendfile64", by_sendfile64, NULL, false},
#endif
    {"splice", by_splice, NULL, false},
    {"splice-out", out_of_file, NULL, false},
    {"copy_file_range", by_copy_file_range, NULL, false},
    {"write-in-part", in_part, NULL, false},
    {"write-nothing", nothing, NULL, false},
    {"write-failing", failing, NULL, false},
    {"write-full-device", full_device, NULL, false},
    {"ftruncate", by_ftruncate, NULL, false},
#ifdef SYS_ftruncate64
    {"ftruncate64", by_ftruncate64, NULL, false},
#endif
    {"fallocate", by_fallocate, NULL, false},
    {"fallocate-hole", a_hole, NULL, false},
    {"ficlone", by_ficlone, NULL, false},
    {"ficlonerange", by_ficlonerange, NULL, false},
    {"ficlone-failing", ficlone_failing, NULL, false},
    {"io_submit", by_io_submit, NULL, false},
    {NULL, NULL, NULL, false},
};
