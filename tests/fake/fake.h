/*
 * A third platform, scripted: tests say which processes exist and what each source would
 * answer, and look at what was read.
 */
#ifndef TESTS_FAKE_FAKE_H
#define TESTS_FAKE_FAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "platform.h"

/* The sources, as in a real system one of each sort. */
enum fake_source {
	FAKE_IDENTITY, /* pid */
	FAKE_STAT,     /* gated: ppid, comm, cpu.total; nice drifts */
	FAKE_MEMORY,   /* gated, but drifts: mem.resident */
	FAKE_FILES,    /* not gated: files.open */
	FAKE_CMDLINE,  /* slow, gated: cmdline */
	FAKE_SMAPS,    /* slow, gated, drifts: mem.pss */
	FAKE_GPU,      /* not on this host: gpu.time */
	FAKE_DISK,     /* fast or slow as the process says, gated: disk.read */
	FAKE_EXIT,     /* gated: exit.status. It and cpu.total can be read after the end */
	FAKE_SOURCES
};

struct fake_process {
	uint64_t pid, identity;
	uint64_t activity; /* what the gate answers */
	uint64_t ppid, cpu_ns, resident, files, pss, disk, exit_status;
	int64_t nice;
	char comm[32], cmdline[64];
	int results[FAKE_SOURCES]; /* what a read answers: STATE_OK, or something else */
	uint64_t finished;         /* jobs of FAKE_DISK; each adds 1,000 to the sample */
	uint64_t reads[FAKE_SOURCES];
	bool touched;
	/* The provider's. */
	bool listed, dead, flash, ending;
	uint32_t slot;
};

/* A row of table COALITION: processes whose ppid is its identity belong to it. */
struct fake_group {
	uint64_t identity, parent;
	/* The provider's. */
	bool listed, dead;
	uint32_t slot;
};

enum { FAKE_PROCESSES_MAX = 4096, FAKE_GROUPS_MAX = 64 };

struct fake {
	struct platform platform;
	struct provider provider, groups_provider, threads_provider;
	const struct provider *providers[4];
	/* A test may give one a period. */
	struct source sources[FAKE_SOURCES], group_source;
	struct fake_process processes[FAKE_PROCESSES_MAX];
	struct fake_group groups[FAKE_GROUPS_MAX];
	uint32_t group_count;
	uint64_t
		target; /* identity of the process that THREAD is asked for; its only row has it */
	uint32_t count;
	uint64_t next_identity;
	uint32_t opens, closes, lists, gates; /* calls so far */
	uint32_t wanted;                      /* bit mask: what want() was told last */
	enum exits_wanted exits;              /* what list() was told last */
	int list_result; /* what list answers: 0, or an error before anything is done */
};

/* The one fake, made by platform_create(). */
extern struct fake *fake;

/* Clears everything and returns the platform. */
const struct platform *fake_create(void);

/* A new process, with values of its own. */
struct fake_process *fake_add(uint64_t pid);
struct fake_process *fake_find(uint64_t pid); /* alive, or NULL */
void fake_kill(uint64_t pid);
/* A new group below another one, 0 for none. The sums over its processes: cpu.total as
 * gpu.time, files.open as gpu.memory. */
struct fake_group *fake_add_group(uint64_t identity, uint64_t parent);
/* Its cpu time and exit status may still be set. */
struct fake_process *fake_exit(uint64_t pid, uint64_t exit_status);
/* One that came and went, so that no list() found it alive. */
struct fake_process *fake_flash(uint64_t pid, uint64_t exit_status);
/* It ran for so long: its activity moves. */
void fake_run(struct fake_process *process, uint64_t cpu_ns);
/* Reads of all processes, dead ones included. */
uint64_t fake_reads(enum fake_source source);

#endif
