/* What is done to files by their names. */
#include "situation.h"
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/time.h>
#include <utime.h>

static int folder(const char *name) { return opened(name, O_RDONLY | O_DIRECTORY); }

static void by_rename(void) {
  MUST(CALL(rename, "old", "new"));
  FAILS(ENOENT, CALL(rename, "old", "new"));
}

static void by_renameat(void) { MUST(CALL(renameat, AT_FDCWD, "old", AT_FDCWD, "dir/new")); }

static void no_replacing(void) {
  POSSIBLE(CALL(renameat2, AT_FDCWD, "old", AT_FDCWD, "new", RENAME_NOREPLACE));
  FAILS(EEXIST, CALL(renameat2, AT_FDCWD, "new", AT_FDCWD, "dir/in", RENAME_NOREPLACE));
}

static void exchanged(void) { POSSIBLE(CALL(renameat2, AT_FDCWD, "old", AT_FDCWD, "dir/in", RENAME_EXCHANGE)); }

static void replaced(void) { MUST(CALL(rename, "old", "dir/in")); }

static void renamed_onto_itself(void) {
  MUST(CALL(link, "old", "new"));
  MUST(CALL(rename, "old", "new"));
  MUST(access("old", F_OK));
}

static void directory_replaced(void) {
  MUST(CALL(mkdir, "empty", 0755));
  MUST(CALL(rename, "dir", "empty"));
}

static void exchanged_with_directory(void) {
  POSSIBLE(CALL(renameat2, AT_FDCWD, "old", AT_FDCWD, "dir", RENAME_EXCHANGE));
}

static void with_whiteout(void) {
  struct stat left;
  POSSIBLE(CALL(renameat2, AT_FDCWD, "old", AT_FDCWD, "new", RENAME_WHITEOUT));
  MUST(lstat("old", &left));
  if (!S_ISCHR(left.st_mode)) _exit(1);
}

/* The file that is written has no name any more. */
static void replaced_while_open(void) {
  const int fd = opened("old", O_WRONLY);
  MUST(CALL(rename, "dir/in", "old"));
  put(fd, "hello");
  done(fd);
}

static void symlink_itself(void) {
  MUST(CALL(symlink, "old", "soft"));
  MUST(CALL(rename, "soft", "softer"));
  MUST(CALL(unlink, "softer"));
}

static void by_ioctl(void) {
  int attributes = 0;
  const int fd = opened("old", O_RDONLY);
  POSSIBLE(ioctl(fd, FS_IOC_GETFLAGS, &attributes));
  attributes |= FS_NODUMP_FL;
  POSSIBLE(ioctl(fd, FS_IOC_SETFLAGS, &attributes));
  done(fd);
}

static void renamed_while_open(void) {
  const int fd = made("f");
  put(fd, "one ");
  MUST(CALL(rename, "f", "g"));
  put(fd, "two");
  done(fd);
}

static void directory_renamed_while_open(void) {
  const int fd = opened("dir/in", O_WRONLY);
  MUST(CALL(rename, "dir", "folder"));
  put(fd, "hello");
  done(fd);
  const int again = opened("folder/in", O_WRONLY);
  put(again, "hello");
  done(again);
}

static void by_unlink(void) {
  MUST(CALL(unlink, "old"));
  FAILS(ENOENT, CALL(unlink, "old"));
  FAILS(EISDIR, CALL(unlink, "dir"));
}

static void unlinked_while_open(void) {
  const int fd = made("f");
  MUST(CALL(unlink, "f"));
  put(fd, "hello");
  done(fd);
}

static void by_unlinkat(void) {
  MUST(CALL(unlinkat, AT_FDCWD, "dir/in", 0));
  MUST(CALL(unlinkat, AT_FDCWD, "dir", AT_REMOVEDIR));
}

static void by_rmdir(void) {
  FAILS(ENOTEMPTY, CALL(rmdir, "dir"));
  MUST(CALL(mkdir, "empty", 0755));
  MUST(CALL(rmdir, "empty"));
}

static void by_mkdir(void) {
  MUST(CALL(mkdir, "new", 0750));
  FAILS(EEXIST, CALL(mkdir, "new", 0750));
}

static void by_mkdirat(void) { MUST(CALL(mkdirat, AT_FDCWD, "new", 0750)); }

static void by_mknod(void) { MUST(CALL(mknod, "fifo", S_IFIFO | 0600, 0)); }

static void by_mknodat(void) { MUST(CALL(mknodat, AT_FDCWD, "plain", S_IFREG | 0600, 0)); }

