/* Descriptors: copied, given on, and given up. */
#include "situation.h"
#include <linux/close_range.h>
#include <linux/sched.h>
#include <pthread.h>
#include <spawn.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

enum { COPY = 30 };

static void write_copy_close_both(int fd, int copy) {
  done(fd);
  put(copy, "hello");
  done(copy);
}

static void by_dup(void) {
  const int fd = made("f");
  write_copy_close_both(fd, (int)MUST(CALL(dup, fd)));
}

static void by_dup2(void) {
  const int fd = made("f");
  write_copy_close_both(fd, (int)MUST(CALL(dup2, fd, COPY)));
}

static void dup2_in_place(void) {
  const int one = made("f");
  const int two = made("g");
  put(one, "hello");
  MUST(CALL(dup2, two, one));
  put(one, "you");
  done(one);
  done(two);
}

static void dup2_onto_itself(void) {
  const int fd = made("f");
  MUST(CALL(dup2, fd, fd));
  put(fd, "hello");
  done(fd);
}

static void dup2_by_unrecorded(void) {
  const int fd = made("f");
  const int other = opened("old", O_RDONLY);
  put(fd, "hello");
  MUST(CALL(dup2, other, fd));
  FAILS(EBADF, CALL(write, fd, "you", 3));
}

static void by_dup3(void) {
  const int fd = made("f");
  MUST(CALL(dup3, fd, COPY, O_CLOEXEC));
  done(fd);
  become_writer(COPY, "hello");
}

static void by_fcntl(void) {
  const int fd = made("f");
  write_copy_close_both(fd, (int)MUST(CALL(fcntl, fd, F_DUPFD, COPY)));
}

#ifdef SYS_fcntl64
static void by_fcntl64(void) {
  const int fd = made("f");
  write_copy_close_both(fd, (int)MUST(CALL(fcntl64, fd, F_DUPFD, COPY)));
}
#endif

static void by_fcntl_on_exec(void) {
  const int fd = made("f");
  const int copy = (int)MUST(CALL(fcntl, fd, F_DUPFD_CLOEXEC, COPY));
  done(fd);
  become_writer(copy, "hello");
}

static void marked_by_fcntl(void) {
  const int fd = made("f");
  MUST(CALL(fcntl, fd, F_SETFD, FD_CLOEXEC));
  become_writer(fd, "hello");
}

static void unmarked_by_fcntl(void) {
  const int fd = opened("f", O_WRONLY | O_CREAT | O_CLOEXEC);
  MUST(CALL(fcntl, fd, F_SETFD, 0));
  become_writer(fd, "hello");
}

static void marked_by_ioctl(void) {
  const int fd = made("f");
  MUST(CALL(ioctl, fd, FIOCLEX));
  become_writer(fd, "hello");
}

static void unmarked_by_ioctl(void) {
  const int fd = opened("f", O_WRONLY | O_CREAT | O_CLOEXEC);
  MUST(CALL(ioctl, fd, FIONCLEX));
  become_writer(fd, "hello");
}

static void opened_close_on_exec(void) { become_writer(opened("f", O_WRONLY | O_CREAT | O_CLOEXEC), "hello"); }

static void kept_on_exec(void) {
  const int fd = made("f");
  put(fd, "one ");
  become_writer(fd, "two");
}

static void failing_exec(void) {
  const int fd = opened("f", O_WRONLY | O_CREAT | O_CLOEXEC);
  char *const arguments[] = {"none", NULL};
  FAILS(ENOENT, execve("none", arguments, environ));
  put(fd, "hello");
  done(fd);
}

/* The other threads end, and the one that called becomes the process. */
static void *execute(void *given) {
  become_writer(*(const int *)given, "thread");
  return NULL;
}

static void exec_by_thread(void) {
  int fd = made("f");
  const int other = opened("g", O_WRONLY | O_CREAT | O_CLOEXEC);
  pthread_t thread;
  put(other, "hello");
  pthread_create(&thread, NULL, execute, &fd);
  pthread_join(thread, NULL);
}

static void closed_by_range(void) {
  const int one = made("f");
  const int two = made("g");
  put(one, "hello");
  MUST(CALL(close_range, one, two, 0));
  FAILS(EBADF, CALL(write, one, "you", 3));
}

static void marked_by_range(void) {
  const int fd = made("f");
  POSSIBLE(CALL(close_range, fd, ~0U, CLOSE_RANGE_CLOEXEC));
  become_writer(fd, "hello");
}

/* The child shares the descriptors of its parent. */
static int sharing_child(void) { return (int)MUST(CALL(clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0)); }

static void closed_by_range_apart(void) {
  const int fd = made("f");
  if (sharing_child() == 0) {
    put(fd, "one ");
    MUST(CALL(close_range, 3, ~0U, CLOSE_RANGE_UNSHARE));
    _exit(0);
  }
  wait_for_children();
  put(fd, "two");
  done(fd);
}

