/*
 * Starts a program and waits for it, over and over:
 *
 *     spawn-loop SPAWNS PROGRAM
 */
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

extern char **environ;

int main(int argc, char **argv)
{
	if (argc != 3)
		return 2;
	long spawns = atol(argv[1]);
	char *command[] = { argv[2], NULL };
	for (long n = 0; n < spawns; n++) {
		pid_t child;
		int error = posix_spawn(&child, argv[2], NULL, NULL, command, environ), status;
		if (error != 0) {
			fprintf(stderr, "%s: %s\n", argv[2], strerror(error));
			return 1;
		}
		while (waitpid(child, &status, 0) < 0)
			if (errno != EINTR)
				return 1;
		if (status != 0)
			return 1;
	}
	return 0;
}
