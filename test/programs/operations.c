/* Makes every operation on files by its own system call, once so that it succeeds and in ways that fail, in an empty
 * folder. Usage: operations x86_64|i386 FOLDER; i386 makes them by int 0x80, as a 32-bit program does, so that all that is
 * pointed to must lie below 4 GiB: build it with -static -no-pie -mno-red-zone. Calls that came with Linux 6.6 and 6.13
 * are left out before 6.13. Exit code 0 when each call ended as it should; else the first that did not is said. */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

enum {
  RENAME, RENAMEAT, RENAMEAT2, UNLINK, UNLINKAT, RMDIR, MKDIR, MKDIRAT, MKNOD, MKNODAT, LINK, LINKAT, SYMLINK,
  SYMLINKAT, TRUNCATE, TRUNCATE64, CHMOD, FCHMOD, FCHMODAT, FCHMODAT2, CHOWN, LCHOWN, FCHOWN, FCHOWNAT, CHOWN32,
  LCHOWN32, FCHOWN32, SETXATTR, LSETXATTR, FSETXATTR, SETXATTRAT, REMOVEXATTR, LREMOVEXATTR, FREMOVEXATTR,
  REMOVEXATTRAT, UTIME, UTIMES, FUTIMESAT, UTIMENSAT, UTIMENSAT_TIME64
};

/* asm/unistd_64.h, asm/unistd_32.h; 0: there is none. */
static const short numbers[][2] = {
  [RENAME] = {82, 38}, [RENAMEAT] = {264, 302}, [RENAMEAT2] = {316, 353}, [UNLINK] = {87, 10}, [UNLINKAT] = {263, 301},
  [RMDIR] = {84, 40}, [MKDIR] = {83, 39}, [MKDIRAT] = {258, 296}, [MKNOD] = {133, 14}, [MKNODAT] = {259, 297},
  [LINK] = {86, 9}, [LINKAT] = {265, 303}, [SYMLINK] = {88, 83}, [SYMLINKAT] = {266, 304}, [TRUNCATE] = {76, 92},
  [TRUNCATE64] = {0, 193}, [CHMOD] = {90, 15}, [FCHMOD] = {91, 94}, [FCHMODAT] = {268, 306}, [FCHMODAT2] = {452, 452},
  [CHOWN] = {92, 182}, [LCHOWN] = {94, 16}, [FCHOWN] = {93, 95}, [FCHOWNAT] = {260, 298}, [CHOWN32] = {0, 212},
  [LCHOWN32] = {0, 198}, [FCHOWN32] = {0, 207}, [SETXATTR] = {188, 226}, [LSETXATTR] = {189, 227},
  [FSETXATTR] = {190, 228}, [SETXATTRAT] = {463, 463}, [REMOVEXATTR] = {197, 235}, [LREMOVEXATTR] = {198, 236},
  [FREMOVEXATTR] = {199, 237}, [REMOVEXATTRAT] = {466, 466}, [UTIME] = {132, 30}, [UTIMES] = {235, 271},
  [FUTIMESAT] = {261, 299}, [UTIMENSAT] = {280, 320}, [UTIMENSAT_TIME64] = {0, 412},
};

static int narrow;
static int has_new;
static int made;
static int wrong;

static long call32(long number, const long *a) {
  long result;
  const long sixth = a[5];
  __asm__ volatile("push %%rbp\n\tmov %[sixth], %%rbp\n\tint $0x80\n\tpop %%rbp"
                   : "=a"(result)
                   : "a"(number), "b"(a[0]), "c"(a[1]), "d"(a[2]), "S"(a[3]), "D"(a[4]), [sixth] "r"(sixth)
                   : "memory", "r8", "r9", "r10", "r11");
  return (int)result;
}

static void make(int expected, int what, long a, long b, long c, long d, long e, long f) {
  const long arguments[] = {a, b, c, d, e, f};
  const int number = numbers[what][narrow];
  if (number == 0 || (!has_new && (what == FCHMODAT2 || what == SETXATTRAT || what == REMOVEXATTRAT))) return;
  long result = narrow ? call32(number, arguments) : syscall(number, a, b, c, d, e, f);
  if (!narrow && result < 0) result = -errno;
  made++;
  if (result == -expected || wrong != 0) return;
  wrong = made;
  fprintf(stderr, "call %d (number %d) ended with %ld instead of %d\n", made, number, result, -expected);
}

