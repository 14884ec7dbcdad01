/* Changes files in every way there is, each file in one, in a folder on a file system with reflinks where the files m-* are
 * there already, of two pages each, and a source and a large one to copy from. Usage: writes x86_64|i386 FOLDER [map]; with a
 * third argument files are only mapped, on any file system; i386 makes the calls by int 0x80, as a 32-bit program
 * does, so that all that is pointed to must lie below 4 GiB: build it with -static -no-pie -mno-red-zone. Exit code 0 when
 * each call ended as it should; else the first that did not is said. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
  WRITE, PWRITE64, WRITEV, PWRITEV, PWRITEV2, SENDFILE, SENDFILE64, SPLICE, COPY_FILE_RANGE, VMSPLICE, TEE, FTRUNCATE,
  FTRUNCATE64, FALLOCATE, IOCTL, MMAP, OLD_MMAP
};

/* asm/unistd_64.h, asm/unistd_32.h; 0: there is none. */
static const short numbers[][2] = {
  [WRITE] = {1, 4}, [PWRITE64] = {18, 181}, [WRITEV] = {20, 146}, [PWRITEV] = {296, 334}, [PWRITEV2] = {328, 379},
  [SENDFILE] = {40, 187}, [SENDFILE64] = {0, 239}, [SPLICE] = {275, 313}, [COPY_FILE_RANGE] = {326, 377},
  [VMSPLICE] = {278, 316}, [TEE] = {276, 315}, [FTRUNCATE] = {77, 93}, [FTRUNCATE64] = {0, 194}, [FALLOCATE] = {285, 324},
  [IOCTL] = {16, 54}, [MMAP] = {9, 192}, [OLD_MMAP] = {0, 90},
};

static int narrow;
static int made;
static int wrong;

static long call32(long number, const long *a) {
  unsigned result;
  const long sixth = a[5];
  __asm__ volatile("push %%rbp\n\tmov %[sixth], %%rbp\n\tint $0x80\n\tpop %%rbp"
                   : "=a"(result)
                   : "a"(number), "b"(a[0]), "c"(a[1]), "d"(a[2]), "S"(a[3]), "D"(a[4]), [sixth] "r"(sixth)
                   : "memory", "r8", "r9", "r10", "r11");
  return result > -4096u ? (long)(int)result : (long)result;
}

static long raw(int what, const long *a) {
  const int number = numbers[what][narrow];
  made++;
  if (narrow) return call32(number, a);
  const long result = syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
  return result < 0 ? -errno : result;
}

static void make(long expected, int what, const long *a) {
  if (numbers[what][narrow] == 0) return;
  const long result = raw(what, a);
  if (result == expected || wrong != 0) return;
  wrong = made;
  fprintf(stderr, "call %d (number %d) ended with %ld instead of %ld\n", made, numbers[what][narrow], result, expected);
}

#define P(pointer) ((long)(uintptr_t)(pointer))
#define ARGUMENTS(a, b, c, d, e, f, ...) ((const long[]){(long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f)})
#define CALL(expected, what, ...) make(expected, what, ARGUMENTS(__VA_ARGS__, 0, 0, 0, 0, 0, 0))
/* An offset of 64 bits that two arguments hold on i386. */
#define WIDE(expected, what, a, b, c, offset) \
  do { \
    if (narrow) CALL(expected, what, a, b, c, (uint32_t)(offset), (uint64_t)(offset) >> 32); \
    else CALL(expected, what, a, b, c, offset); \
  } while (0)

static int to(const char *name) {
  const int fd = open(name, O_RDWR | O_CREAT, 0644);
  if (fd < 0) wrong = -1;
  return fd;
}

static char page[8192] __attribute__((aligned(4096))) = "text";
static int64_t offset64;
static int32_t offset32;
static union {
  struct { uint64_t base, length; } wide[2];
  struct { uint32_t base, length; } small[2];
} vectors;
static struct file_clone_range range;
static struct {
  struct file_dedupe_range head;
  struct file_dedupe_range_info info;
} dedupe;
static struct fsxattr attributes;
static long flags;
static uint32_t old[6];

static void fallocate_to(long expected, const char *name, int mode, uint64_t offset, uint64_t length) {
  const int fd = to(name);
  if (pwrite(fd, page, 8192, 0) != 8192) wrong = -1;
  if (narrow) CALL(expected, FALLOCATE, fd, mode, (uint32_t)offset, offset >> 32, (uint32_t)length, length >> 32);
  else CALL(expected, FALLOCATE, fd, mode, offset, length);
  close(fd);
}

