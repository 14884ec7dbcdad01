/*
 * Runs a command, in several copies if asked, and says what it cost: wall time, and the CPU time, memory and written
 * blocks of all its descendants, those included that outlive their parents (a daemon's plugin).
 *
 *     measure RESULT COPIES GROUP COMMAND ARGUMENT...
 *
 * GROUP is the number of the group to run it as, or `-` for our own. `{}` in an argument is replaced by the number of the copy, from 1. RESULT gets two lines: `started PID...` as soon as
 * the copies run, and one JSON object when all have ended. SIGTERM, SIGINT and SIGHUP are passed on to the copies.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { max_copies = 64 };

static pid_t copies[max_copies];
static volatile sig_atomic_t started;

static void pass_on(int signal)
{
	for (int i = 0; i < started; i++)
		if (copies[i] > 0)
			kill(copies[i], signal);
}

static double seconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

static double seconds_of(struct timeval time)
{
	return time.tv_sec + time.tv_usec / 1e6;
}

/* The argument with every `{}` replaced; never freed, for exec takes it. */
static char *fill(const char *argument, int copy)
{
	char *filled = malloc(strlen(argument) * 6 + 1), *to = filled;
	while (*argument) {
		if (argument[0] == '{' && argument[1] == '}') {
			to += sprintf(to, "%d", copy);
			argument += 2;
		} else {
			*to++ = *argument++;
		}
	}
	*to = 0;
	return filled;
}

static pid_t start(char **command, int count, int copy, const char *group)
{
	pid_t parent = getpid(), child = fork();
	if (child != 0)
		return child;
	char **filled = calloc(count + 1, sizeof *filled);
	for (int i = 0; i < count; i++)
		filled[i] = fill(command[i], copy);
	/* Whoever kills us without a chance to pass it on must not leave a listener behind. */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(127);
	if (group[0] != '-' && (setgroups(0, NULL) != 0 || setgid(strtoul(group, NULL, 10)) != 0)) {
		perror("measure: group");
		_exit(127);
	}
	execvp(filled[0], filled);
	perror(filled[0]);
	_exit(127);
}

int main(int argc, char **argv)
{
	if (argc < 5) {
		fprintf(stderr, "usage: measure RESULT COPIES GROUP COMMAND ARGUMENT...\n");
		return 2;
	}
	FILE *result = fopen(argv[1], "we");
	int wanted = atoi(argv[2]);
	if (!result || wanted < 1 || wanted > max_copies) {
		fprintf(stderr, "measure: cannot write %s, or not 1 to %d copies\n", argv[1], max_copies);
		return 2;
	}
	/* Orphans of the command come to us. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	struct sigaction action = { .sa_handler = pass_on, .sa_flags = SA_RESTART };
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGHUP, &action, NULL);

	double began = seconds();
	for (int i = 0; i < wanted; i++) {
		copies[i] = start(argv + 4, argc - 4, i + 1, argv[3]);
		started = i + 1;
	}
	fprintf(result, "started");
	for (int i = 0; i < wanted; i++)
		fprintf(result, " %d", copies[i]);
	fprintf(result, "\n");
	fflush(result);

	double user = 0, system = 0, wall = 0;
	long rss = 0, blocks = 0;
	int code = 0, running = wanted, status;
	struct rusage used;
	pid_t ended;
	while ((ended = wait4(-1, &status, 0, &used)) > 0 || errno == EINTR) {
		if (ended <= 0)
			continue;
		user += seconds_of(used.ru_utime);
		system += seconds_of(used.ru_stime);
		blocks += used.ru_oublock;
		if (used.ru_maxrss > rss)
			rss = used.ru_maxrss;
		for (int i = 0; i < wanted; i++) {
			if (copies[i] != ended)
				continue;
			copies[i] = 0;
			int said = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
			if (said > code)
				code = said;
			if (--running == 0)
				wall = seconds() - began;
		}
	}
	fprintf(result, "{\"wallSeconds\":%.6f,\"userSeconds\":%.6f,\"systemSeconds\":%.6f,"
		"\"maxRssBytes\":%ld,\"writtenBytes\":%ld,\"code\":%d}\n",
		wall, user, system, rss * 1024, blocks * 512, code);
	fclose(result);
	return code;
}
