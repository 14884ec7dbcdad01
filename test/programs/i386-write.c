/* Opens, writes and closes a file with the system calls of 32-bit x86 (int 0x80), which a 64-bit program may make too.
 * Usage: i386-write PATH TEXT. Exit code 0 when all of TEXT was written. */
#include <string.h>
#include <sys/mman.h>

static long call(long number, long a, long b, long c) {
  long result;
  __asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(a), "c"(b), "d"(c) : "memory", "r8", "r9", "r10", "r11");
  return result;
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  /* Pointers of these calls have 32 bits. */
  char *low = mmap((void *)0x10000000, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  if (low == MAP_FAILED || strlen(argv[1]) > 4000 || strlen(argv[2]) > 4000) return 2;
  char *text = low + 4096;
  strcpy(low, argv[1]);
  strcpy(text, argv[2]);
  long fd = call(5, (long)low, 0101, 0644);
  if (fd < 0) return 1;
  long written = call(4, fd, (long)text, (long)strlen(text));
  call(6, fd, 0, 0);
  return written == (long)strlen(text) ? 0 : 1;
}
