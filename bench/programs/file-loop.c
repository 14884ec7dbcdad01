/*
 * Opens a file for writing, writes to it and closes it, over and over:
 *
 *     file-loop FOLDER SESSIONS
 *
 * Ten files in turn, made anew by this program, so that a listener sees paths that come again as in real life. Each
 * session is three system calls: openat, write (16 bytes), close.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { files = 10 };

int main(int argc, char **argv)
{
	if (argc != 3)
		return 2;
	char path[files][4096];
	for (int i = 0; i < files; i++)
		snprintf(path[i], sizeof path[i], "%s/file-%d", argv[1], i);
	long sessions = atol(argv[2]);
	for (long n = 0; n < sessions; n++) {
		int fd = open(path[n % files], O_WRONLY | O_CREAT, 0600);
		if (fd < 0 || write(fd, "sixteen bytes...", 16) != 16 || close(fd) != 0) {
			perror(path[n % files]);
			return 1;
		}
	}
	return 0;
}
