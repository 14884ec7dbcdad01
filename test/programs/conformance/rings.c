/* io_uring: calls that are queued in shared memory and made by the kernel itself. One after the other. */
#include "situation.h"
#include <linux/io_uring.h>
#include <sys/mman.h>

static struct {
  int fd;
  unsigned *submit_tail, *complete_head, *complete_tail;
  unsigned submit_mask, complete_mask;
  unsigned *array;
  struct io_uring_sqe *entries;
  struct io_uring_cqe *results;
} ring;

static void set_up(void) {
  struct io_uring_params p = {0};
  ring.fd = (int)POSSIBLE(CALL(io_uring_setup, 4, &p));
  const int flags = MAP_SHARED | MAP_POPULATE;
  char *const submit = mmap(NULL, p.sq_off.array + p.sq_entries * sizeof(unsigned), PROT_READ | PROT_WRITE, flags, ring.fd, IORING_OFF_SQ_RING);
  char *const complete = mmap(NULL, p.cq_off.cqes + p.cq_entries * sizeof(struct io_uring_cqe), PROT_READ | PROT_WRITE, flags, ring.fd, IORING_OFF_CQ_RING);
  ring.entries = mmap(NULL, p.sq_entries * sizeof *ring.entries, PROT_READ | PROT_WRITE, flags, ring.fd, IORING_OFF_SQES);
  MUST(submit == MAP_FAILED || complete == MAP_FAILED || ring.entries == MAP_FAILED ? -1 : 0);
  ring.submit_tail = (unsigned *)(submit + p.sq_off.tail);
  ring.submit_mask = *(unsigned *)(submit + p.sq_off.ring_mask);
  ring.array = (unsigned *)(submit + p.sq_off.array);
  ring.complete_head = (unsigned *)(complete + p.cq_off.head);
  ring.complete_tail = (unsigned *)(complete + p.cq_off.tail);
  ring.complete_mask = *(unsigned *)(complete + p.cq_off.ring_mask);
  ring.results = (struct io_uring_cqe *)(complete + p.cq_off.cqes);
}

static int ringed(struct io_uring_sqe entry) {
  const unsigned tail = *ring.submit_tail;
  const unsigned at = tail & ring.submit_mask;
  ring.entries[at] = entry;
  ring.array[at] = at;
  __atomic_store_n(ring.submit_tail, tail + 1, __ATOMIC_RELEASE);
  MUST(CALL(io_uring_enter, ring.fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0));
  const unsigned head = *ring.complete_head;
  if (head == __atomic_load_n(ring.complete_tail, __ATOMIC_ACQUIRE)) _exit(1);
  const int result = ring.results[head & ring.complete_mask].res;
  __atomic_store_n(ring.complete_head, head + 1, __ATOMIC_RELEASE);
  if (result == -EINVAL) _exit(77);
  return result;
}

static uint64_t address(const void *what) { return (uintptr_t)what; }

static int ring_open(const char *name, unsigned flags) {
  const int fd = ringed((struct io_uring_sqe){
      .opcode = IORING_OP_OPENAT, .fd = AT_FDCWD, .addr = address(name), .open_flags = flags, .len = 0644});
  if (fd < 0) _exit(1);
  return fd;
}

static void ring_write(int fd, const char *text) {
  const int length = (int)strlen(text);
  if (ringed((struct io_uring_sqe){
          .opcode = IORING_OP_WRITE, .fd = fd, .addr = address(text), .len = (unsigned)length}) != length)
    _exit(1);
}

static void all_of_it(void) {
  set_up();
  const int fd = ring_open("f", O_WRONLY | O_CREAT);
  work();
  ring_write(fd, "hello");
  if (ringed((struct io_uring_sqe){.opcode = IORING_OP_CLOSE, .fd = fd}) != 0) _exit(1);
}

static void open_only(void) {
  set_up();
  const int fd = ring_open("f", O_WRONLY | O_CREAT);
  work();
  put(fd, "hello");
  done(fd);
}

static void write_only(void) {
  const int fd = made("f");
  set_up();
  ring_write(fd, "hello");
  done(fd);
}

static void write_vector(void) {
  const int fd = made("f");
  set_up();
  const struct iovec {
    const void *base;
    size_t length;
  } part = {"hello", 5};
  if (ringed((struct io_uring_sqe){.opcode = IORING_OP_WRITEV, .fd = fd, .addr = address(&part), .len = 1}) != 5) _exit(1);
  done(fd);
}

static void fallocated(void) {
  const int fd = opened("old", O_WRONLY);
  set_up();
  if (ringed((struct io_uring_sqe){.opcode = IORING_OP_FALLOCATE, .fd = fd, .addr = 100}) != 0) _exit(1);
  done(fd);
}

static void truncated(void) {
  const int fd = opened("old", O_WRONLY);
  set_up();
  if (ringed((struct io_uring_sqe){.opcode = 55 /* IORING_OP_FTRUNCATE, Linux 6.9 */, .fd = fd, .off = 100}) != 0) _exit(1);
  done(fd);
}

static void by_names(void) {
  set_up();
  const char *const names[] = {"old", "new", "folder"};
  if (ringed((struct io_uring_sqe){.opcode = IORING_OP_RENAMEAT, .fd = AT_FDCWD, .addr = address(names[0]), .len = (unsigned)AT_FDCWD, .addr2 = address(names[1])}) != 0) _exit(1);
  if (ringed((struct io_uring_sqe){.opcode = IORING_OP_MKDIRAT, .fd = AT_FDCWD, .addr = address(names[2]), .len = 0755}) != 0) _exit(1);
  if (ringed((struct io_uring_sqe){.opcode = IORING_OP_LINKAT, .fd = AT_FDCWD, .addr = address(names[1]), .len = (unsigned)AT_FDCWD, .addr2 = address("link")}) != 0) _exit(1);
  if (ringed((struct io_uring_sqe){.opcode = IORING_OP_SYMLINKAT, .fd = AT_FDCWD, .addr = address("link"), .addr2 = address("soft")}) != 0) _exit(1);
  if (ringed((struct io_uring_sqe){.opcode = IORING_OP_UNLINKAT, .fd = AT_FDCWD, .addr = address(names[1])}) != 0) _exit(1);
  if (ringed((struct io_uring_sqe){.opcode = IORING_OP_UNLINKAT, .fd = AT_FDCWD, .addr = address(names[2]), .unlink_flags = AT_REMOVEDIR}) != 0) _exit(1);
}

const struct situation rings[] = {
    {"io_uring-all", all_of_it, NULL, true},
    {"io_uring-open", open_only, NULL, true},
    {"io_uring-write", write_only, NULL, true},
    {"io_uring-writev", write_vector, NULL, true},
    {"io_uring-fallocate", fallocated, NULL, true},
    {"io_uring-ftruncate", truncated, NULL, true},
    {"io_uring-names", by_names, NULL, true},
    {NULL, NULL, NULL, false},
};
