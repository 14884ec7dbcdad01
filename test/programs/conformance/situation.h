/* What all situations of the conformance table share. Each runs in a process and a folder of its own, where the file
 * `old` ("text") and the folder `dir` with the file `in` are already. It ends with code 0 when every call ended as it
 * should; 77: this kernel cannot do it; else it says which call did not. */
#pragma once
#define _GNU_SOURCE
#define _FILE_OFFSET_BITS 64
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

struct situation {
  const char *name;
  void (*run)(void);
  /* What must be there first, and is not part of it. */
  void (*before)(void);
  /* It waits for time to pass: others need not wait for it. */
  bool waits;
};

/* Each ends with an entry without a name. */
extern const struct situation opens[], writes[], mappings[], descriptors[], operations[], names[], rings[];

#ifdef __i386__
#define ABI "i386"
#else
#define ABI "x86_64"
#endif

long must(long result, const char *what, int line);
void fails(int error, long result, const char *what, int line);
long possible(long result, const char *what, int line);

/* The call itself, not what the C library makes of it. */
#define CALL(name, ...) syscall(SYS_##name, ##__VA_ARGS__)
#define MUST(call) must((long)(call), #call, __LINE__)
#define FAILS(error, call) (errno = 0, fails(error, (long)(call), #call, __LINE__))
/* A call that older kernels, or some file systems, do not have. */
#define POSSIBLE(call) possible((long)(call), #call, __LINE__)

int opened(const char *name, int flags);
int made(const char *name);
void put(int fd, const char *text);
void done(int fd);
/* As fork does: 0 in the child. */
int child(void);
void wait_for_children(void);
/* This process becomes a program that writes `text` to a descriptor, and ends. */
void become_writer(int fd, const char *text);
/* This process becomes a program that makes a file below a directory, writes "hello" to it, and ends. */
void become_opener(int directory, const char *name);
/* SCM_RIGHTS */
void send_descriptor(int socket, int fd);
int received_descriptor(int socket);
/* As a program does that works with its files for a while: so they can be looked at. */
void work(void);
/* Waits until another process made the file. */
void wait_for_file(const char *name);
