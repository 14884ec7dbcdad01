/* Writes through memory. */
#include "situation.h"
#include <sys/mman.h>

enum { SIZE = 4 };

/* Audit's clock ticks every 10 ms at the slowest: here the file was made before the tick in which it is mapped. */
static void past_tick(void) { usleep(50000); }

static char *mapped(int fd, int protection, int flags) {
  past_tick();
  char *const memory = mmap(NULL, SIZE, protection, flags, fd, 0);
  MUST(memory == MAP_FAILED ? -1 : 0);
  return memory;
}

/* So that the times of the file tell a store through memory from the write that made it. */
static void later(void) { usleep(1500000); }

static void written(void) {
  const int fd = opened("old", O_RDWR);
  char *const memory = mapped(fd, PROT_READ | PROT_WRITE, MAP_SHARED);
  later();
  memcpy(memory, "TEXT", SIZE);
  MUST(munmap(memory, SIZE));
  done(fd);
}

static void not_written(void) {
  const int fd = opened("old", O_RDWR);
  char *const memory = mapped(fd, PROT_READ | PROT_WRITE, MAP_SHARED);
  later();
  if (memory[0] != 't') _exit(1);
  MUST(munmap(memory, SIZE));
  done(fd);
}

static void written_and_synchronised(void) {
  const int fd = opened("old", O_RDWR);
  char *const memory = mapped(fd, PROT_READ | PROT_WRITE, MAP_SHARED);
  later();
  memcpy(memory, "TEXT", SIZE);
  MUST(msync(memory, SIZE, MS_SYNC));
  MUST(munmap(memory, SIZE));
  done(fd);
}

static void written_after_close(void) {
  const int fd = opened("old", O_RDWR);
  char *const memory = mapped(fd, PROT_READ | PROT_WRITE, MAP_SHARED);
  done(fd);
  later();
  memcpy(memory, "TEXT", SIZE);
  later();
}

static void private(void) {
  const int fd = opened("old", O_RDWR);
  char *const memory = mapped(fd, PROT_READ | PROT_WRITE, MAP_PRIVATE);
  later();
  memcpy(memory, "TEXT", SIZE);
  done(fd);
}

static void to_read(void) {
  const int fd = opened("old", O_RDONLY);
  char *const memory = mapped(fd, PROT_READ, MAP_SHARED);
  if (memory[0] != 't') _exit(1);
  done(fd);
}

static void made_writable(void) {
  const int fd = opened("old", O_RDWR);
  char *const memory = mapped(fd, PROT_READ, MAP_SHARED);
  MUST(mprotect(memory, SIZE, PROT_READ | PROT_WRITE));
  later();
  memcpy(memory, "TEXT", SIZE);
  done(fd);
}

static void written_by_child(void) {
  const int fd = opened("old", O_RDWR);
  char *const memory = mapped(fd, PROT_READ | PROT_WRITE, MAP_SHARED);
  later();
  if (child() == 0) {
    memcpy(memory, "TEXT", SIZE);
    _exit(0);
  }
  wait_for_children();
  MUST(munmap(memory, SIZE));
  done(fd);
}

#ifdef __i386__
static void by_old_call(void) {
  const int fd = opened("old", O_RDWR);
  past_tick();
  const unsigned long arguments[] = {0, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, (unsigned long)fd, 0};
  char *const memory = (char *)MUST(CALL(mmap, arguments));
  later();
  memcpy(memory, "TEXT", SIZE);
  done(fd);
}
#endif

const struct situation mappings[] = {
    {"mmap-written", written, NULL, true},
    {"mmap-not-written", not_written, NULL, true},
    {"mmap-synchronised", written_and_synchronised, NULL, true},
    {"mmap-after-close", written_after_close, NULL, true},
    {"mmap-private", private, NULL, true},
    {"mmap-read", to_read, NULL, true},
    {"mmap-made-writable", made_writable, NULL, true},
    {"mmap-written-by-child", written_by_child, NULL, true},
#ifdef __i386__
    {"mmap-old-call", by_old_call, NULL, true},
#endif
    {NULL, NULL, NULL, false},
};