static void by_link(void) {
  MUST(CALL(link, "old", "new"));
  FAILS(EEXIST, CALL(link, "old", "new"));
  const int fd = opened("new", O_WRONLY);
  put(fd, "hello");
  done(fd);
}

static void by_linkat(void) { MUST(CALL(linkat, AT_FDCWD, "old", AT_FDCWD, "dir/new", 0)); }

static void by_symlink(void) {
  MUST(CALL(symlink, "no where", "soft"));
  FAILS(EEXIST, CALL(symlink, "no where", "soft"));
}

static void by_symlinkat(void) {
  const int dir = folder("dir");
  MUST(CALL(symlinkat, "in", dir, "soft"));
}

static void by_truncate(void) {
  MUST(CALL(truncate, "old", 2));
  FAILS(ENOENT, CALL(truncate, "none", 2));
}

#ifdef SYS_truncate64
static void by_truncate64(void) { MUST(truncate("old", 0x123456789)); }
#endif

static void by_chmod(void) {
  MUST(CALL(chmod, "old", 0600));
  FAILS(ENOENT, CALL(chmod, "none", 0600));
}

static void by_fchmod(void) {
  const int fd = opened("old", O_WRONLY);
  MUST(CALL(fchmod, fd, 0600));
  FAILS(EBADF, CALL(fchmod, 99, 0600));
}

static void by_fchmod_to_read(void) {
  const int fd = opened("old", O_RDONLY);
  MUST(CALL(fchmod, fd, 0600));
}

static void by_fchmodat(void) {
  const int dir = folder("dir");
  MUST(CALL(fchmodat, dir, "in", 0600));
}

#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452
#define SYS_setxattrat 463
#define SYS_removexattrat 466
#endif

static void by_fchmodat2(void) { POSSIBLE(CALL(fchmodat2, AT_FDCWD, "old", 0600, 0)); }

static void by_chown(void) {
  MUST(CALL(chown, "old", 11, 12));
  FAILS(ENOENT, CALL(chown, "none", 11, 12));
}

static void by_lchown(void) {
  MUST(CALL(symlink, "old", "soft"));
  MUST(CALL(lchown, "soft", 11, -1));
}

static void by_fchown(void) {
  const int fd = opened("old", O_WRONLY);
  MUST(CALL(fchown, fd, -1, 12));
}

static void by_fchownat(void) { MUST(CALL(fchownat, AT_FDCWD, "old", 11, 12, 0)); }

#ifdef SYS_chown32
static void by_chown32(void) {
  MUST(CALL(chown32, "old", 100011, 100012));
  MUST(CALL(lchown32, "old", 100013, -1));
  const int fd = opened("old", O_WRONLY);
  MUST(CALL(fchown32, fd, -1, 100014));
}
#endif

static const char value[] = "blue";

static void by_setxattr(void) {
  POSSIBLE(CALL(setxattr, "old", "trusted.a", value, 4, 0));
  FAILS(EEXIST, CALL(setxattr, "old", "trusted.a", value, 4, 1 /* XATTR_CREATE */));
}

static void by_lsetxattr(void) { POSSIBLE(CALL(lsetxattr, "old", "trusted.a", value, 4, 0)); }

static void by_fsetxattr(void) {
  const int fd = opened("old", O_WRONLY);
  POSSIBLE(CALL(fsetxattr, fd, "trusted.a", value, 4, 0));
}

static void by_setxattrat(void) {
  const struct {
    uint64_t value;
    uint32_t size, flags;
  } arguments = {(uintptr_t)value, 4, 0};
  POSSIBLE(CALL(setxattrat, AT_FDCWD, "old", 0, "trusted.a", &arguments, sizeof arguments));
}

static void by_removexattr(void) {
  POSSIBLE(CALL(setxattr, "old", "trusted.a", value, 4, 0));
  MUST(CALL(removexattr, "old", "trusted.a"));
  FAILS(ENODATA, CALL(removexattr, "old", "trusted.a"));
}

static void by_lremovexattr(void) { FAILS(ENODATA, CALL(lremovexattr, "old", "trusted.a")); }

static void by_fremovexattr(void) {
  const int fd = opened("old", O_WRONLY);
  FAILS(ENODATA, CALL(fremovexattr, fd, "trusted.a"));
}

static void by_removexattrat(void) {
  POSSIBLE(CALL(setxattr, "old", "trusted.a", value, 4, 0));
  POSSIBLE(CALL(removexattrat, AT_FDCWD, "old", 0, "trusted.a"));
}

