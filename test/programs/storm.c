/*
 * Makes very many processes that end at once:
 *
 *     storm PARENTS CHILDREN [NICE]
 *
 * PARENTS processes (`storm parent K CHILDREN`) each start CHILDREN programs (`storm child K-N`) one after the other, by
 * fork and vfork in turn; child N ends with exit code N % 251. With NICE they are content with what processors have to spare
 * (nice(2)). All of them are this program, so that it needs nothing else.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void start(char *argument[], int share_memory)
{
	pid_t child = share_memory ? vfork() : fork();
	if (child == 0) {
		execv("/proc/self/exe", argument);
		_exit(255);
	}
	if (child < 0) {
		perror("fork");
		exit(1);
	}
}

static void wait_for(int code)
{
	int status;
	if (wait(&status) < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != code) {
		fprintf(stderr, "a child ended with status %x and not with exit code %d\n", status, code);
		exit(1);
	}
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "child") == 0)
		return atoi(strchr(argv[2], '-') + 1) % 251;
	if (argc == 4 && strcmp(argv[1], "parent") == 0) {
		for (int n = 0; n < atoi(argv[3]); n++) {
			char name[32];
			snprintf(name, sizeof name, "%s-%d", argv[2], n);
			start((char *[]){ argv[0], "child", name, NULL }, n % 2);
			wait_for(n % 251);
		}
		return 0;
	}
	if (argc < 3 || argc > 4)
		return 2;
	if (argc == 4 && nice(atoi(argv[3])) < 0)
		perror("nice");
	for (int k = 0; k < atoi(argv[1]); k++) {
		char name[32];
		snprintf(name, sizeof name, "%d", k);
		start((char *[]){ argv[0], "parent", name, argv[2], NULL }, 0);
	}
	for (int k = 0; k < atoi(argv[1]); k++)
		wait_for(0);
	return 0;
}