/* NULL and -1 where it failed. */
static volatile char *map(int fd, int protection, int how) {
  const long address = raw(MMAP, ARGUMENTS(0, 8192, protection, how, fd, 0, 0));
  if (address > -4096 && address < 0) {
    if (wrong == 0) fprintf(stderr, "mmap ended with %ld\n", address);
    wrong = made;
    return (char *)page;
  }
  return (char *)(uintptr_t)address;
}

static void write_all(void) {
  vectors.wide[0].base = vectors.wide[1].base = (uint64_t)(uintptr_t)page;
  vectors.wide[0].length = 2;
  vectors.wide[1].length = 3;
  if (narrow) {
    vectors.small[0].base = vectors.small[1].base = (uint32_t)(uintptr_t)page;
    vectors.small[0].length = 2;
    vectors.small[1].length = 3;
  }
  int fd = to("write");
  CALL(4, WRITE, fd, P(page), 4);
  CALL(3, WRITE, fd, P(page), 3);
  close(fd);
  fd = to("pwrite64");
  WIDE(3, PWRITE64, fd, P(page), 3, 0x100000001);
  close(fd);
  fd = to("writev");
  CALL(5, WRITEV, fd, P(&vectors), 2);
  close(fd);
  fd = to("pwritev");
  CALL(5, PWRITEV, fd, P(&vectors), 2, 7, 0);
  close(fd);
  fd = to("pwritev2");
  CALL(5, PWRITEV2, fd, P(&vectors), 2, -1, -1, 0);
  close(fd);
  fd = open("append", O_WRONLY | O_CREAT | O_APPEND, 0644);
  CALL(4, WRITE, fd, P(page), 4);
  CALL(4, WRITE, fd, P(page), 4);
  close(fd);
  fd = to("nothing");
  CALL(0, WRITE, fd, P(page), 0);
  CALL(-EFAULT, WRITE, fd, 1, 5);
  close(fd);
  /* The second page is not there. */
  char *const half = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
  munmap(half + 4096, 4096);
  fd = to("partial");
  CALL(4096, WRITE, fd, P(half), 8192);
  close(fd);
  fd = to("limited");
  signal(SIGXFSZ, SIG_IGN);
  const struct rlimit some = {10, RLIM_INFINITY}, all = {RLIM_INFINITY, RLIM_INFINITY};
  setrlimit(RLIMIT_FSIZE, &some);
  CALL(10, WRITE, fd, P(page), 20);
  CALL(-EFBIG, WRITE, fd, P(page), 20);
  setrlimit(RLIMIT_FSIZE, &all);
  close(fd);
}

static void move_all(void) {
  const int from = open("source", O_RDONLY);
  int fd = to("sendfile");
  CALL(7, SENDFILE, fd, from, narrow ? P(&offset32) : P(&offset64), 7);
  close(fd);
  offset64 = 0;
  fd = to("sendfile64");
  CALL(7, SENDFILE64, fd, from, P(&offset64), 7);
  close(fd);
  offset64 = 0;
  fd = to("copy_file_range");
  CALL(8, COPY_FILE_RANGE, from, P(&offset64), fd, 0, 8, 0);
  close(fd);
  /* More than two GiB are never moved at once. */
  const int large = open("large", O_RDONLY);
  fd = to("copied-large");
  CALL(0x7ffff000, COPY_FILE_RANGE, large, 0, fd, 0, narrow ? 0x7fffffff : 3L << 30, 0);
  close(fd);
  fd = open("/dev/null", O_WRONLY);
  CALL(0x7ffff000, WRITE, fd, P(page), narrow ? 0x7fffffff : 3L << 30);
  close(fd);
  int one[2], two[2];
  if (pipe(one) != 0 || pipe(two) != 0) wrong = -1;
  fd = to("splice");
  CALL(5, VMSPLICE, one[1], P(&vectors), 2, 0);
  CALL(5, TEE, one[0], two[1], 5, 0);
  CALL(5, SPLICE, one[0], 0, fd, 0, 5, 0);
  /* The other way it is the pipe that is written to. */
  offset64 = 0;
  CALL(5, SPLICE, fd, P(&offset64), one[1], 0, 5, 0);
  close(fd);
  for (int i = 0; i < 2; i++) close(one[i]), close(two[i]);
}

