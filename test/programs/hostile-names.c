/**
 * Gives files, processes and programs the names in a file (each ended by a zero byte): makes /tmp/NAME and writes to it,
 * renames it to /tmp/r-NAME where there is room; and in a child that is called NAME (comm) makes /tmp/c-NAME, then
 * executes a copy of itself, /tmp/x-NAME, with NAME for its arguments.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void check(int done, const char *what) {
  if (done) return;
  perror(what);
  _exit(1);
}

static void make(const char *path, const char *content) {
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
  check(fd >= 0, "open");
  check(write(fd, content, strlen(content)) > 0, "write");
  close(fd);
}

static void copySelf(const char *path) {
  int from = open("/proc/self/exe", O_RDONLY);
  int to = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0755);
  struct stat about;
  check(from >= 0 && to >= 0 && fstat(from, &about) == 0, "copy");
  check(sendfile(to, from, NULL, about.st_size) == about.st_size, "sendfile");
  close(from);
  close(to);
}

static void use(const char *name) {
  char path[512], other[512];
  snprintf(path, sizeof path, "/tmp/%s", name);
  make(path, "1");
  if (strlen(name) > 200) return;
  snprintf(other, sizeof other, "/tmp/r-%s", name);
  check(rename(path, other) == 0, "rename");
  pid_t child = fork();
  check(child >= 0, "fork");
  if (child == 0) {
    snprintf(path, sizeof path, "/tmp/c-%s", name);
    prctl(PR_SET_NAME, name);
    make(path, "12");
    snprintf(path, sizeof path, "/tmp/x-%s", name);
    copySelf(path);
    char *const argv[] = {(char *)name, "--end", (char *)name, NULL};
    execv(path, argv);
    check(0, "execv");
  }
  int status;
  check(waitpid(child, &status, 0) == child && status == 0, "child");
}

int main(int argc, char **argv) {
  if (argc > 1 && strcmp(argv[1], "--end") == 0) return 0;
  check(argc == 2, "usage");
  static char names[65536];
  int fd = open(argv[1], O_RDONLY);
  check(fd >= 0, "names");
  ssize_t length = read(fd, names, sizeof names - 1);
  close(fd);
  for (char *name = names; name < names + length; name += strlen(name) + 1) use(name);
  return 0;
}
