#include "ending.h"

#include <inttypes.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>

/* Their numbers differ between systems; their names do not. */
static const struct {
	int number;
	const char *name;
} signals[] = {
	{SIGHUP, "HUP"},
	{SIGINT, "INT"},
	{SIGQUIT, "QUIT"},
	{SIGILL, "ILL"},
	{SIGTRAP, "TRAP"},
	{SIGABRT, "ABRT"},
	{SIGBUS, "BUS"},
	{SIGFPE, "FPE"},
	{SIGKILL, "KILL"},
	{SIGUSR1, "USR1"},
	{SIGSEGV, "SEGV"},
	{SIGUSR2, "USR2"},
	{SIGPIPE, "PIPE"},
	{SIGALRM, "ALRM"},
	{SIGTERM, "TERM"},
	{SIGXCPU, "XCPU"},
	{SIGXFSZ, "XFSZ"},
	{SIGVTALRM, "VTALRM"},
	{SIGPROF, "PROF"},
	{SIGSYS, "SYS"},
};

void ending_describe(char out[ENDING_MAX], uint64_t status)
{
	enum { SIGNAL_BITS = 0x7F, CORE_BIT = 0x80 };
	int number = (int)(status & SIGNAL_BITS);
	const char *core = status & CORE_BIT ? "core" : "", *name = "";

	if (number == 0) {
		snprintf(out, ENDING_MAX, "exit %" PRIu64, status >> 8 & 0xFF);
		return;
	}
	for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
		if (signals[i].number == number)
			name = signals[i].name;
	if (*name || *core)
		snprintf(out, ENDING_MAX, "signal %d (%s%s%s)", number, name,
			*name && *core ? ", " : "", core);
	else
		snprintf(out, ENDING_MAX, "signal %d", number);
}
