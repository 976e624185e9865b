/*
 * KFD: AMD's driver of compute queues (ROCm). Their work is in no fdinfo; what there is of it is
 * in /sys/class/kfd/kfd/proc/PID (Documentation/ABI, kfd): vram_GPU, bytes; sdma_GPU, µs that
 * the copy engines worked. The directories are named by pids of the first pid namespace.
 */
#ifndef LINUX_KFD_H
#define LINUX_KFD_H

#include <stdbool.h>
#include <stdint.h>

enum { KFD_GPUS = 16, KFD_ADDRESS_SIZE = 24 };

/* The numbers that KFD gives to GPUs, and where these are. */
struct kfd_topology {
	bool read;
	uint32_t count;
	struct {
		uint64_t id;
		char address[KFD_ADDRESS_SIZE];
	} gpus[KFD_GPUS];
};

struct kfd_use {
	uint32_t count;
	struct kfd_gpu_use {
		char address[KFD_ADDRESS_SIZE];
		uint64_t vram;    /* bytes */
		uint64_t copy_ns; /* since the process opened it */
	} gpus[KFD_GPUS];
};

void kfd_topology_read(struct kfd_topology *self, const char *sysfs);

/*
 * A worker: the kernel asks the copy queues, in the memory of the process. GPUs that sleep are
 * left out. Returns STATE_OK, STATE_NONE: the process has no queues; STATE_ASLEEP, STATE_DENIED or
 * STATE_FAILED.
 */
int kfd_read(const struct kfd_topology *topology, const char *sysfs, uint32_t pid,
	struct kfd_use *ret_use);

#endif
