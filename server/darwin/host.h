/*
 * Host: what the macOS backend knows of the machine that it runs on, found out once by
 * platform_create() and constant from then on.
 */
#ifndef DARWIN_HOST_H
#define DARWIN_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "platform.h"

struct reports;
struct smc_keys;

struct host_memory {
	struct smc_keys *smc_keys; /* see smc.h; NULL: not yet */
};

struct host {
	/*
	 * Nanoseconds of a tick of the kernel's times: those of processes, threads and coalitions.
	 * Not by mach_timebase_info(), which tells programs under Rosetta of another clock.
	 */
	struct scale tick;
	uint64_t own_page_size; /* of this process: 4096 under Rosetta */
	uint64_t page_size;     /* of the kernel, in which it counts memory */
	uint32_t darwin;        /* version of the kernel: 100 * major + minor, 2305 for 23.5 */
	bool is_arm;            /* Apple Silicon, whatever we are compiled for */
	bool is_virtual;        /* in a virtual machine */
	bool is_translated;     /* we are compiled for Intel, and Rosetta runs us */
	uint32_t core_kinds;    /* how many there are: 2, for performance and efficiency */
	uint32_t uid;           /* our own, effective */
	uint32_t port;          /* mach_host_self(): each call gives another right to it */
	/* May we read the ledgers of all users' processes? The kernel says so, but Apple's policies
	 * are closed: the process of pid 1 was asked for. */
	bool has_foreign_ledgers;
	/* What tables have found out while they were open, and need not find out again. The loop's
	 * thread alone looks at it. */
	struct host_memory *memory;
	char model[64];  /* "MacBookPro18,3" */
	char system[32]; /* version of macOS: "14.5" */
	char description[256];
	struct reports *reports; /* see ioreport.h */
};

/* Of struct host.darwin: macOS 13.0, 14.3, 15.0. */
#define DARWIN_13_0 2200
#define DARWIN_14_3 2303
#define DARWIN_15_0 2400

/* 0, or a negative errno and a sentence. */
int host_init(
	struct host *self, const struct platform_config *config, char *error, size_t size);
void host_finish(struct host *self);

/* A sysctl's number of 4 or 8 bytes; false: there is none of that name. */
bool host_sysctl(const char *name, uint64_t *ret_number);
/* A sysctl's text; "" if there is none. */
void host_sysctl_text(const char *name, char *text, size_t size);

/* What an errno of a call about a process means: a state or SAMPLE_GONE. */
int host_state_of(int error);

#endif
