/* For a program that goes on until it is told to end (SIGTERM), and then ends in its own way. */
#pragma once
#include <signal.h>
#include <stddef.h>

static volatile sig_atomic_t over;

static void on_term(int signal)
{
	(void)signal;
	over = 1;
}

/* Without SA_RESTART: a call that waits is interrupted. */
static void go_on_until_term(void)
{
	struct sigaction action = { .sa_handler = on_term };
	sigaction(SIGTERM, &action, NULL);
}
