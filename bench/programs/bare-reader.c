/*
 * The least that an audit listener can do: takes the audit role, receives in batches, counts records, bytes and serials,
 * and throws everything away. What a listener costs beyond this is its own.
 *
 *     bare-reader
 *
 * Says `listening` when it has the role; at SIGTERM or SIGINT gives the role back, takes what is still queued, and says
 * in one JSON object what it counted. `missingSerials` are numbers between the first and the last that never came.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/audit.h>
#include <linux/netlink.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { batch = 128, message_bytes = 9216, first_record = 1300, last_record = 2999 };

static char buffers[batch][message_bytes];
static volatile sig_atomic_t stopping;

static void stop(int signal)
{
	(void)signal;
	stopping = 1;
}

/* Sends AUDIT_SET for the field; the answer, if any, comes among the records and is not counted as one. */
static void set_pid(int fd, uint32_t pid, int acknowledge)
{
	struct {
		struct nlmsghdr header;
		struct audit_status status;
	} request = {
		.header = {
			.nlmsg_len = sizeof request,
			.nlmsg_type = AUDIT_SET,
			.nlmsg_flags = NLM_F_REQUEST | (acknowledge ? NLM_F_ACK : 0),
			.nlmsg_seq = 1,
		},
		.status = { .mask = AUDIT_STATUS_PID, .pid = pid },
	};
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	if (sendto(fd, &request, sizeof request, 0, (struct sockaddr *)&kernel, sizeof kernel) < 0) {
		perror("bare-reader: AUDIT_SET");
		exit(1);
	}
}

struct counts {
	uint64_t records, bytes, overruns, missing, events;
	uint32_t last;
	int any;
};

/* The number between `:` and `)` of `audit(1700000000.123:4567): …`; the records of one event come together. */
static void count_serial(struct counts *counts, const char *text, size_t length)
{
	const char *colon = memchr(text, ':', length);
	if (!colon)
		return;
	uint32_t serial = 0;
	for (const char *digit = colon + 1; digit < text + length && *digit >= '0' && *digit <= '9'; digit++)
		serial = serial * 10 + (*digit - '0');
	int32_t ahead = (int32_t)(serial - counts->last);
	if (!counts->any || ahead > 0) {
		if (counts->any)
			counts->missing += ahead - 1;
		counts->last = serial;
		counts->events++;
		counts->any = 1;
	} else if (ahead < 0 && counts->missing > 0) {
		/* Events of two processors may overtake each other: this one was missed a moment ago. */
		static uint32_t last_late;
		if (serial != last_late) {
			counts->missing--;
			counts->events++;
		}
		last_late = serial;
	}
}

static void take(struct counts *counts, const char *message, unsigned received)
{
	const struct nlmsghdr *header = (const struct nlmsghdr *)message;
	if (received < sizeof *header || header->nlmsg_type < first_record || header->nlmsg_type > last_record)
		return;
	counts->records++;
	counts->bytes += received;
	count_serial(counts, message + sizeof *header, received - sizeof *header);
}

int main(void)
{
	struct sigaction action = { .sa_handler = stop };
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT);
	int socket_bytes = 32 * 1024 * 1024;
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &socket_bytes, sizeof socket_bytes) != 0) {
		perror("bare-reader: audit socket");
		return 1;
	}
	/* A signal that comes just before a receive would wait for the next record otherwise. */
	struct timeval patience = { .tv_usec = 200000 };
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	set_pid(fd, getpid(), 1);
	struct {
		struct nlmsghdr header;
		int error;
	} answer;
	if (recv(fd, &answer, sizeof answer, 0) < (ssize_t)sizeof answer || answer.header.nlmsg_type != NLMSG_ERROR ||
	    answer.error != 0) {
		fprintf(stderr, "bare-reader: the audit role is not to be had\n");
		return 1;
	}
	printf("listening\n");
	fflush(stdout);

	struct mmsghdr messages[batch];
	struct iovec parts[batch];
	memset(messages, 0, sizeof messages);
	for (int i = 0; i < batch; i++) {
		parts[i] = (struct iovec){ .iov_base = buffers[i], .iov_len = message_bytes };
		messages[i].msg_hdr.msg_iov = &parts[i];
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	struct counts counts = { 0 };
	for (;;) {
		int received = recvmmsg(fd, messages, batch, stopping ? MSG_DONTWAIT : MSG_WAITFORONE, NULL);
		for (int i = 0; i < received; i++)
			take(&counts, buffers[i], messages[i].msg_len);
		if (received >= 0 || errno == EINTR || (errno == EAGAIN && !stopping))
			continue;
		if (errno == ENOBUFS)
			counts.overruns++;
		else if (stopping == 1 && errno == EAGAIN) {
			/* The queue is empty: give the role back, and look once more. */
			set_pid(fd, 0, 0);
			stopping = 2;
		} else
			break;
	}
	printf("{\"records\":%llu,\"bytes\":%llu,\"events\":%llu,\"missingSerials\":%llu,\"overruns\":%llu}\n",
	       (unsigned long long)counts.records, (unsigned long long)counts.bytes, (unsigned long long)counts.events,
	       (unsigned long long)counts.missing, (unsigned long long)counts.overruns);
	return 0;
}
