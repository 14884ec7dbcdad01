/* Ways to open and make files. */
#include "situation.h"
#include <linux/openat2.h>

#ifndef O_TMPFILE
#error "O_TMPFILE"
#endif

static void write_and_close(long fd) {
  put((int)fd, "hello");
  done((int)fd);
}

static void by_open(void) { write_and_close(MUST(CALL(open, "f", O_WRONLY | O_CREAT, 0644))); }

static void by_openat(void) { write_and_close(MUST(CALL(openat, AT_FDCWD, "f", O_WRONLY | O_CREAT, 0644))); }

static void by_openat2(void) {
  const struct open_how how = {.flags = O_WRONLY | O_CREAT, .mode = 0644};
  write_and_close(POSSIBLE(CALL(openat2, AT_FDCWD, "f", &how, sizeof how)));
}

static void by_creat(void) { write_and_close(MUST(CALL(creat, "f", 0644))); }

static void append(void) {
  const int fd = opened("old", O_WRONLY | O_APPEND);
  put(fd, "hello");
  put(fd, " you");
  done(fd);
}

static void truncate_only(void) { done(opened("old", O_WRONLY | O_TRUNC)); }

static void read_write_only(void) { done(opened("old", O_RDWR)); }

static void exclusive(void) { done(opened("f", O_WRONLY | O_CREAT | O_EXCL)); }

static void create_to_read(void) { done(opened("f", O_RDONLY | O_CREAT)); }

static void to_read(void) {
  char text[4];
  const int fd = opened("old", O_RDONLY);
  MUST(read(fd, text, sizeof text));
  done(fd);
}

static void sensitive(void) {
  char text[4];
  const int fd = opened("/etc/shadow", O_RDONLY);
  MUST(read(fd, text, sizeof text));
  done(fd);
}

static void a_path(void) {
  const int fd = opened("old", O_PATH);
  FAILS(EBADF, CALL(write, fd, "hello", 5));
  done(fd);
}

static void a_directory(void) { done(opened("dir", O_RDONLY | O_DIRECTORY)); }

static void failing(void) {
  FAILS(EEXIST, CALL(openat, AT_FDCWD, "old", O_WRONLY | O_CREAT | O_EXCL, 0644));
  FAILS(ENOENT, CALL(openat, AT_FDCWD, "none", O_WRONLY));
  FAILS(EISDIR, CALL(openat, AT_FDCWD, "dir", O_WRONLY));
  FAILS(ENOTDIR, CALL(openat, AT_FDCWD, "old/none", O_WRONLY | O_CREAT, 0644));
}

static void unnamed(void) { write_and_close(POSSIBLE(CALL(openat, AT_FDCWD, ".", O_WRONLY | O_TMPFILE, 0600))); }

static void unnamed_then_linked(void) {
  const int fd = (int)POSSIBLE(CALL(openat, AT_FDCWD, ".", O_WRONLY | O_TMPFILE, 0600));
  char path[40];
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  put(fd, "hello");
  MUST(CALL(linkat, AT_FDCWD, path, AT_FDCWD, "named", AT_SYMLINK_FOLLOW));
  put(fd, " you");
  done(fd);
}

static void unnamed_then_linked_by_descriptor(void) {
  const int fd = (int)POSSIBLE(CALL(openat, AT_FDCWD, ".", O_WRONLY | O_TMPFILE, 0600));
  put(fd, "hello");
  MUST(CALL(linkat, fd, "", AT_FDCWD, "named", AT_EMPTY_PATH));
  done(fd);
}

static void in_memory(void) {
  const int fd = (int)MUST(CALL(memfd_create, "notes", 0));
  put(fd, "hello");
  work();
  done(fd);
}

static void by_handle(void) {
  struct {
    struct file_handle handle;
    unsigned char bytes[128];
  } file = {.handle = {.handle_bytes = 128}};
  int mount;
  POSSIBLE(name_to_handle_at(AT_FDCWD, "old", &file.handle, &mount, 0));
  const int folder = opened(".", O_RDONLY | O_DIRECTORY);
  const int fd = (int)MUST(CALL(open_by_handle_at, folder, &file.handle, O_WRONLY));
  put(fd, "hello");
  work();
  done(fd);
}

static void null_device(void) {
  write_and_close(opened("/dev/null", O_WRONLY));
}

static void pipe_with_a_name(void) {
  MUST(CALL(mknod, "fifo", S_IFIFO | 0600, 0));
  write_and_close(opened("fifo", O_RDWR));
}

/* Linux empties it all the same. */
static void truncate_to_read(void) {
  const int fd = opened("old", O_RDONLY | O_TRUNC);
  struct stat now;
  MUST(fstat(fd, &now));
  if (now.st_size != 0) _exit(1);
  done(fd);
}

static void create_what_is_there(void) { write_and_close(opened("old", O_WRONLY | O_CREAT)); }

static void twice(void) {
  const int one = opened("old", O_WRONLY);
  const int two = opened("old", O_WRONLY);
  put(one, "one");
  put(two, "second");
  done(one);
  done(two);
}

const struct situation opens[] = {
    {"open", by_open, NULL, false},
    {"openat", by_openat, NULL, false},
    {"openat2", by_openat2, NULL, false},
    {"creat", by_creat, NULL, false},
    {"open-append", append, NULL, false},
    {"open-truncate", truncate_only, NULL, false},
    {"open-truncate-to-read", truncate_to_read, NULL, false},
    {"open-create-existing", create_what_is_there, NULL, false},
    {"open-twice", twice, NULL, false},
    {"open-readwrite", read_write_only, NULL, false},
    {"open-exclusive", exclusive, NULL, false},
    {"open-create-to-read", create_to_read, NULL, false},
    {"open-read", to_read, NULL, false},
    {"open-sensitive", sensitive, NULL, false},
    {"open-path", a_path, NULL, false},
    {"open-directory", a_directory, NULL, false},
    {"open-failing", failing, NULL, false},
    {"open-tmpfile", unnamed, NULL, false},
    {"open-tmpfile-linked", unnamed_then_linked, NULL, false},
    {"open-tmpfile-linked-by-descriptor", unnamed_then_linked_by_descriptor, NULL, false},
    {"memfd", in_memory, NULL, true},
    {"open-by-handle", by_handle, NULL, true},
    {"open-null-device", null_device, NULL, false},
    {"open-fifo", pipe_with_a_name, NULL, false},
    {NULL, NULL, NULL, false},
};
