/* Ways to say which file. Each writes "hello" to it. */
#include "situation.h"
#include <limits.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <sys/mount.h>
#include <sys/socket.h>

static void hello(int fd) {
  put(fd, "hello");
  done(fd);
}

static void hello_to(const char *name) { hello(made(name)); }

static void hello_below(int dirfd, const char *name) {
  hello((int)MUST(CALL(openat, dirfd, name, O_WRONLY | O_CREAT, 0644)));
}

static int folder(const char *name) { return opened(name, O_RDONLY | O_DIRECTORY); }

static void absolute(void) {
  char path[PATH_MAX];
  MUST(getcwd(path, sizeof path - 2) == NULL ? -1 : 0);
  strcat(path, "/f");
  hello_to(path);
}

static void after_chdir(void) {
  MUST(CALL(chdir, "dir"));
  hello_to("f");
}

static void after_fchdir(void) {
  MUST(CALL(fchdir, folder("dir")));
  hello_to("f");
}

static void below_directory(void) { hello_below(folder("dir"), "f"); }

static void below_path(void) { hello_below(opened("dir", O_PATH), "f"); }

static void below_plain(void) { hello_below(opened("dir", O_RDONLY), "f"); }

static void below_inherited(void) {
  const int dir = folder("dir");
  if (child() == 0) {
    hello_below(dir, "f");
    _exit(0);
  }
  wait_for_children();
}

static void below_copy(void) {
  const int dir = folder("dir");
  const int copy = (int)MUST(CALL(dup, dir));
  done(dir);
  hello_below(copy, "f");
}

static void below_renamed(void) {
  const int dir = folder("dir");
  MUST(CALL(rename, "dir", "folder"));
  hello_below(dir, "f");
}

static void below_used_again(void) {
  MUST(CALL(mkdir, "other", 0755));
  const int dir = folder("dir");
  hello_below(dir, "f");
  done(dir);
  if (folder("other") != dir) _exit(1);
  hello_below(dir, "g");
}

static void operation_below(void) {
  const int dir = folder("dir");
  MUST(CALL(mkdirat, dir, "new", 0755));
  MUST(CALL(renameat, dir, "in", dir, "out"));
  MUST(CALL(unlinkat, dir, "out", 0));
}

static void below_received(void) {
  int ends[2];
  MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
  if (child() == 0) {
    hello_below(received_descriptor(ends[1]), "f");
    _exit(0);
  }
  send_descriptor(ends[0], folder("dir"));
  wait_for_children();
}

static void below_executed(void) { become_opener(folder("dir"), "f"); }

static void below_shared(void) {
  if (MUST(CALL(clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0)) == 0) {
    MUST(CALL(dup2, folder("dir"), 30));
    _exit(0);
  }
  wait_for_children();
  hello_below(30, "f");
}

static void below_symlink(void) {
  MUST(CALL(symlink, "dir", "soft"));
  hello_below(folder("soft"), "f");
}

/* By now the name that the directory was opened by leads elsewhere. */
static void below_changed_symlink(void) {
  MUST(CALL(mkdir, "other", 0755));
  MUST(CALL(symlink, "dir", "soft"));
  const int dir = folder("soft");
  MUST(CALL(unlink, "soft"));
  MUST(CALL(symlink, "other", "soft"));
  hello_below(dir, "f");
}

static void below_exchanged(void) {
  MUST(CALL(mkdir, "other", 0755));
  const int dir = folder("dir");
  POSSIBLE(CALL(renameat2, AT_FDCWD, "dir", AT_FDCWD, "other", RENAME_EXCHANGE));
  hello_below(dir, "f");
}

static void below_and_up(void) { hello_below(folder("dir"), "../f"); }

static void below_here(void) { hello_below(folder("."), "f"); }

static void absolute_below(void) {
  char path[PATH_MAX];
  MUST(getcwd(path, sizeof path - 2) == NULL ? -1 : 0);
  strcat(path, "/f");
  hello_below(folder("dir"), path);
}

static void below_proc_descriptor(void) {
  char path[40];
  snprintf(path, sizeof path, "/proc/self/fd/%d/f", folder("dir"));
  hello_to(path);
}

