/*
 * A second reader of audit's records, which knows nothing of godo: what the kernel queued, whoever took it.
 *
 *     audit-witness UID
 *
 * Reads the multicast group (the kernel gives it every record before it tries to give it to a daemon) and says "ready". Told
 * to end (SIGTERM) it reads what is left, and says as one line of JSON what there was, by the serials: of calls of UID `events`,
 * `records`, and how many records of them are `missing` that their SYSCALL record announces; of `others` events and records,
 * changes of audit's rules and settings left out. `headless`: events without their first record. `overruns`: how often it was
 * too slow itself; then it is no witness. `runs`: which serials there were, in their order: first one, how many, and of whom (0
 * UID, 1 others, 2 changes of audit).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/audit.h>
#include <linux/netlink.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "fail.h"
#include "until-term.h"

struct event {
	uint16_t records, items, paths;
	uint8_t changes, first, ours, cwd, execve, awaits_execve, mmap, awaits_mmap, end;
};

/* Of one thousand million serials one part is looked at: from a little before the first on. */
#define SERIALS (1u << 23)
#define BEFORE 4096u
static struct event *events;
static uint32_t base;
static int any;

static unsigned long number(const char *text, const char *name)
{
	const char *at = strstr(text, name);
	return at == NULL ? 0 : strtoul(at + strlen(name), NULL, 10);
}

static int is_anonymous(const char *text)
{
	const char *flags = strstr(text, " a3=");
	return flags == NULL || (strtoul(flags + 4, NULL, 16) & MAP_ANONYMOUS) != 0;
}

static void see(int type, const char *text, const char *uid)
{
	const char *colon = strchr(text, ':');
	if (strncmp(text, "audit(", 6) != 0 || colon == NULL)
		return;
	uint32_t serial = strtoul(colon + 1, NULL, 10);
	if (!any)
		base = serial - BEFORE;
	any = 1;
	if (serial - base >= SERIALS) {
		fprintf(stderr, "more serials than there is room for\n");
		exit(1);
	}
	struct event *event = &events[serial - base];
	if (type == AUDIT_CONFIG_CHANGE) {
		event->changes++;
		return;
	}
	event->records++;
	switch (type) {
	case AUDIT_SYSCALL:
		event->first = 1;
		event->ours = strstr(text, uid) != NULL;
		event->items = number(text, " items=");
		event->awaits_execve = number(text, " syscall=") == SYS_execve && strstr(text, " success=yes ") != NULL;
		event->awaits_mmap = number(text, " syscall=") == SYS_mmap && strstr(text, " success=yes ") != NULL && !is_anonymous(text);
		break;
	case AUDIT_PATH:
		event->paths++;
		break;
	case AUDIT_CWD:
		event->cwd = 1;
		break;
	case AUDIT_EXECVE:
		event->execve = 1;
		break;
	case AUDIT_MMAP:
		event->mmap = 1;
		break;
	case AUDIT_EOE:
		event->end = 1;
		break;
	}
}

static unsigned missing(const struct event *event)
{
	return (event->items > event->paths ? event->items - event->paths : 0) + (event->items > 0 && !event->cwd) +
	       (event->awaits_execve && !event->execve) + (event->awaits_mmap && !event->mmap) + !event->end;
}

static int whose(const struct event *event)
{
	if (event->records == 0)
		return event->changes > 0 ? 2 : -1;
	return event->ours ? 0 : 1;
}

static void tell_runs(void)
{
	const char *between = "";
	printf("\"runs\":[");
	for (uint32_t index = 0, next; index < SERIALS; index = next) {
		int kind = whose(&events[index]);
		for (next = index + 1; next < SERIALS && whose(&events[next]) == kind; next++)
			;
		if (kind < 0)
			continue;
		printf("%s[%u,%u,%d]", between, base + index, next - index, kind);
		between = ",";
	}
	printf("]");
}

static void tell(unsigned long overruns)
{
	unsigned long ours[2] = { 0 }, others[2] = { 0 }, lacking = 0, incomplete = 0, headless = 0;
	for (uint32_t index = 0; index < SERIALS; index++) {
		const struct event *event = &events[index];
		if (event->records == 0)
			continue;
		unsigned long *sum = event->ours ? ours : others;
		sum[0]++;
		sum[1] += event->records;
		if (!event->first && (event->cwd || event->paths || event->execve || event->end))
			headless++;
		if (event->ours && missing(event) > 0) {
			incomplete++;
			lacking += missing(event);
		}
	}
	printf("{\"events\":%lu,\"records\":%lu,\"incomplete\":%lu,\"missing\":%lu,\"headless\":%lu,"
	       "\"others\":{\"events\":%lu,\"records\":%lu},\"overruns\":%lu,",
	       ours[0], ours[1], incomplete, lacking, headless, others[0], others[1], overruns);
	tell_runs();
	printf("}\n");
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	char uid[32];
	snprintf(uid, sizeof uid, " uid=%s ", argv[1]);
	events = calloc(SERIALS, sizeof *events);
	int socket_fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT);
	struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = 1u << (AUDIT_NLGRP_READLOG - 1) };
	int room = 512 << 20;
	if (events == NULL || socket_fd < 0)
		fail("socket");
	if (setsockopt(socket_fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room) < 0)
		fail("SO_RCVBUFFORCE");
	if (bind(socket_fd, (struct sockaddr *)&address, sizeof address) < 0)
		fail("bind");
	go_on_until_term();
	printf("ready\n");
	fflush(stdout);
	static char memory[65536];
	unsigned long overruns = 0;
	for (;;) {
		ssize_t length = recv(socket_fd, memory, sizeof memory - 1, MSG_DONTWAIT);
		if (length < 0 && errno == ENOBUFS) {
			overruns++;
		} else if (length < 0 && errno == EAGAIN) {
			struct pollfd waits = { .fd = socket_fd, .events = POLLIN };
			/* Told to end: what the kernel still holds comes within this time. */
			int ready = poll(&waits, 1, over ? 300 : 1000);
			if (over && ready == 0)
				break;
		} else if (length < 0 && errno != EINTR) {
			fail("recv");
		} else if (length > (ssize_t)sizeof(struct nlmsghdr)) {
			/* Of audit records nlmsg_len is not to be trusted: one message is one datagram. */
			memory[length] = 0;
			see(((struct nlmsghdr *)memory)->nlmsg_type, memory + NLMSG_HDRLEN, uid);
		}
	}
	tell(overruns);
	return 0;
}
