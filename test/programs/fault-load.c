/*
 * A load that knows what it does:
 *
 *     fault-load FOLDER JOURNAL BATCHES FILES SPAWNS PAUSE UID
 *
 * A worker with the user id UID does BATCHES times: opens FILES new files (FOLDER/f000000, …), writes a byte into each and
 * closes it, and starts SPAWNS programs (`fault-load child N`). Nothing else that it does is a call that audit rules ask
 * for. After each batch this program, as who it was started by, removes the files and waits PAUSE ms; before it, it does the
 * same to a few files itself, which no rule asks for: what that takes is what this machine takes now. Told to end (SIGTERM)
 * it does no further batch.
 *
 * JOURNAL is shared memory, for to write into a file would be a call: 64-bit numbers of this machine, [batches done,
 * calls of open, write, close, forks, programs that were executed], then for each batch when it began and ended (ns since
 * the epoch), how long it took, how much of that the worker waited for a processor, when it began by CLOCK_MONOTONIC, and how
 * long the files beside it took, without what was waited for a processor (ns).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <semaphore.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "fail.h"
#include "until-term.h"

struct journal {
	uint64_t batches, opens, writes, closes, forks, execs;
	struct {
		uint64_t began, ended, took, waited, at, beside;
	} batch[];
};

struct turns {
	sem_t work, done;
	int over;
};

static uint64_t now(clockid_t clock)
{
	struct timespec time;
	clock_gettime(clock, &time);
	return time.tv_sec * 1000000000ull + time.tv_nsec;
}

/* What this process has waited for a processor, ns: the second number of /proc/PID/schedstat. Reading is not recorded. */
static uint64_t waited(int schedstat)
{
	char text[128];
	unsigned long long run = 0, wait = 0;
	ssize_t length = pread(schedstat, text, sizeof text - 1, 0);
	text[length < 0 ? 0 : length] = 0;
	sscanf(text, "%llu %llu", &run, &wait);
	return wait;
}

static void file_name(char *name, size_t size, const char *folder, long number)
{
	snprintf(name, size, "%s/f%06ld", folder, number);
}

#define BESIDE 50

static uint64_t write_beside(int schedstat, const char *folder)
{
	char name[4096];
	snprintf(name, sizeof name, "%s/beside", folder);
	uint64_t began = now(CLOCK_MONOTONIC), waits = waited(schedstat);
	for (int i = 0; i < BESIDE; i++) {
		int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
		if (fd < 0 || write(fd, "x", 1) != 1 || close(fd) < 0 || unlink(name) < 0)
			fail(name);
	}
	return now(CLOCK_MONOTONIC) - began - (waited(schedstat) - waits);
}

static void write_file(struct journal *journal, const char *folder, long number)
{
	char name[4096];
	file_name(name, sizeof name, folder, number);
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd < 0)
		fail(name);
	journal->opens++;
	if (write(fd, "x", 1) != 1)
		fail("write");
	journal->writes++;
	if (close(fd) < 0)
		fail("close");
	journal->closes++;
}

static void start_child(struct journal *journal, const char *program, long number)
{
	char text[24];
	snprintf(text, sizeof text, "%ld", number);
	char *argument[] = { (char *)program, "child", text, NULL };
	pid_t child = fork();
	if (child < 0)
		fail("fork");
	if (child == 0) {
		execv(program, argument);
		_exit(255);
	}
	journal->forks++;
	int status;
	if (waitpid(child, &status, 0) < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
		fail("child");
	journal->execs++;
}

static void work(struct journal *journal, struct turns *turns, char **argv)
{
	long batches = atol(argv[3]), files = atol(argv[4]), spawns = atol(argv[5]);
	uid_t uid = atol(argv[7]);
	int schedstat = open("/proc/self/schedstat", O_RDONLY | O_CLOEXEC);
	if (setgroups(0, NULL) < 0 || setresgid(uid, uid, uid) < 0 || setresuid(uid, uid, uid) < 0)
		fail("setresuid");
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (long n = 0; n < batches; n++) {
		while (sem_wait(&turns->work) < 0 && errno == EINTR);
		if (turns->over)
			break;
		uint64_t began = now(CLOCK_MONOTONIC), waits = waited(schedstat);
		journal->batch[n].at = began;
		journal->batch[n].began = now(CLOCK_REALTIME);
		for (long i = 0; i < files; i++)
			write_file(journal, argv[1], n * files + i);
		for (long i = 0; i < spawns; i++)
			start_child(journal, argv[0], n * spawns + i);
		journal->batch[n].ended = now(CLOCK_REALTIME);
		journal->batch[n].took = now(CLOCK_MONOTONIC) - began;
		journal->batch[n].waited = waited(schedstat) - waits;
		journal->batches++;
		sem_post(&turns->done);
	}
	_exit(0);
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "child") == 0)
		return 0;
	if (argc != 8)
		return 2;
	long batches = atol(argv[3]), files = atol(argv[4]), pause = atol(argv[6]);
	size_t size = sizeof(struct journal) + batches * sizeof((struct journal *)0)->batch[0];
	int fd = open(argv[2], O_RDWR | O_CREAT | O_TRUNC, 0600);
	if (fd < 0 || ftruncate(fd, size) < 0)
		fail(argv[2]);
	struct journal *journal = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	struct turns *turns = mmap(NULL, sizeof *turns, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (journal == MAP_FAILED || turns == MAP_FAILED || sem_init(&turns->work, 1, 0) < 0 || sem_init(&turns->done, 1, 0) < 0)
		fail("shared memory");
	pid_t worker = fork();
	if (worker < 0)
		fail("fork");
	if (worker == 0)
		work(journal, turns, argv);
	int schedstat = open("/proc/self/schedstat", O_RDONLY | O_CLOEXEC);
	go_on_until_term();
	for (long n = 0; n < batches && !over; n++) {
		journal->batch[n].beside = write_beside(schedstat, argv[1]);
		sem_post(&turns->work);
		struct timespec limit;
		clock_gettime(CLOCK_MONOTONIC, &limit);
		limit.tv_sec += 120;
		while (sem_clockwait(&turns->done, CLOCK_MONOTONIC, &limit) < 0)
			if (errno != EINTR)
				fail("a batch");
		for (long i = 0; i < files; i++) {
			char name[4096];
			file_name(name, sizeof name, argv[1], n * files + i);
			unlink(name);
		}
		if (!over)
			usleep(pause * 1000);
	}
	turns->over = 1;
	sem_post(&turns->work);
	int status;
	if (waitpid(worker, &status, 0) < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return 1;
	return 0;
}