static void closed_by_exit(void) { put(made("f"), "hello"); }

static void closed_by_kill(void) {
  put(made("f"), "hello");
  kill(getpid(), SIGKILL);
}

static void both_write(void) {
  const int fd = made("f");
  if (child() == 0) {
    put(fd, "child");
    _exit(0);
  }
  wait_for_children();
  put(fd, "me");
  done(fd);
}

static void child_goes_on(void) {
  const int fd = made("f");
  int ends[2];
  MUST(pipe2(ends, 0));
  if (child() == 0) {
    char byte;
    done(ends[1]);
    MUST(read(ends[0], &byte, 1));
    put(fd, "child");
    done(fd);
    _exit(0);
  }
  done(fd);
  done(ends[1]);
  wait_for_children();
}

static void child_only_ends(void) {
  const int fd = made("f");
  put(fd, "me");
  if (child() == 0) {
    usleep(50000);
    _exit(0);
  }
  done(fd);
  wait_for_children();
}

static void opened_after_fork(void) {
  if (child() == 0) {
    usleep(50000);
    _exit(0);
  }
  const int fd = made("f");
  put(fd, "me");
  done(fd);
  wait_for_children();
}

static void by_vfork(void) {
  const int fd = made("f");
  if (vfork() == 0) become_writer(fd, "child");
  wait_for_children();
  done(fd);
}

/* As a shell does it: the child opens, puts the file in the place of its output, and becomes the program. */
static void redirected(void) {
  if (child() == 0) {
    const int fd = opened("f", O_WRONLY | O_CREAT | O_TRUNC);
    MUST(CALL(dup2, fd, 1));
    done(fd);
    become_writer(1, "child");
  }
  wait_for_children();
}

static void spawned(void) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, COPY, "f", O_WRONLY | O_CREAT, 0644);
  char *const arguments[] = {"conformance", "then-write", "30", "child", NULL};
  pid_t pid;
  errno = posix_spawn(&pid, "/proc/self/exe", &actions, NULL, arguments, environ);
  MUST(errno == 0 ? 0 : -1);
  wait_for_children();
}

static void opened_in_shared_table(void) {
  if (sharing_child() == 0) {
    const int fd = made("f");
    put(fd, "child");
    MUST(CALL(dup2, fd, COPY));
    done(fd);
    work();
    _exit(0);
  }
  wait_for_children();
  put(COPY, "me");
  done(COPY);
}

static void closed_in_shared_table(void) {
  const int fd = made("f");
  put(fd, "me");
  if (sharing_child() == 0) {
    put(fd, "child");
    done(fd);
    _exit(0);
  }
  wait_for_children();
  FAILS(EBADF, CALL(write, fd, "me", 2));
}

static void shared_by_clone3(void) {
  struct clone_args arguments = {.flags = CLONE_FILES, .exit_signal = SIGCHLD};
  if (POSSIBLE(CALL(clone3, &arguments, sizeof arguments)) == 0) {
    const int fd = made("f");
    put(fd, "child");
    MUST(CALL(dup2, fd, COPY));
    done(fd);
    work();
    _exit(0);
  }
  wait_for_children();
  put(COPY, "me");
  done(COPY);
}

static void unshared(void) {
  const int fd = made("f");
  if (sharing_child() == 0) {
    MUST(CALL(unshare, CLONE_FILES));
    put(fd, "child");
    done(fd);
    _exit(0);
  }
  wait_for_children();
  put(fd, "me");
  done(fd);
}

/* exec gives the caller descriptors of its own first. */
static void shared_then_exec(void) {
  const int fd = opened("f", O_WRONLY | O_CREAT | O_CLOEXEC);
  if (sharing_child() == 0) become_writer(fd, "child");
  wait_for_children();
  put(fd, "me");
  done(fd);
}

static void *write_and_close(void *given) {
  const int fd = *(const int *)given;
  put(fd, "thread");
  done(fd);
  return NULL;
}

static void by_thread(void) {
  int fd = made("f");
  pthread_t thread;
  put(fd, "main");
  pthread_create(&thread, NULL, write_and_close, &fd);
  pthread_join(thread, NULL);
}

static void *make_and_write(void *given) {
  int *const fd = given;
  *fd = made("f");
  put(*fd, "thread");
  return NULL;
}

static void opened_by_thread(void) {
  int fd;
  pthread_t thread;
  pthread_create(&thread, NULL, make_and_write, &fd);
  pthread_join(thread, NULL);
  put(fd, "main");
  done(fd);
}

static void *write_later(void *given) {
  usleep(50000);
  put(*(const int *)given, "thread");
  usleep(50000);
  done(*(const int *)given);
  usleep(50000);
  exit(0);
}

static void main_thread_ends_first(void) {
  static int fd;
  fd = made("f");
  pthread_t thread;
  pthread_create(&thread, NULL, write_later, &fd);
  pthread_exit(NULL);
}