static void change_all(void) {
  int fd = to("ftruncate");
  CALL(0, FTRUNCATE, fd, 3);
  CALL(0, FTRUNCATE64, fd, 0x23456789, 1);
  CALL(-EINVAL, FTRUNCATE, fd, -1);
  close(fd);
  CALL(-EBADF, FTRUNCATE, 99, 3);
  fallocate_to(0, "allocate", 0, 4096, 8192);
  fallocate_to(0, "keep-size", FALLOC_FL_KEEP_SIZE, 0x100000000, 4096);
  fallocate_to(0, "punch-hole", FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096);
  fallocate_to(0, "zero-range", FALLOC_FL_ZERO_RANGE, 0, 4096);
  fallocate_to(0, "collapse-range", FALLOC_FL_COLLAPSE_RANGE, 0, 4096);
  fallocate_to(0, "insert-range", FALLOC_FL_INSERT_RANGE, 0, 4096);
  fallocate_to(-EINVAL, "no-length", 0, 0, 0);
  const int from = open("source", O_RDWR);
  fd = to("clone");
  CALL(0, IOCTL, fd, FICLONE, from);
  CALL(-EBADF, IOCTL, fd, FICLONE, 99);
  close(fd);
  range.src_fd = from;
  fd = to("clone-range");
  CALL(0, IOCTL, fd, FICLONERANGE, P(&range));
  close(fd);
  close(from);
  fd = to("deduped");
  dedupe.head.src_length = 4096;
  dedupe.head.dest_count = 1;
  dedupe.info.dest_fd = open("m-untouched", O_RDWR);
  if (pwrite(fd, page, 8192, 0) != 8192) wrong = -1;
  CALL(0, IOCTL, fd, FIDEDUPERANGE, P(&dedupe));
  close(dedupe.info.dest_fd);
  close(fd);
  fd = to("flags");
  if (ioctl(fd, FS_IOC_GETFLAGS, &flags) != 0 || ioctl(fd, FS_IOC_FSGETXATTR, &attributes) != 0) wrong = -1;
  CALL(0, IOCTL, fd, narrow ? FS_IOC32_SETFLAGS : FS_IOC_SETFLAGS, P(&flags));
  CALL(0, IOCTL, fd, FS_IOC_FSSETXATTR, P(&attributes));
  close(fd);
}

static void map_all(void) {
  const int both = PROT_READ | PROT_WRITE;
  int fd = open("m-stored", O_RDWR);
  map(fd, both, MAP_SHARED)[5] = 'x';
  close(fd);
  fd = open("m-validated", O_RDWR);
  map(fd, both, MAP_SHARED_VALIDATE)[5] = 'x';
  close(fd);
  fd = open("m-untouched", O_RDWR);
  if (map(fd, both, MAP_SHARED)[5] == 'y') wrong = -1;
  close(fd);
  fd = open("m-private", O_RDWR);
  map(fd, both, MAP_PRIVATE)[5] = 'x';
  close(fd);
  fd = open("m-closed", O_RDWR);
  volatile char *memory = map(fd, both, MAP_SHARED);
  close(fd);
  usleep(1500000);
  memory[5] = 'x';
  fd = open("m-protected", O_RDWR);
  memory = map(fd, PROT_READ, MAP_SHARED);
  mprotect((void *)memory, 8192, both);
  memory[5] = 'x';
  close(fd);
  fd = open("m-explained", O_RDWR);
  memory = map(fd, both, MAP_SHARED);
  CALL(4, WRITE, fd, P(page), 4);
  memory[5] = 'x';
  close(fd);
  fd = open("m-inherited", O_RDWR);
  memory = map(fd, both, MAP_SHARED);
  if (fork() == 0) {
    memory[5] = 'x';
    _exit(0);
  }
  wait(NULL);
  close(fd);
  fd = open("m-gone", O_RDWR);
  map(fd, both, MAP_SHARED)[5] = 'x';
  unlink("m-gone");
  close(fd);
  fd = open("m-renamed", O_RDWR);
  map(fd, both, MAP_SHARED)[5] = 'x';
  rename("m-renamed", "m-other");
  close(fd);
  fd = open("m-reading", O_RDONLY);
  map(fd, PROT_READ, MAP_SHARED);
  close(fd);
  if (!narrow) return;
  fd = open("m-old", O_RDWR);
  old[1] = 8192;
  old[2] = both;
  old[3] = MAP_SHARED;
  old[4] = fd;
  *(volatile char *)(uintptr_t)raw(OLD_MMAP, ARGUMENTS(P(old), 0, 0, 0, 0, 0, 0)) = 'x';
  close(fd);
}

int main(int argc, char **argv) {
  if (argc < 3 || chdir(argv[2]) != 0) return 2;
  narrow = strcmp(argv[1], "i386") == 0;
  if (argc == 3) {
    write_all();
    move_all();
    change_all();
  }
  map_all();
  if (wrong < 0) fprintf(stderr, "the setting is not as it should be\n");
  return wrong != 0;
}
