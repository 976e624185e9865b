/*
 * A substitute for NVIDIA's library. What it answers, and what it was asked, is in a file that
 * NVML_SCRIPT names: the test and the library map the same one, so that it also tells what
 * happened while the library was not loaded, or in another process. Without that name it has two
 * GPUs of its own, for tests of the whole server.
 *
 * It is built three times: v1 has the functions of 2016, v2 those of 2020, v3 today's.
 */
#ifndef TESTS_NVML_DRIVER_H
#define TESTS_NVML_DRIVER_H

#include <stdatomic.h>
#include <stdint.h>

enum {
	DRIVER_DEVICES = 3,
	DRIVER_PROCESSES = 200,
	DRIVER_SAMPLES = 300,
	DRIVER_GRAPHICS = 1, /* lists, as bits */
	DRIVER_COMPUTE = 2,
	DRIVER_MPS = 4,
};

struct driver_process {
	uint32_t pid, lists;
	uint32_t instance; /* of a partitioned GPU */
	uint64_t memory;
};

/* As the library has it. */
struct driver_sample {
	uint32_t pid;
	uint64_t time_us;
	uint32_t sm, memory, encoder, decoder;
};

/* What a device tells of itself, in the library's units. */
struct driver_values {
	char name[96], uuid[96];
	uint32_t gpu, memory, encoder, decoder; /* percent */
	uint32_t clock[4], clock_max[4];        /* MHz: graphics, SM, memory, video */
	uint32_t performance, fan;
	uint32_t power, power_limit; /* mW */
	uint64_t energy;             /* mJ */
	uint32_t temperature, memory_temperature;
	uint64_t total, used, reserved; /* of an instance */
};

struct driver_device {
	uint32_t domain, bus;
	uint64_t total, used, reserved;                            /* used 0: half of it */
	int handle_code, list_code, utilization_code, memory_code; /* 0: it works */
	int value_code;                                            /* of all of `values` */
	struct driver_values values, instance_values[7];
	uint32_t value_calls; /* how often one of them was asked for */
	uint32_t instances;   /* not 0: the GPU is partitioned (MIG) */
	uint32_t process_count, sample_count;
	struct driver_process processes[DRIVER_PROCESSES];
	struct driver_sample samples[DRIVER_SAMPLES];
	uint64_t last_us; /* what it was asked for last */
};

struct driver {
	uint32_t device_count;
	uint32_t stride; /* of records of processes; 0: as the function's name says */
	uint32_t clears; /* the whole buffer is written to */
	int init_code;
	struct driver_device devices[DRIVER_DEVICES];

	_Atomic uint32_t hangs; /* every call waits until it is 0 */

	/* What happened. */
	_Atomic uint32_t loads, unloads, inits, shutdowns, calls;
	_Atomic uint32_t bad_calls; /* without having been initialised */
};

#endif
