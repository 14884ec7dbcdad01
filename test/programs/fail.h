/* For a program whose call failed that it cannot go on without. */
#pragma once
#include <stdio.h>
#include <stdlib.h>

static void fail(const char *what)
{
	perror(what);
	exit(1);
}