#define P(text) ((long)(uintptr_t)(text))
#define CALL6(expected, what, a, b, c, d, e, f, ...) make(expected, what, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))
#define CALL(expected, ...) CALL6(expected, __VA_ARGS__, 0, 0, 0, 0, 0, 0)

static void file(const char *path) {
  const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0644);
  if (fd < 0 || write(fd, "text", 4) != 4 || close(fd) != 0) wrong = -1;
}

static char absolute[4096];
static const char *in_folder(const char *folder, const char *name) {
  snprintf(absolute, sizeof absolute, "%s/%s", folder, name);
  return absolute;
}

static struct {
  uint64_t value;
  uint32_t size, flags;
} attribute = {0, 4, 0};

int main(int argc, char **argv) {
  if (argc != 3 || chdir(argv[2]) != 0) return 2;
  narrow = strcmp(argv[1], "i386") == 0;
  const char *const folder = argv[2];
  static const char value[] = "blue";
  attribute.value = (uint64_t)(uintptr_t)value;
  const int cwd = AT_FDCWD;
  struct utsname kernel;
  if (uname(&kernel) != 0) return 2;
  const char *const minor = strchr(kernel.release, '.');
  const int version = atoi(kernel.release) * 1000 + (minor == NULL ? 0 : atoi(minor + 1));
  has_new = version >= 6013;
  umask(022);
  if (mkdir("one", 0755) != 0 || mkdir("two", 0755) != 0 || mkdir("longer", 0755) != 0) return 2;
  const char *const names[] = {"a",     "b",     "c",     "d",     "e",        "one/f",   "two/g",
                               "one/h", "two/h", "one/i", "two/j", "longer/i", "deleted", "t"};
  for (unsigned i = 0; i < sizeof names / sizeof *names; i++) file(names[i]);
  const int one = dup2(open("one", O_RDONLY | O_DIRECTORY), 21);
  const int two = dup2(open("two", O_RDONLY | O_DIRECTORY), 22);
  const int t = dup2(open("t", O_WRONLY), 23);
  if (one < 0 || two < 0 || t < 0 || wrong != 0) return 2;

  CALL(0, RENAME, P("a"), P("a2"));
  CALL(0, RENAME, P("a2"), P(in_folder(folder, "one/a3")));
  CALL(0, RENAME, P("b"), P("c"));
  CALL(0, RENAME, P("one/h"), P("two/h"));
  CALL(0, RENAME, P("one/i"), P("longer/i"));
  CALL(ENOENT, RENAME, P("none"), P("one/none"));
  CALL(ENOENT, RENAME, P("one/none"), P("none/none"));
  CALL(ENOENT, RENAME, P("none/1"), P("none/2"));
  CALL(ENOTEMPTY, RENAME, P("one"), P("two"));
  CALL(0, RENAMEAT, one, P("f"), two, P("f2"));
  CALL(0, RENAMEAT, two, P("f2"), cwd, P("one/f"));
  CALL(0, RENAMEAT2, cwd, P("d"), cwd, P("one/d"), 1 /* RENAME_NOREPLACE */);
  CALL(EEXIST, RENAMEAT2, cwd, P("e"), cwd, P("two/g"), 1);
  CALL(0, RENAMEAT2, cwd, P("e"), cwd, P("two/g"), 2 /* RENAME_EXCHANGE */);
  CALL(0, UNLINK, P("deleted"));
  CALL(ENOENT, UNLINK, P("deleted"));
  CALL(ENOENT, UNLINK, P("none/x"));
  CALL(EISDIR, UNLINK, P("one"));
  CALL(0, UNLINKAT, two, P("j"), 0);
  CALL(EBADF, UNLINKAT, 99, P("j"), 0);
  CALL(0, MKDIR, P("m"), 01777);
  CALL(EEXIST, MKDIR, P("m"), 0700);
  CALL(ENOENT, MKDIR, P("none/m"), 0700);
  CALL(0, MKDIRAT, one, P("m/"), 0750);
  CALL(ENOTDIR, RMDIR, P("c"));
  CALL(0, RMDIR, P(in_folder(folder, "m")));
  CALL(ENOENT, RMDIR, P("m"));
  CALL(0, UNLINKAT, one, P("m"), 0x200 /* AT_REMOVEDIR */);
  CALL(0, MKNOD, P("fifo"), S_IFIFO | 0622, 0);
  CALL(EEXIST, MKNOD, P("fifo"), S_IFIFO | 0622, 0);
  CALL(0, MKNODAT, one, P("plain"), 0640, 0);
  CALL(0, LINK, P("c"), P("one/link"));
  CALL(EEXIST, LINK, P("c"), P("one/link"));
  CALL(ENOENT, LINK, P("none"), P("one/link2"));
  CALL(0, LINKAT, cwd, P("c"), two, P("link"), 0);
  CALL(0, LINKAT, t, P(""), cwd, P("t2"), 0x1000 /* AT_EMPTY_PATH */);
  CALL(0, SYMLINK, P("to/any where"), P("soft"));
  CALL(EEXIST, SYMLINK, P("/other"), P("soft"));
  CALL(ENOENT, SYMLINK, P("/other"), P("none/soft"));
  CALL(0, SYMLINKAT, P("../c"), one, P("soft"));
  CALL(0, TRUNCATE, P("t"), 3);
  CALL(ENOENT, TRUNCATE, P("none"), 3);
  CALL(EINVAL, TRUNCATE, P("t"), -1);
  if (!narrow) CALL(0, TRUNCATE, P("t"), 0x123456789);
  CALL(0, TRUNCATE64, P("t"), 0x23456789, 1);
  CALL(0, CHMOD, P(in_folder(folder, "t")), 04711);
  CALL(ENOENT, CHMOD, P("none"), 0600);
  CALL(0, FCHMOD, t, 0600);
  CALL(EBADF, FCHMOD, 99, 0600);
  CALL(0, FCHMODAT, one, P("f"), 0640);
  CALL(0, FCHMODAT2, t, P(""), 0444, 0x1000);
  CALL(0, CHOWN, P("t"), 11, 12);
  CALL(0, LCHOWN, P("soft"), 13, -1);
  CALL(0, FCHOWN, t, -1, 14);
  CALL(ENOENT, CHOWN, P("none"), 1, 1);
  CALL(0, CHOWN32, P("t"), 100011, 100012);
  CALL(0, LCHOWN32, P("soft"), 100013, -1);
  CALL(0, FCHOWN32, t, -1, 100014);
  CALL(0, FCHOWNAT, one, P("f"), 15, 16, 0);
  CALL(0, SETXATTR, P("t"), P("trusted.a"), P(value), 4, 0);
  CALL(0, LSETXATTR, P("t"), P("trusted.b"), P(value), 4, 0);
  CALL(0, FSETXATTR, t, P("trusted.c"), P(value), 4, 0);
  CALL(0, SETXATTRAT, one, P("f"), 0, P("trusted.d"), P(&attribute), sizeof attribute);
  CALL(EEXIST, SETXATTR, P("t"), P("trusted.a"), P(value), 4, 1 /* XATTR_CREATE */);
  CALL(0, REMOVEXATTR, P("t"), P("trusted.a"));
  CALL(ENODATA, REMOVEXATTR, P("t"), P("trusted.a"));
  CALL(0, LREMOVEXATTR, P("t"), P("trusted.b"));
  CALL(0, FREMOVEXATTR, t, P("trusted.c"));
  CALL(0, REMOVEXATTRAT, one, P("f"), 0, P("trusted.d"));
  CALL(0, UTIME, P("t"), 0);
  CALL(0, UTIMES, P("t"), 0);
  CALL(0, FUTIMESAT, one, P("f"), 0);
  CALL(0, UTIMENSAT, cwd, P("t"), 0, 0);
  CALL(0, UTIMENSAT, t, 0, 0, 0);
  CALL(ENOENT, UTIMENSAT, cwd, P("none"), 0, 0);
  CALL(0, UTIMENSAT_TIME64, cwd, P("t"), 0, 0);
  CALL(0, MKDIR, P("\xff\xfe"), 0700);
  return wrong == 0 ? 0 : 1;
}
