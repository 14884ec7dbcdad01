/* Gives files names that hang on directory descriptors, of every kind. Usage: names x86_64|i386 FOLDER; i386 makes the
 * calls by int 0x80, as a 32-bit program does, so that all that is pointed to must lie below 4 GiB: build it with
 * -static -no-pie -mno-red-zone. Or: names wait FOLDER, which opens FOLDER, says "ready", and makes `late` in it when its
 * input ends. Exit code 0 when each call did what it should; else the first that did not is said. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int narrow;
static char wrong[64];

static long call32(long number, const long *a) {
  long result;
  __asm__ volatile("int $0x80"
                   : "=a"(result)
                   : "a"(number), "b"(a[0]), "c"(a[1]), "d"(a[2]), "S"(a[3]), "D"(a[4])
                   : "memory", "r8", "r9", "r10", "r11");
  return (int)result;
}

static long make(const char *what, long wide, long number, long a, long b, long c, long d, long e) {
  const long arguments[] = {a, b, c, d, e};
  const long result = narrow ? call32(number, arguments) : syscall(wide, a, b, c, d, e);
  if (result < 0 && wrong[0] == 0) snprintf(wrong, sizeof wrong, "%s ended with %ld", what, narrow ? result : -errno);
  return result;
}

#define P(text) ((long)(uintptr_t)(text))
static long open_(const char *path, int flags) { return make(path, SYS_open, 5, P(path), flags, 0644, 0, 0); }
static long openat_(long fd, const char *path, int flags) {
  return make(path, SYS_openat, 295, fd, P(path), flags, 0644, 0);
}
static void mkdir_(const char *path) { make(path, SYS_mkdir, 39, P(path), 0755, 0, 0, 0); }
static void mkdirat_(long fd, const char *path) { make(path, SYS_mkdirat, 296, fd, P(path), 0755, 0, 0); }
static void rename_(const char *old, const char *path) { make(old, SYS_rename, 38, P(old), P(path), 0, 0, 0); }
static void close_(long fd) { make("close", SYS_close, 6, fd, 0, 0, 0, 0); }
static void chdir_(const char *path) { make(path, SYS_chdir, 12, P(path), 0, 0, 0, 0); }
static long dup2_(long fd, long to) { return make("dup2", SYS_dup2, 63, fd, to, 0, 0, 0); }

static void create(long fd, const char *name) {
  const long file = openat_(fd, name, O_WRONLY | O_CREAT | O_EXCL);
  if (file < 0) return;
  make("write", SYS_write, 4, file, P("x"), 1, 0, 0);
  close_(file);
}

static struct open_how how = {O_WRONLY | O_CREAT | O_EXCL, 0644, 0};
static void create2(long fd, const char *name, int resolve) {
  how.resolve = resolve;
  const long file = make(name, SYS_openat2, 437, fd, P(name), P(&how), sizeof how, 0);
  if (file >= 0) close_(file);
}

/* Does the rest in a child. */
static int child(void) {
  const pid_t pid = fork();
  if (pid > 0) {
    int status;
    if (waitpid(pid, &status, 0) != pid || (status != 0 && wrong[0] == 0)) snprintf(wrong, sizeof wrong, "a child failed");
  }
  return pid == 0;
}

static void end_child(void) {
  if (wrong[0] != 0) fprintf(stderr, "%s\n", wrong);
  _exit(wrong[0] != 0);
}

static char text[4096];
static const char *in_folder(const char *folder, const char *name) {
  snprintf(text, sizeof text, "%s/%s", folder, name);
  return text;
}

static int late(const char *folder) {
  const long fd = open(folder, O_RDONLY | O_DIRECTORY);
  printf("ready\n");
  fflush(stdout);
  char byte;
  while (read(0, &byte, 1) > 0) continue;
  create(fd, "late");
  return wrong[0] != 0;
}

int main(int argc, char **argv) {
  if (argc != 3 || chdir(argv[2]) != 0) return 2;
  const char *const folder = argv[2];
  if (strcmp(argv[1], "wait") == 0) return late(folder);
  narrow = strcmp(argv[1], "i386") == 0;
  static char longest[256];
  memset(longest, 'n', 255);

  mkdir_("a");
  mkdir_("a/sub");
  mkdir_("b");
  mkdir_("jail");
  mkdir_("jail/in");
  const long a = open_("a", O_RDONLY | O_DIRECTORY);
  const long path = open_(in_folder(folder, "b/"), O_PATH);
  const long b = open_("b", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const long sub = openat_(a, "sub", O_RDONLY | O_DIRECTORY);

  create(a, "directory");
  create(path, "path");
  create(sub, "nested");
  create(a, "sub/../up");
  create(sub, "../upper");
  create(a, "./sub//./tidy");
  create(a, "...");
  create(a, " blank ");
  create(a, "odd\xff\xfe");
  create(a, longest);
  mkdirat_(a, "slash/");
  create(a, in_folder(folder, "absolute"));

  /* What was opened without O_DIRECTORY is known by where it was made. */
  const long plain = open_("a", O_RDONLY);
  create(plain, "plain");
  close_(plain);

  dup2_(a, 50);
  create(50, "copied");
  if (child()) {
    create(50, "inherited");
    close_(50);
    dup2_(b, 50);
    create(50, "child's");
    end_child();
  }
  create(50, "parent's");
  close_(50);

  make("renameat", SYS_renameat, 302, a, P("directory"), path, P("renamed"), 0);
  make("linkat", SYS_linkat, 303, path, P("renamed"), a, P("linked"), 0);
  make("symlinkat", SYS_symlinkat, 304, P("../any"), path, P("soft"), 0, 0);
  make("unlinkat", SYS_unlinkat, 301, path, P("soft"), 0, 0, 0);
  make("fchownat", SYS_fchownat, 298, a, P(""), 0, 0, AT_EMPTY_PATH);
  make("fchmod", SYS_fchmod, 94, b, 0700, 0, 0, 0);

  rename_("a/sub", "b/moved");
  create(sub, "after");
  rename_("b", "c");
  create(sub, "later");
  create(b, "of c");

  make("fchdir", SYS_fchdir, 133, a, 0, 0, 0, 0);
  create(AT_FDCWD, "fchdir");
  chdir_("../c");
  create(AT_FDCWD, "chdir");
  chdir_("..");

  const long jail = open_("jail", O_RDONLY | O_DIRECTORY);
  const long in = open_("jail/in", O_PATH | O_DIRECTORY);
  create2(jail, "/../in root", RESOLVE_IN_ROOT);
  create2(jail, "/in/../../clamped", RESOLVE_IN_ROOT);
  create2(jail, "in/beneath", RESOLVE_BENEATH);
  if (child()) {
    make("chroot", SYS_chroot, 61, P(in_folder(folder, "jail")), 0, 0, 0, 0);
    chdir_("/");
    create(AT_FDCWD, "relative");
    create(AT_FDCWD, "/in/absolute");
    create(in, "inside");
    create(a, "outside");
    const long own = open_("/in", O_RDONLY | O_DIRECTORY);
    create(own, "own");
    chdir_("in");
    make("chroot", SYS_chroot, 61, P("."), 0, 0, 0, 0);
    create(AT_FDCWD, "/deeper");
    end_child();
  }
  create(a, "not in jail");

  if (wrong[0] != 0) fprintf(stderr, "%s\n", wrong);
  return wrong[0] != 0;
}
