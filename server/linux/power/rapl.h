/*
 * RAPL: the energy meters inside of processors of Intel and AMD, which the kernel shows as zones
 * of powercap (Documentation/power/powercap/powercap.rst).
 */
#ifndef LINUX_RAPL_H
#define LINUX_RAPL_H

#include <stdbool.h>
#include <stdint.h>

struct host;

enum { RAPL_NAME_SIZE = 64, RAPL_PATH_SIZE = 512 };

struct rapl_zone {
	char path[RAPL_PATH_SIZE];    /* of its directory */
	char name[RAPL_NAME_SIZE];    /* "package-0", "package-0 core", "psys" */
	char part_of[RAPL_NAME_SIZE]; /* the zone that has its energy in it; "": none has */
	bool package;
	/* A package or memory: what may be added up. The meter of the whole machine (psys) has
	 * all others in it. */
	bool adds_up;
	uint64_t range; /* µJ, behind which energy_uj wraps around; 0: not known */
};

/* Calls visit() for each zone with a meter. A package that shows twice, by its registers and by
 * its memory (MMIO), is one. Nothing that may block is read. */
void rapl_scan(const struct host *host,
	void (*visit)(void *context, const struct rapl_zone *zone), void *context);

#define RAPL_REMEDY                                                                            \
	"the energy of processors, which is for root alone since Linux 5.10, for its course "  \
	"betrays what programs compute (CVE-2020-8694): run procmond as root, or let a group " \
	"of trusted users read it, at each boot (a line in /etc/tmpfiles.d: z "                \
	"/sys/class/powercap/*/energy_uj 0440 root GROUP), and run procmond in that group"

#endif