static void *fork_and_wait(void *given) {
  if (child() == 0) {
    put(*(const int *)given, "child");
    _exit(0);
  }
  wait_for_children();
  return NULL;
}

static void forked_by_thread(void) {
  int fd = made("f");
  pthread_t thread;
  pthread_create(&thread, NULL, fork_and_wait, &fd);
  pthread_join(thread, NULL);
  put(fd, "main");
  done(fd);
}

/* The receiver keeps what it got for a while, as a program does that works with a file. */
static void over_a_socket(void) {
  int ends[2];
  MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
  if (child() == 0) {
    done(ends[0]);
    const int fd = received_descriptor(ends[1]);
    put(fd, "child");
    work();
    done(fd);
    _exit(0);
  }
  const int fd = made("f");
  put(fd, "me");
  send_descriptor(ends[0], fd);
  done(fd);
  wait_for_children();
}

static void over_a_socket_and_kept(void) {
  int ends[2];
  MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
  if (child() == 0) {
    done(ends[0]);
    const int fd = received_descriptor(ends[1]);
    put(fd, "child");
    work();
    _exit(0);
  }
  const int fd = made("f");
  send_descriptor(ends[0], fd);
  wait_for_children();
  put(fd, "me");
  done(fd);
}

static void taken_from_another(void) {
  int ends[2];
  MUST(pipe2(ends, 0));
  const int pid = child();
  if (pid == 0) {
    char byte;
    MUST(CALL(dup2, made("f"), COPY));
    put(COPY, "child");
    close(made("ready"));
    done(ends[1]);
    MUST(read(ends[0], &byte, 1));
    _exit(0);
  }
  wait_for_file("ready");
  const int process = (int)POSSIBLE(CALL(pidfd_open, pid, 0));
  const int fd = (int)POSSIBLE(CALL(pidfd_getfd, process, COPY, 0));
  put(fd, "me");
  work();
  done(fd);
  done(ends[1]);
  wait_for_children();
}

/* The process that has `held` open ran before the listener did (main.c). */
static void held_before(void) {
  const int fifo = opened("../../go-" ABI, O_WRONLY);
  put(fifo, "x");
  done(fifo);
  wait_for_file("../../ended-" ABI);
}

const struct situation descriptors[] = {
    {"dup", by_dup, NULL, false},
    {"dup2", by_dup2, NULL, false},
    {"dup2-in-place", dup2_in_place, NULL, false},
    {"dup2-by-unrecorded", dup2_by_unrecorded, NULL, false},
    {"dup2-onto-itself", dup2_onto_itself, NULL, false},
    {"dup3-cloexec", by_dup3, NULL, false},
    {"fcntl-dupfd", by_fcntl, NULL, false},
#ifdef SYS_fcntl64
    {"fcntl64-dupfd", by_fcntl64, NULL, false},
#endif
    {"fcntl-dupfd-cloexec", by_fcntl_on_exec, NULL, false},
    {"fcntl-setfd", marked_by_fcntl, NULL, false},
    {"fcntl-setfd-none", unmarked_by_fcntl, NULL, false},
    {"ioctl-fioclex", marked_by_ioctl, NULL, false},
    {"ioctl-fionclex", unmarked_by_ioctl, NULL, false},
    {"exec-cloexec", opened_close_on_exec, NULL, false},
    {"exec-kept", kept_on_exec, NULL, false},
    {"exec-failing", failing_exec, NULL, false},
    {"exec-by-thread", exec_by_thread, NULL, false},
    {"close_range", closed_by_range, NULL, false},
    {"close_range-cloexec", marked_by_range, NULL, false},
    {"close_range-unshare", closed_by_range_apart, NULL, false},
    {"exit", closed_by_exit, NULL, false},
    {"kill", closed_by_kill, NULL, false},
    {"fork-both-write", both_write, NULL, false},
    {"fork-child-goes-on", child_goes_on, NULL, false},
    {"fork-child-only-ends", child_only_ends, NULL, false},
    {"fork-before-open", opened_after_fork, NULL, false},
    {"vfork", by_vfork, NULL, false},
    {"redirected", redirected, NULL, false},
    {"posix_spawn", spawned, NULL, false},
    {"clone-files-opened", opened_in_shared_table, NULL, true},
    {"clone-files-closed", closed_in_shared_table, NULL, false},
    {"clone3-files", shared_by_clone3, NULL, true},
    {"unshare-files", unshared, NULL, false},
    {"clone-files-exec", shared_then_exec, NULL, false},
    {"thread-writes", by_thread, NULL, false},
    {"thread-opens", opened_by_thread, NULL, false},
    {"thread-outlives-main", main_thread_ends_first, NULL, false},
    {"thread-forks", forked_by_thread, NULL, false},
    {"scm_rights", over_a_socket, NULL, true},
    {"scm_rights-kept", over_a_socket_and_kept, NULL, true},
    {"pidfd_getfd", taken_from_another, NULL, true},
    {"open-before", held_before, NULL, false},
    {NULL, NULL, NULL, false},
};
