/*
 * Task: what Mach tells of the task of a process to who has its name port. Such a port is given for
 * processes whose effective and real user both are ours, or to root; it lets nobody do anything to
 * the task. Ports that let one do more (task_for_pid) are not asked for: that may hang for ever.
 *
 * A port is asked for, used once and given back: one that is kept would be of a program that the
 * process has left with exec, and would fill our table of ports.
 */
#ifndef DARWIN_TASK_H
#define DARWIN_TASK_H

#include <stdbool.h>
#include <stdint.h>

/* How much a kernel knows of each, in words of 4 bytes. To ask for more than there is makes it
 * write a line into its log: what it has answered first is what is asked for from then on. */
struct task_words {
	uint32_t vm, power;
};

/* Words that a kernel of that version has for us: see struct host. */
struct task_words task_words_of(uint32_t darwin, bool is_translated);

/* Bytes, if nothing else is said; or ABSENT_U64(): that kernel does not tell. */
struct task_vm {
	uint64_t regions; /* number */
	uint64_t page_size;
	uint64_t resident_peak, device, internal, internal_peak, external, external_peak,
		reusable, reusable_peak;
	uint64_t compressed, compressed_peak, compressed_lifetime;
	/* What it owns, resident or compressed; `other` is not in its footprint. */
	uint64_t purgeable_used, purgeable_volatile, network, network_other, media, media_other,
		graphics, graphics_other, neural, neural_other;
	uint64_t decompressions; /* number, cut at 2^31 - 1 */
	uint64_t swapins;
};

/* The map is walked for that, under the target's lock: for workers. */
struct task_purgeable {
	uint64_t resident;  /* volatile purgeable memory in RAM */
	uint64_t anonymous; /* internal and compressed memory, less the volatile purgeable */
};

/* Numbers. */
struct task_power {
	uint64_t timers_1, timers_2; /* by bins: up to 2 ms, up to 5 ms */
	uint64_t cluster_switches;
	uint64_t gpu_ns; /* only Intel's Macs count it */
};

/*
 * Return 0 or a negative errno: -EPERM: the kernel gives no port, because the process is another
 * user's, a zombie or gone, which it does not say; -ESRCH: it ended or began another program
 * between two calls; -EINVAL: the kernel knows no such thing.
 */
int task_read_vm(uint32_t pid, struct task_words *words, struct task_vm *ret_vm);
int task_read_purgeable(uint32_t pid, struct task_purgeable *ret_purgeable);
int task_read_power(uint32_t pid, struct task_words *words, struct task_power *ret_power);

#endif
