/*
 * Coalitions: a job of launchd with all processes that it has started.
 * xnu: osfmk/mach/coalition.h, bsd/sys/proc_info_private.h, libsyscall/wrappers/coalition.c. The name
 * is launchd's; libxpc asks it: there is no header.
 */
#ifndef DARWIN_PRIVATE_COALITION_H
#define DARWIN_PRIVATE_COALITION_H

#include <stddef.h>
#include <stdint.h>

#define LISTCOALITIONS_SINGLE_TYPE 2
#define COALITION_TYPE_RESOURCE    0
#define COALITION_SYSTEM           1 /* the id of kernel_task's and launchd's */

struct procinfo_coalinfo {
	uint64_t coalition_id;
	uint32_t coalition_type, coalition_tasks;
};

/* Of all users. Bytes; without a buffer how many it would take; 0 with errno. */
int proc_listcoalitions(int flavor, int type, void *buffer, int size);

enum { COALITION_NUM_THREAD_QOS_TYPES = 7 };

/*
 * It has grown: words 0 to 14 are of 10.11, up to 32 of 10.15, up to 34 of 11, 35 and 36 of 13, 37 of
 * 14.3, the rest of 15.0. macOS 26 has one more, and nobody has seen where it stands.
 */
struct coalition_resource_usage {
	uint64_t tasks_started, tasks_exited;
	uint64_t time_nonempty; /* ns */
	uint64_t cpu_time;      /* ticks */
	uint64_t interrupt_wakeups, platform_idle_wakeups;
	uint64_t bytesread, byteswritten;
	uint64_t gpu_time; /* ns on Intel; less than it is on Apple Silicon */
	uint64_t cpu_time_billed_to_me, cpu_time_billed_to_others;
	uint64_t energy; /* nJ; 0 on Intel */
	uint64_t logical_writes[4], logical_writes_external[4];
	uint64_t energy_billed_to_me, energy_billed_to_others;
	uint64_t cpu_ptime;
	uint64_t cpu_time_eqos_len;
	uint64_t cpu_time_eqos[COALITION_NUM_THREAD_QOS_TYPES];
	uint64_t cpu_instructions, cpu_cycles;
	uint64_t fs_metadata_writes, pm_writes;
	uint64_t cpu_pinstructions, cpu_pcycles;
	uint64_t conclave_mem;
	uint64_t ane_mach_time, ane_energy_nj;
	uint64_t phys_footprint;
	uint64_t gpu_energy_nj, gpu_energy_nj_billed_to_me, gpu_energy_nj_billed_to_others;
};

_Static_assert(sizeof(struct procinfo_coalinfo) == 16, "procinfo_coalinfo");
_Static_assert(sizeof(struct coalition_resource_usage) == 352, "coalition_resource_usage");
_Static_assert(offsetof(struct coalition_resource_usage, gpu_time) == 64, "gpu_time");
_Static_assert(offsetof(struct coalition_resource_usage, energy) == 88, "energy");
_Static_assert(offsetof(struct coalition_resource_usage, cpu_ptime) == 176, "cpu_ptime");
_Static_assert(offsetof(struct coalition_resource_usage, cpu_time_eqos) == 192, "eqos");
_Static_assert(offsetof(struct coalition_resource_usage, ane_energy_nj) == 312, "ane");
_Static_assert(offsetof(struct coalition_resource_usage, phys_footprint) == 320, "footprint");

/* Of anybody's coalition. Fills as much as there is room for and the kernel has. 0, or -1 with errno;
 * EINVAL: it is no coalition of resources; ESRCH: there is none. */
int coalition_info_resource_usage(
	uint64_t id, struct coalition_resource_usage *usage, size_t size);

/* What is taken from libxpc. Texts of keys are variables there. */
#define XPC_LIBRARY "/usr/lib/system/libxpc.dylib"
typedef void *(*xpc_coalition_copy_info_call)(uint64_t id);
typedef const char *(*xpc_dictionary_get_string_call)(void *dictionary, const char *key);
typedef void *(*xpc_get_type_call)(void *object);
typedef void (*xpc_release_call)(void *object);

#endif