static void by_utime(void) { MUST(CALL(utime, "old", NULL)); }

static void by_utimes(void) { MUST(CALL(utimes, "old", NULL)); }

static void by_futimesat(void) {
  const int dir = folder("dir");
  MUST(CALL(futimesat, dir, "in", NULL));
}

static void by_utimensat(void) {
  MUST(CALL(utimensat, AT_FDCWD, "old", NULL, 0));
  FAILS(ENOENT, CALL(utimensat, AT_FDCWD, "none", NULL, 0));
}

static void by_descriptor(void) {
  const int fd = opened("old", O_WRONLY);
  MUST(CALL(utimensat, fd, NULL, NULL, 0));
}

#ifdef SYS_utimensat_time64
static void by_utimensat_time64(void) { POSSIBLE(CALL(utimensat_time64, AT_FDCWD, "old", NULL, 0)); }
#endif

/* As editors and package managers write: beside the file, then over it. */
static void written_beside(void) {
  const int fd = opened("old.tmp", O_WRONLY | O_CREAT | O_EXCL);
  put(fd, "hello");
  done(fd);
  MUST(CALL(rename, "old.tmp", "old"));
}

const struct situation operations[] = {
    {"rename", by_rename, NULL, false},
    {"renameat", by_renameat, NULL, false},
    {"renameat2-noreplace", no_replacing, NULL, false},
    {"renameat2-exchange", exchanged, NULL, false},
    {"renameat2-exchange-directory", exchanged_with_directory, NULL, false},
    {"renameat2-whiteout", with_whiteout, NULL, false},
    {"rename-onto-itself", renamed_onto_itself, NULL, false},
    {"rename-replaces-directory", directory_replaced, NULL, false},
    {"rename-replaces-while-open", replaced_while_open, NULL, false},
    {"rename-symlink", symlink_itself, NULL, false},
    {"rename-replaces", replaced, NULL, false},
    {"rename-while-open", renamed_while_open, NULL, false},
    {"rename-directory-while-open", directory_renamed_while_open, NULL, false},
    {"rename-over", written_beside, NULL, false},
    {"unlink", by_unlink, NULL, false},
    {"unlink-while-open", unlinked_while_open, NULL, false},
    {"unlinkat", by_unlinkat, NULL, false},
    {"rmdir", by_rmdir, NULL, false},
    {"mkdir", by_mkdir, NULL, false},
    {"mkdirat", by_mkdirat, NULL, false},
    {"mknod", by_mknod, NULL, false},
    {"mknodat", by_mknodat, NULL, false},
    {"link", by_link, NULL, false},
    {"linkat", by_linkat, NULL, false},
    {"symlink", by_symlink, NULL, false},
    {"symlinkat", by_symlinkat, NULL, false},
    {"truncate", by_truncate, NULL, false},
#ifdef SYS_truncate64
    {"truncate64", by_truncate64, NULL, false},
#endif
    {"chmod", by_chmod, NULL, false},
    {"fchmod", by_fchmod, NULL, false},
    {"fchmod-to-read", by_fchmod_to_read, NULL, false},
    {"fchmodat", by_fchmodat, NULL, false},
    {"fchmodat2", by_fchmodat2, NULL, false},
    {"chown", by_chown, NULL, false},
    {"lchown", by_lchown, NULL, false},
    {"fchown", by_fchown, NULL, false},
    {"fchownat", by_fchownat, NULL, false},
#ifdef SYS_chown32
    {"chown32", by_chown32, NULL, false},
#endif
    {"setxattr", by_setxattr, NULL, false},
    {"lsetxattr", by_lsetxattr, NULL, false},
    {"fsetxattr", by_fsetxattr, NULL, false},
    {"setxattrat", by_setxattrat, NULL, false},
    {"removexattr", by_removexattr, NULL, false},
    {"lremovexattr", by_lremovexattr, NULL, false},
    {"fremovexattr", by_fremovexattr, NULL, false},
    {"removexattrat", by_removexattrat, NULL, false},
    {"ioctl-setflags", by_ioctl, NULL, false},
    {"utime", by_utime, NULL, false},
    {"utimes", by_utimes, NULL, false},
    {"futimesat", by_futimesat, NULL, false},
    {"utimensat", by_utimensat, NULL, false},
    {"utimensat-descriptor", by_descriptor, NULL, false},
#ifdef SYS_utimensat_time64
    {"utimensat_time64", by_utimensat_time64, NULL, false},
#endif
    {NULL, NULL, NULL, false},
};
