/*
 * Energy: what a process or a coalition costs the battery, as a score that grows; its growth is the
 * energy impact.
 *
 * Apple's own library takes the energy that the kernel has measured of the threads where it does
 * (Apple Silicon); elsewhere it weighs what was used by the coefficients in /usr/share/pmenergy. These
 * here are those of its default.plist: seconds of CPU time for each second, wakeup and byte. The
 * files of boards are not read; they differ in the GPU, which is 0 here, and in the background.
 */
#ifndef DARWIN_ENERGY_H
#define DARWIN_ENERGY_H

#include <stdbool.h>
#include <stdint.h>

#include "host.h"

/* In the order of the kernel. */
enum energy_class {
	ENERGY_DEFAULT,
	ENERGY_MAINTENANCE,
	ENERGY_BACKGROUND,
	ENERGY_UTILITY,
	ENERGY_LEGACY,
	ENERGY_USER_INITIATED,
	ENERGY_USER_INTERACTIVE,
	ENERGY_CLASSES
};

/* Since it started. */
struct energy_use {
	uint64_t cpu, classes[ENERGY_CLASSES]; /* ticks; the classes are parts of cpu */
	uint64_t idle_wakeups, read, written;
	uint64_t energy_nj; /* ABSENT_U64: not measured */
};

/* Is energy measured on this machine? Then the score is in nJ; else 100 is a ns of CPU time. */
bool energy_is_measured(const struct host *host);
uint64_t energy_score(const struct host *host, const struct energy_use *use);
/* top's POWER as a sum: 100 is a ns of CPU time, and each idle wakeup counts as 500 us of it. */
uint64_t energy_top_score(const struct host *host, const struct energy_use *use);

#endif
