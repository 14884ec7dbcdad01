/**
 * Has two files open, and does what it is told by a letter on its standard input:
 *   f  fills the kernel's queue of records: nothing that is done next is recorded while nobody takes them
 *   o  closes both, and opens two others, which get their numbers
 *   l  writes a byte to the first of those
 *   s  writes a byte to the second one, and closes it
 * Each is answered by the same letter on its standard output. Ends with its input.
 */

#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static int openFile(const char *path) {
  const int fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0644);
  if (fd < 0) err(1, "%s", path);
  return fd;
}

static void writeByte(int fd) {
  if (write(fd, "x", 1) != 1) err(1, "write");
}

/** Another file under the number that one had. */
static void replace(int fd, const char *path) {
  if (close(fd) != 0) err(1, "close");
  if (openFile(path) != fd) errx(1, "%s got another number", path);
}

int main(int argc, char **argv) {
  if (argc != 5) errx(2, "four names of files");
  const int first = openFile(argv[1]);
  const int second = openFile(argv[2]);
  writeByte(first);
  writeByte(second);
  char what = 'r';
  do {
    switch (what) {
      case 'f':
        for (int times = 0; times < 5000; times++) close(openFile("/dev/null"));
        break;
      case 'o':
        replace(first, argv[3]);
        replace(second, argv[4]);
        break;
      case 'l':
        writeByte(first);
        break;
      case 's':
        writeByte(second);
        if (close(second) != 0) err(1, "close");
        break;
      default:
        break;
    }
    if (write(STDOUT_FILENO, &what, 1) != 1) err(1, "answer");
  } while (read(STDIN_FILENO, &what, 1) == 1);
  return 0;
}