static void renamed_working_directory(void) {
  MUST(CALL(chdir, "dir"));
  MUST(CALL(rename, "../dir", "../folder"));
  hello_to("f");
}

static void renamed_above(void) {
  MUST(CALL(mkdir, "dir/sub", 0755));
  const int sub = folder("dir/sub");
  MUST(CALL(rename, "dir", "folder"));
  hello_below(sub, "f");
}

static void in_root_of_child(void) {
  if (MUST(CALL(clone, CLONE_FS | SIGCHLD, 0, 0, 0, 0)) == 0) {
    MUST(CALL(chroot, "dir"));
    MUST(CALL(chdir, "/"));
    _exit(0);
  }
  wait_for_children();
  hello_to("/f");
}

static void in_root(void) {
  MUST(CALL(chroot, "dir"));
  MUST(CALL(chdir, "/"));
  hello_to("/f");
  hello_to("g");
}

static void beside_root(void) {
  MUST(CALL(chroot, "dir"));
  hello_to("f");
}

static void beneath(void) {
  const struct open_how how = {.flags = O_WRONLY | O_CREAT, .mode = 0644, .resolve = RESOLVE_IN_ROOT};
  hello((int)POSSIBLE(CALL(openat2, folder("dir"), "/f", &how, sizeof how)));
}

static void up(void) {
  MUST(CALL(chdir, "dir"));
  hello_to("../f");
}

static void up_and_down(void) { hello_to("dir/../f"); }

static void slashes(void) { hello_to("dir//f"); }

static void dots(void) { hello_to("./dir/./f"); }

static void blank(void) { hello_to("f "); }

static void three_dots(void) { hello_to("..."); }

static void newline(void) { hello_to("one\ntwo"); }

static void no_utf8(void) { hello_to("f\xff\xfe"); }

static void quotes(void) { hello_to("a \"b\" \\c"); }

static void longest(void) {
  char name[NAME_MAX + 1];
  memset(name, 'n', NAME_MAX);
  name[NAME_MAX] = 0;
  hello_to(name);
}

/* A path of 3,600 bytes below the folder. */
static void deep(char *path, bool makes) {
  char name[201];
  memset(name, 'n', 200);
  name[200] = 0;
  path[0] = 0;
  for (int i = 0; i < 18; i++) {
    strcat(path, name);
    if (makes) MUST(mkdir(path, 0755));
    strcat(path, "/");
  }
  strcat(path, "f");
}

static void deep_folders(void) {
  char path[PATH_MAX];
  deep(path, true);
}

static void longest_path(void) {
  char path[PATH_MAX];
  deep(path, false);
  hello_to(path);
}

static void through_symlink(void) {
  MUST(CALL(symlink, "old", "soft"));
  const int fd = opened("soft", O_WRONLY);
  hello(fd);
}

static void through_directory_symlink(void) {
  MUST(CALL(symlink, "dir", "soft"));
  hello_to("soft/f");
}

static void reopened(const char *way) {
  char path[40];
  const int fd = opened("old", O_RDONLY);
  snprintf(path, sizeof path, way, fd);
  hello(opened(path, O_WRONLY));
}

static void proc_descriptor(void) { reopened("/proc/self/fd/%d"); }

static void dev_descriptor(void) { reopened("/dev/fd/%d"); }

static void standard_output(void) {
  MUST(CALL(dup2, made("f"), 1));
  hello(opened("/dev/stdout", O_WRONLY));
}

static void proc_directory(void) { hello_to("/proc/self/cwd/f"); }

static void deleted_directory(void) {
  MUST(CALL(mkdir, "gone", 0755));
  MUST(CALL(chdir, "gone"));
  MUST(CALL(rmdir, "../gone"));
  FAILS(ENOENT, CALL(openat, AT_FDCWD, "f", O_WRONLY | O_CREAT, 0644));
  hello_to("../f");
}

static void bound(void) {
  MUST(CALL(mkdir, "bound", 0755));
  MUST(mount("dir", "bound", NULL, MS_BIND, NULL));
  hello_to("bound/f");
  MUST(umount2("bound", MNT_DETACH));
}

