/*
 * Executes programs in every way there is:
 *
 *     execs CASE FOLDER
 *
 * What it executes in the end is itself as `execs leaf CASE …`, which ends with exit code 7.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;
static const char *self, *name, *folder;

static void fail(const char *what)
{
	perror(what);
	exit(99);
}

static char **leaf(void)
{
	static char *argv[4];
	argv[0] = (char *)self;
	argv[1] = "leaf";
	argv[2] = (char *)name;
	return argv;
}

static void become_leaf(void)
{
	execv(self, leaf());
	fail("execv");
}

/* Waits for every child, adopted ones too; each must have ended with this exit code. */
static void wait_for_all(int code)
{
	int status;
	while (wait(&status) > 0)
		if (!WIFEXITED(status) || WEXITSTATUS(status) != code) {
			fprintf(stderr, "%s: a child ended with status %x\n", name, status);
			exit(98);
		}
}

static void copy_self(const char *to)
{
	int from = open(self, O_RDONLY | O_CLOEXEC), out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
	struct stat info;
	if (from < 0 || out < 0 || fstat(from, &info) != 0 || sendfile(out, from, NULL, info.st_size) != info.st_size)
		fail(to);
	close(from);
	close(out);
}

static void write_script(const char *path, const char *line)
{
	FILE *script = fopen(path, "w");
	fprintf(script, "#!%s\n", line);
	fclose(script);
	chmod(path, 0755);
}

/* Executes a copy of itself by its descriptor, whose name is gone by then if `unlinked`. */
static void run_copy(const char *path, int unlinked)
{
	copy_self(path);
	if (fork() == 0) {
		int fd = open(path, O_PATH | O_CLOEXEC);
		if (unlinked)
			unlink(path);
		fexecve(fd, leaf(), environ);
		fail("fexecve");
	}
}

static void *thread_execs(void *unused)
{
	(void)unused;
	become_leaf();
	return NULL;
}

static int clone_execs(void *unused)
{
	(void)unused;
	become_leaf();
	return 0;
}

