/*
 * Cpu: table CPU, which has a row for each logical core. One file a source.
 *
 *	cpu.c         the table, and who the cores are
 *	model.c       what it is called
 *	kinds.c       of which kind each is, by the registry
 *	times.c       ticks of the kernel: host_processor_info()
 *	residency.c   what the hardware counted: IOReport, on Apple silicon
 */
#ifndef DARWIN_CPU_H
#define DARWIN_CPU_H

#include "../host.h"
#include "../report/cores.h"
#include "../report/ioreport.h"
#include "devices.h"

/* In the order in which the table has them. */
enum cpu_source_index {
	SOURCE_cpu_name,
	SOURCE_cpu_topology,
	SOURCE_cpu_model,
	SOURCE_cpu_times,
	SOURCE_cpu_residency,
	SOURCE_cpu_steps,
	CPU_SOURCE_COUNT,
};

struct darwin_cpu_name {
	struct sample_text name;
	uint64_t number;
};

struct darwin_cpu_topology {
	uint64_t socket, core, cluster;
	struct sample_text type;
};

/* Hz */
struct darwin_cpu_model {
	struct sample_text text;
	uint64_t base;
};

/* ns */
struct darwin_cpu_times {
	uint64_t busy, user, system, idle, nice;
};

/* ns and Hz */
struct darwin_cpu_residency {
	uint64_t active, idle, off, frequency;
};

/* Hz */
struct darwin_cpu_steps {
	uint64_t min, max;
};

/* ----------------------------------------------------------------------- the table */

enum { CPU_TICKS = 4, TYPE_SIZE = 24 };

/* What the registry says of a core. */
struct cpu_kind {
	bool known;
	char letter; /* of its cluster: E, P .. */
	uint64_t cluster;
	char type[TYPE_SIZE]; /* "performance"; "" */
	struct report_core place;
};

/* Its ticks. */
struct cpu_ticks {
	uint32_t last[CPU_TICKS];
	uint64_t total[CPU_TICKS];
	uint64_t moved_ns; /* when any of them did */
	bool stands;       /* all of them have stood still for longer than they can */
};

struct cpus {
	struct devices devices;
	struct cpu_kind *kinds; /* by number; found when the table was opened */
	uint32_t kind_count;
	struct cpu_ticks *ticks; /* by number, of the latest find() */
	uint32_t count, capacity;
	uint64_t socket; /* 0, or STATE_NONE where there are several */
	bool threaded;   /* logical cores share physical ones */
	char name[16];
};

struct cpu {
	uint32_t number;
};

static inline struct cpus *cpus_of(struct devices *devices)
{
	return (struct cpus *)(void *)devices;
}

/* NULL: nothing is known of it. */
static inline const struct cpu_kind *cpu_kind_of(const struct cpus *self, const struct cpu *cpu)
{
	const struct cpu_kind *kind =
		cpu->number < self->kind_count ? &self->kinds[cpu->number] : NULL;

	return kind && kind->known ? kind : NULL;
}

/* Fills kinds. */
void cpus_find_kinds(struct cpus *self);
/* Asks for the ticks of all cores. 0 or a negative errno. */
int cpus_read_ticks(struct cpus *self);

extern const struct device_table cpu_table;
extern const struct device_source cpu_model_source, cpu_times_source, cpu_residency_source,
	cpu_steps_source;

#endif