static void in_tmpfs(void) {
  MUST(mount("tmpfs", "dir", "tmpfs", 0, NULL));
  hello_to("dir/f");
  MUST(umount2("dir", MNT_DETACH));
}

static void overlaid(void) {
  MUST(CALL(mkdir, "upper", 0755));
  MUST(CALL(mkdir, "work", 0755));
  MUST(CALL(mkdir, "merged", 0755));
  POSSIBLE(mount("overlay", "merged", "overlay", 0, "lowerdir=dir,upperdir=upper,workdir=work"));
  hello_to("merged/in");
  MUST(umount2("merged", MNT_DETACH));
}

static void own_mounts(void) {
  MUST(CALL(unshare, CLONE_NEWNS));
  MUST(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
  MUST(mount("tmpfs", "dir", "tmpfs", 0, NULL));
  hello_to("dir/f");
}

static void pivoted(void) {
  MUST(CALL(unshare, CLONE_NEWNS));
  MUST(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
  MUST(mount("dir", "dir", NULL, MS_BIND, NULL));
  MUST(CALL(mkdir, "dir/before", 0755));
  MUST(CALL(pivot_root, "dir", "dir/before"));
  MUST(CALL(chdir, "/"));
  hello_to("/f");
}

const struct situation names[] = {
    {"name-absolute", absolute, NULL, false},
    {"name-chdir", after_chdir, NULL, false},
    {"name-fchdir", after_fchdir, NULL, false},
    {"name-below-directory", below_directory, NULL, false},
    {"name-below-path", below_path, NULL, false},
    {"name-below-plain", below_plain, NULL, false},
    {"name-below-inherited", below_inherited, NULL, false},
    {"name-below-copy", below_copy, NULL, false},
    {"name-below-renamed", below_renamed, NULL, false},
    {"name-absolute-below", absolute_below, NULL, false},
    {"name-below-proc-descriptor", below_proc_descriptor, NULL, false},
    {"name-renamed-cwd", renamed_working_directory, NULL, false},
    {"name-below-renamed-above", renamed_above, NULL, false},
    {"name-below-received", below_received, NULL, true},
    {"name-below-executed", below_executed, NULL, false},
    {"name-below-shared", below_shared, NULL, false},
    {"name-below-symlink", below_symlink, NULL, false},
    {"name-below-changed-symlink", below_changed_symlink, NULL, false},
    {"name-below-exchanged", below_exchanged, NULL, false},
    {"name-below-and-up", below_and_up, NULL, false},
    {"name-below-here", below_here, NULL, false},
    {"name-below-used-again", below_used_again, NULL, false},
    {"name-operation-below", operation_below, NULL, false},
    {"name-chroot", in_root, NULL, false},
    {"name-chroot-shared", in_root_of_child, NULL, false},
    {"name-beside-chroot", beside_root, NULL, false},
    {"name-resolve-in-root", beneath, NULL, false},
    {"name-up", up, NULL, false},
    {"name-up-and-down", up_and_down, NULL, false},
    {"name-slashes", slashes, NULL, false},
    {"name-dots", dots, NULL, false},
    {"name-blank", blank, NULL, false},
    {"name-three-dots", three_dots, NULL, false},
    {"name-newline", newline, NULL, false},
    {"name-no-utf8", no_utf8, NULL, false},
    {"name-quotes", quotes, NULL, false},
    {"name-longest", longest, NULL, false},
    {"name-longest-path", longest_path, deep_folders, false},
    {"name-symlink", through_symlink, NULL, false},
    {"name-directory-symlink", through_directory_symlink, NULL, false},
    {"name-proc-descriptor", proc_descriptor, NULL, false},
    {"name-dev-descriptor", dev_descriptor, NULL, false},
    {"name-standard-output", standard_output, NULL, false},
    {"name-proc-cwd", proc_directory, NULL, false},
    {"name-deleted-directory", deleted_directory, NULL, false},
    {"name-bind-mount", bound, NULL, false},
    {"name-tmpfs", in_tmpfs, NULL, false},
    {"name-overlay", overlaid, NULL, false},
    {"name-mount-namespace", own_mounts, NULL, false},
    {"name-pivot-root", pivoted, NULL, false},
    {NULL, NULL, NULL, false},
};