static void run(void)
{
	char path[4096], line[8300];
	if (strcmp(name, "execve") == 0) {
		if (fork() == 0)
			become_leaf();
	} else if (strcmp(name, "vfork") == 0) {
		if (vfork() == 0)
			become_leaf();
	} else if (strcmp(name, "posix_spawn") == 0) {
		pid_t child;
		if (posix_spawn(&child, self, NULL, NULL, leaf(), environ) != 0)
			fail("posix_spawn");
	} else if (strcmp(name, "clone3") == 0) {
		struct clone_args arguments = { .exit_signal = SIGCHLD };
		if (syscall(SYS_clone3, &arguments, sizeof arguments) == 0)
			become_leaf();
	} else if (strcmp(name, "fexecve") == 0) {
		if (fork() == 0) {
			fexecve(open(self, O_PATH | O_CLOEXEC), leaf(), environ);
			fail("fexecve");
		}
	} else if (strcmp(name, "execveat") == 0) {
		snprintf(path, sizeof path, "%s/below", folder);
		copy_self(path);
		if (fork() == 0) {
			syscall(SYS_execveat, open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC), "below", leaf(), environ, 0);
			fail("execveat");
		}
	} else if (strcmp(name, "memfd") == 0) {
		int memory = memfd_create("hidden", MFD_CLOEXEC), from = open(self, O_RDONLY | O_CLOEXEC);
		struct stat info;
		if (fstat(from, &info) != 0 || sendfile(memory, from, NULL, info.st_size) != info.st_size)
			fail("memfd");
		if (fork() == 0) {
			fexecve(memory, leaf(), environ);
			fail("fexecve");
		}
	} else if (strcmp(name, "script") == 0) {
		snprintf(path, sizeof path, "%s/script", folder);
		snprintf(line, sizeof line, "%s leaf", self);
		write_script(path, line);
		if (fork() == 0) {
			execl(path, "ignored", name, NULL);
			fail(path);
		}
	} else if (strcmp(name, "script_chain") == 0) {
		snprintf(path, sizeof path, "%s/inner", folder);
		snprintf(line, sizeof line, "%s leaf", self);
		write_script(path, line);
		snprintf(line, sizeof line, "%s two", path);
		snprintf(path, sizeof path, "%s/outer", folder);
		write_script(path, line);
		if (fork() == 0) {
			execl(path, "ignored", name, NULL);
			fail(path);
		}
	} else if (strcmp(name, "script_relative") == 0 || strcmp(name, "script_descriptor") == 0) {
		snprintf(path, sizeof path, "%s/script", folder);
		snprintf(line, sizeof line, "%s leaf", self);
		write_script(path, line);
		if (fork() == 0) {
			char *with_name[] = { "ignored", (char *)name, NULL };
			if (chdir(folder) != 0)
				fail(folder);
			if (strcmp(name, "script_relative") == 0)
				execv("./script", with_name);
			else
				fexecve(dup2(open("script", O_RDONLY | O_CLOEXEC), 100), with_name, environ);
			fail(path);
		}
	} else if (strcmp(name, "relative_failed") == 0) {
		if (fork() == 0) {
			if (chdir(folder) != 0)
				fail(folder);
			execl("./nothing", "nothing", NULL);
			become_leaf();
		}
	} else if (strcmp(name, "failed") == 0) {
		if (fork() == 0) {
			execl("/no/such/program", "no-such-program", "argument", NULL);
			become_leaf();
		}
	} else if (strcmp(name, "denied") == 0) {
		snprintf(path, sizeof path, "%s/denied", folder);
		close(open(path, O_WRONLY | O_CREAT, 0644));
		if (fork() == 0) {
			execl(path, "denied", NULL);
			become_leaf();
		}
	} else if (strcmp(name, "thread") == 0) {
		if (fork() == 0) {
			pthread_t thread;
			pthread_create(&thread, NULL, thread_execs, NULL);
			for (;;)
				pause();
		}
	} else if (strcmp(name, "twice") == 0) {
		if (fork() == 0) {
			char *again[] = { (char *)self, "again", (char *)name, NULL };
			execv(self, again);
			fail("execv");
		}
	} else if (strcmp(name, "clone_parent") == 0) {
		if (fork() == 0) {
			static char stack[65536] __attribute__((aligned(16)));
			if (clone(clone_execs, stack + sizeof stack, CLONE_PARENT | SIGCHLD, NULL) < 0)
				fail("clone");
			exit(7);
		}
	} else if (strcmp(name, "double_fork") == 0) {
		if (fork() == 0) {
			if (fork() == 0) {
				/* Until it has been adopted by init. */
				while (getppid() != 1)
					usleep(1000);
				become_leaf();
			}
			exit(7);
		}
		wait_for_all(7);
		usleep(300000);
	} else if (strcmp(name, "subreaper") == 0) {
		prctl(PR_SET_CHILD_SUBREAPER, 1);
		pid_t reaper = getpid();
		if (fork() == 0) {
			if (fork() == 0) {
				while (getppid() != reaper)
					usleep(1000);
				become_leaf();
			}
			exit(7);
		}
	} else if (strcmp(name, "pid_namespace") == 0) {
		if (unshare(CLONE_NEWPID) != 0)
			fail("unshare");
		if (fork() == 0) {
			/* Number 1 there; its child is number 2. */
			if (fork() == 0)
				become_leaf();
			wait_for_all(7);
			exit(7);
		}
	} else if (strcmp(name, "deleted") == 0) {
		snprintf(path, sizeof path, "%s/deleted", folder);
		run_copy(path, 1);
	} else if (strcmp(name, "like_deleted") == 0) {
		snprintf(path, sizeof path, "%s/x (deleted)", folder);
		copy_self(path);
		if (fork() == 0) {
			execv(path, leaf());
			fail("execv");
		}
	} else if (strcmp(name, "like_deleted_by_descriptor") == 0) {
		snprintf(path, sizeof path, "%s/x (deleted)", folder);
		run_copy(path, 0);
	} else if (strcmp(name, "like_deleted_and_deleted") == 0) {
		snprintf(path, sizeof path, "%s/x (deleted)", folder);
		run_copy(path, 1);
	} else if (strcmp(name, "relative") == 0) {
		snprintf(path, sizeof path, "%s/relative", folder);
		copy_self(path);
		if (fork() == 0) {
			if (chdir(folder) != 0)
				fail(folder);
			execl("./relative", "./relative", "leaf", name, NULL);
			fail("execl");
		}
	} else if (strcmp(name, "link") == 0) {
		snprintf(path, sizeof path, "%s/link", folder);
		if (symlink(self, path) != 0)
			fail("symlink");
		if (fork() == 0) {
			execl(path, "link", "leaf", name, NULL);
			fail("execl");
		}
	} else if (strcmp(name, "empty_arguments") == 0) {
		if (fork() == 0) {
			execl(self, "", "leaf", name, "", "", NULL);
			fail("execl");
		}
	} else if (strcmp(name, "no_arguments") == 0) {
		if (fork() == 0) {
			char *nothing[] = { NULL };
			execv(self, nothing);
			fail("execv");
		}
	} else if (strcmp(name, "odd_arguments") == 0) {
		if (fork() == 0) {
			execl(self, self, "leaf", name, "two\nlines", "a b\t\"'\\", "\xff\xfe invalid", "\x1b[31mred", "a1=\"b\"", NULL);
			fail("execl");
		}
	} else if (strcmp(name, "many_arguments") == 0) {
		static char numbers[100000][8], *argv[100005];
		argv[0] = (char *)self;
		argv[1] = "leaf";
		argv[2] = (char *)name;
		for (int i = 0; i < 100000; i++) {
			snprintf(numbers[i], sizeof numbers[i], "%d", i);
			argv[3 + i] = numbers[i];
		}
		if (fork() == 0) {
			execv(self, argv);
			fail("execv");
		}
	} else if (strcmp(name, "long_argument") == 0) {
		/* 128 KiB with its end: the most that the kernel takes. */
		static char text[131072];
		for (size_t i = 0; i < sizeof text - 1; i++)
			text[i] = "0123456789abcdef"[i / 7 % 16];
		if (fork() == 0) {
			execl(self, self, "leaf", name, text, NULL);
			fail("execl");
		}
	} else if (strcmp(name, "killed") == 0) {
		if (fork() == 0) {
			char *then[] = { (char *)self, "kill", (char *)name, NULL };
			execv(self, then);
		}
		wait(NULL);
	} else if (strcmp(name, "core") == 0) {
		if (fork() == 0) {
			struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };
			setrlimit(RLIMIT_CORE, &all);
			if (chdir(folder) != 0)
				fail(folder);
			char *then[] = { (char *)self, "abort", (char *)name, NULL };
			execv(self, then);
		}
		wait(NULL);
	} else {
		fprintf(stderr, "no case %s\n", name);
		exit(97);
	}
	wait_for_all(7);
}

int main(int argc, char **argv)
{
	static char path[4096];
	if (argc < 3)
		return 7;
	if (strcmp(argv[1], "leaf") == 0)
		return 7;
	/* As a script's interpreter: `execs leaf FOLDER/script CASE`. */
	if (readlink("/proc/self/exe", path, sizeof path - 1) < 0)
		fail("/proc/self/exe");
	self = path;
	name = argv[2];
	if (strcmp(argv[1], "again") == 0)
		become_leaf();
	if (strcmp(argv[1], "kill") == 0)
		kill(getpid(), SIGUSR1);
	if (strcmp(argv[1], "abort") == 0)
		abort();
	name = argv[1];
	folder = argv[2];
	run();
	return 0;
}
