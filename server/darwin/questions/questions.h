/*
 * Questions: what of this backend only a real Mac can confirm, asked of the one that it runs on. The
 * answers are for a bug report: one line each, with numbers as the kernel gave them.
 *
 *	questions.c   all of them, in order
 *	processes.c   of the kernel about processes
 *	chip.c        of the registry and IOReport
 *	machine.c     of sensors, memory and network
 */
#ifndef DARWIN_QUESTIONS_H
#define DARWIN_QUESTIONS_H

#include "../host.h"
#include "platform.h"

struct asking {
	const struct host *host;
	platform_say *say;
	void *context;
	int pid; /* our own */
};

/* One line. */
void tell(const struct asking *self, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* By the clock of the kernel's times, which stands while the machine sleeps. */
void wait_a_while(uint64_t ns);

/* Of struct platform. */
void questions_ask(const struct platform *platform, platform_say *say, void *context);

/* ------------------------------------------------------------------ the questions */

typedef void question(const struct asking *self);

question ask_ledgers, ask_name_port, ask_rusage, ask_coalition, ask_footprint, ask_ports;
question ask_ioreport, ask_frequencies, ask_gpu_clients;
question ask_sensors, ask_vm_statistics, ask_interfaces, ask_shared_cache;

#endif
