/*
 * Another audit daemon: asks for the audit role until it has it (a daemon that lives is told of it, and may give it up), and
 * reads records for so many seconds.
 *
 *     take-role SECONDS
 */
#define _GNU_SOURCE
#include <linux/audit.h>
#include <linux/netlink.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { most_messages = 64, message_bytes = 9000 };

/* What the kernel answers: 0 or a negative error. */
static int ask(int audit, unsigned pid)
{
	struct {
		struct nlmsghdr head;
		struct audit_status status;
	} request = {
		.head = { sizeof request, AUDIT_SET, NLM_F_REQUEST | NLM_F_ACK, 1, 0 },
		.status = { .mask = AUDIT_STATUS_PID, .pid = pid },
	};
	char answer[message_bytes];
	if (send(audit, &request, sizeof request, 0) < 0)
		return -1;
	for (;;) {
		if (recv(audit, answer, sizeof answer, 0) < (ssize_t)NLMSG_HDRLEN)
			return -1;
		struct nlmsghdr *head = (struct nlmsghdr *)answer;
		if (head->nlmsg_type == NLMSG_ERROR)
			return ((struct nlmsgerr *)NLMSG_DATA(head))->error;
	}
}

static double now(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	int audit = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT), bytes = 16 << 20;
	setsockopt(audit, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes);
	double asks = now() + 20;
	while (ask(audit, getpid()) != 0) {
		if (now() > asks)
			return 1;
		usleep(200000);
	}
	static char memory[most_messages][message_bytes];
	struct iovec part[most_messages];
	struct mmsghdr message[most_messages] = { 0 };
	for (int n = 0; n < most_messages; n++) {
		part[n] = (struct iovec){ memory[n], message_bytes };
		message[n].msg_hdr.msg_iov = &part[n];
		message[n].msg_hdr.msg_iovlen = 1;
	}
	long records = 0;
	double end = now() + atof(argv[1]);
	struct pollfd waits = { audit, POLLIN, 0 };
	while (now() < end) {
		if (poll(&waits, 1, 100) <= 0)
			continue;
		int count = recvmmsg(audit, message, most_messages, MSG_DONTWAIT, NULL);
		if (count > 0)
			records += count;
	}
	ask(audit, 0);
	printf("%ld records\n", records);
	return 0;
}
