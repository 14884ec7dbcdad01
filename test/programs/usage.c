/*
 * Uses a known amount of processor time and memory, in several threads, and says what the kernel says of it to its
 * parent by wait4(2):
 *
 *     usage THREADS MS MIB
 *
 * A child runs THREADS threads for MS ms of processor time each, one of which fills MIB MiB of memory. The parent prints the
 * child's pid, its µs of processor time and its largest resident memory in KiB.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long milliseconds;

static long usedMs(void)
{
	struct timespec time;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
	return time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static void *work(void *bytes)
{
	if (bytes != NULL)
		memset(malloc((size_t)bytes), 1, (size_t)bytes);
	while (usedMs() < milliseconds)
		;
	return NULL;
}

int main(int argc, char **argv)
{
	if (argc != 4)
		return 2;
	int threads = atoi(argv[1]);
	milliseconds = atol(argv[2]);
	size_t bytes = (size_t)atol(argv[3]) << 20;
	pid_t child = fork();
	if (child == 0) {
		pthread_t others[16];
		for (int n = 1; n < threads && n < 16; n++)
			pthread_create(&others[n], NULL, work, NULL);
		work((void *)bytes);
		for (int n = 1; n < threads && n < 16; n++)
			pthread_join(others[n], NULL);
		return 0;
	}
	struct rusage used;
	if (child < 0 || wait4(child, NULL, 0, &used) != child)
		return 1;
	printf("%d %ld %ld\n", (int)child,
	       (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000000L + used.ru_utime.tv_usec + used.ru_stime.tv_usec,
	       used.ru_maxrss);
	return 0;
}
