/*
 * GPU: table GPU, a row for each accelerator in the IORegistry.
 *
 *	gpu.c           the table, and what is known of a GPU from the beginning
 *	statistics.c    what its driver tells in one dictionary: load, memory, temperature; and what
 *	                IOReport has of it: frequency, energy
 *	accelerator.c   what it is
 *	clients.c       what processes had of it: for table PROCESS
 */
#ifndef DARWIN_GPU_H
#define DARWIN_GPU_H

#include "../host.h"
#include "../report/rails.h"
#include "accelerator.h"
#include "devices.h"

/* In the order in which the table has them. */
enum gpu_source_index {
	SOURCE_gpu_identity,
	SOURCE_gpu_state,
	SOURCE_gpu_name,
	SOURCE_gpu_statistics,
	GPU_SOURCE_COUNT,
};

struct darwin_gpu_identity {
	struct sample_text kind, address, driver, pci_id;
	uint64_t cores;
};

struct darwin_gpu_name {
	struct sample_text name;
};

struct darwin_gpu_state {
	struct sample_text state;
};

struct darwin_gpu_statistics {
	double busy, renderer, tiler;
	uint64_t frequency_hz, frequency_memory_hz;
	uint64_t used, total, system_used, system_allocated; /* bytes */
	uint64_t power_mw;
	int64_t temperature_mc;
	uint64_t fan_rpm;
	double fan;
	uint64_t recoveries;
	/* Of IOReport. */
	uint64_t active_ns, off_ns, frequency_max_hz, energy_nj;
};

enum { GPU_NAME = ACCELERATOR_NAME + 40 };

/* A row. */
struct gpu_row {
	io_registry_entry_t entry;
	struct accelerator accelerator;
	char name[GPU_NAME];
};

struct gpus {
	struct devices devices; /* first */
	char rail[RAIL_NAME];   /* of the energy of Apple's GPU; "": there is none */
};

extern const struct device_source gpu_statistics_source;
extern const struct device_table gpu_table;

/* The driver's dictionary, PerformanceStatistics; `memory`: bytes of its own, or absent. */
void gpu_statistics_fill(
	CFDictionaryRef statistics, uint64_t memory, struct darwin_gpu_statistics *sample);

#endif
