/*
 * What Mach knows of a process: its task's part of proc_pidinfo(), and proc_pid_rusage().
 *
 *	[libproc]
 *	rusage = NUMBER     newest version of rusage that the kernel knows: 6 without
 *
 *	[process PID]
 *	user system = TICKS         CPU time
 *	virtual threads_user threads_system policy faults cow_faults messages_sent
 *	messages_received syscalls_mach syscalls_unix csw threadnum numrunning
 *	priority = NUMBER           0 without
 *	workqueue = THREADS RUNNING BLOCKED STATE     without: it has none
 *	ports = SIZE FREE           of the table; without: its task has none
 *	NAME = NUMBER               of rusage, as the header calls it without ri_; its flags are
 *	                            rusage_flags
 */
#include <errno.h>
#include <libproc.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "private/libproc.h"
#include "proc.h"

/* fill_taskprocinfo() of osfmk/kern/bsd_kern.c cuts counters there. */
static int32_t cut(const struct sim_section *process, const char *key)
{
	uint64_t value = sim_u64(process, key, 0);

	return value > INT32_MAX ? INT32_MAX : (int32_t)value;
}

static int fill_task(
	const struct sim_section *process, int pid, uint64_t argument, void *buffer, int size)
{
	struct proc_taskinfo info = {
		.pti_virtual_size = sim_u64(process, "virtual", 0),
		.pti_resident_size = sim_u64(process, "resident_size", 0),
		.pti_total_user = sim_u64(process, "user", 0),
		.pti_total_system = sim_u64(process, "system", 0),
		.pti_threads_user = sim_u64(process, "threads_user", 0),
		.pti_threads_system = sim_u64(process, "threads_system", 0),
		.pti_policy = (int32_t)sim_u64(process, "policy", 1),
		.pti_faults = cut(process, "faults"),
		.pti_pageins = cut(process, "pageins"),
		.pti_cow_faults = cut(process, "cow_faults"),
		.pti_messages_sent = cut(process, "messages_sent"),
		.pti_messages_received = cut(process, "messages_received"),
		.pti_syscalls_mach = cut(process, "syscalls_mach"),
		.pti_syscalls_unix = cut(process, "syscalls_unix"),
		.pti_csw = cut(process, "csw"),
		.pti_threadnum = (int32_t)sim_u64(process, "threadnum", 1),
		.pti_numrunning = (int32_t)sim_u64(process, "numrunning", 0),
		.pti_priority = (int32_t)sim_i64(process, "priority", 31),
	};

	(void)pid, (void)argument, (void)size;
	memcpy(buffer, &info, sizeof info);
	return sizeof info;
}

static int fill_workqueue(
	const struct sim_section *process, int pid, uint64_t argument, void *buffer, int size)
{
	struct proc_workqueueinfo info;

	(void)pid, (void)argument, (void)size;
	if (!sim_has(process, "workqueue"))
		return -ESRCH;
	if (sscanf(sim_text(process, "workqueue", ""), "%u %u %u %u", &info.pwq_nthreads,
		    &info.pwq_runthreads, &info.pwq_blockedthreads, &info.pwq_state) != 4)
		sim_panic("a work queue has four numbers");
	memcpy(buffer, &info, sizeof info);
	return sizeof info;
}

static int fill_ports(
	const struct sim_section *process, int pid, uint64_t argument, void *buffer, int size)
{
	struct proc_ipctableinfo info;

	(void)pid, (void)argument, (void)size;
	if (!sim_has(process, "ports"))
		return -EINVAL;
	if (sscanf(sim_text(process, "ports", ""), "%u %u", &info.table_size,
		    &info.table_free) != 2)
		sim_panic("a table of ports has two numbers");
	memcpy(buffer, &info, sizeof info);
	return sizeof info;
}

const struct sim_flavor sim_task_flavors[] = {
	{PROC_PIDTASKINFO, sizeof(struct proc_taskinfo), false, false, fill_task},
	{PROC_PIDWORKQUEUEINFO, sizeof(struct proc_workqueueinfo), false, false,
		fill_workqueue},
	{PROC_PIDIPCTABLEINFO, sizeof(struct proc_ipctableinfo), false, false, fill_ports},
	{0},
};

/* ------------------------------------------------------------------------------ rusage */

#define FIELD(version, name)                                                                   \
	{                                                                                      \
		version, #name, offsetof(struct rusage_info_named, name)                       \
	}
#define OLD(version, name) FIELD(version, v5.ri_##name)
#define NEW(name)          FIELD(6, ri_##name)

/* By the version that they came with. */
static const struct field {
	int version;
	const char *name;
	size_t offset;
} fields[] = {
	OLD(0, pkg_idle_wkups),
	OLD(0, interrupt_wkups),
	OLD(0, pageins),
	OLD(0, wired_size),
	OLD(0, resident_size),
	OLD(0, phys_footprint),
	OLD(0, proc_start_abstime),
	OLD(1, child_user_time),
	OLD(1, child_system_time),
	OLD(1, child_pkg_idle_wkups),
	OLD(1, child_interrupt_wkups),
	OLD(1, child_pageins),
	OLD(1, child_elapsed_abstime),
	OLD(2, diskio_bytesread),
	OLD(2, diskio_byteswritten),
	OLD(3, cpu_time_qos_default),
	OLD(3, cpu_time_qos_maintenance),
	OLD(3, cpu_time_qos_background),
	OLD(3, cpu_time_qos_utility),
	OLD(3, cpu_time_qos_legacy),
	OLD(3, cpu_time_qos_user_initiated),
	OLD(3, cpu_time_qos_user_interactive),
	OLD(3, billed_system_time),
	OLD(3, serviced_system_time),
	OLD(4, logical_writes),
	OLD(4, lifetime_max_phys_footprint),
	OLD(4, instructions),
	OLD(4, cycles),
	OLD(4, billed_energy),
	OLD(4, serviced_energy),
	OLD(4, interval_max_phys_footprint),
	OLD(4, runnable_time),
	OLD(5, flags),
	NEW(user_ptime),
	NEW(system_ptime),
	NEW(pinstructions),
	NEW(pcycles),
	NEW(energy_nj),
	NEW(penergy_nj),
	NEW(secure_time_in_system),
	NEW(secure_ptime_in_system),
	NEW(neural_footprint),
	NEW(lifetime_max_neural_footprint),
	NEW(interval_max_neural_footprint),
};

static size_t size_of(int version)
{
	static const size_t sizes[] = {96, 144, 160, 232, 296, 304, 464};

	return sizes[version];
}

/* The key is the name without "ri_", and without the part that it stands in. */
static const char *key_of(const struct field *field)
{
	if (strcmp(field->name, "v5.ri_flags") == 0)
		return "rusage_flags";
	return strrchr(field->name, '.') ? field->name + strlen("v5.ri_")
					 : field->name + strlen("ri_");
}

static void gather(const struct sim_section *process, int version, void *buffer)
{
	struct rusage_info_named usage;

	memset(&usage, 0, sizeof usage);
	sim_bytes(process, "uuid", usage.v5.ri_uuid, sizeof usage.v5.ri_uuid);
	usage.v5.ri_user_time = sim_u64(process, "user", 0);
	usage.v5.ri_system_time = sim_u64(process, "system", 0);
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
		uint64_t value = sim_u64(process, key_of(&fields[i]), 0);
		if (fields[i].version <= version)
			memcpy((char *)&usage + fields[i].offset, &value, sizeof value);
	}
	memcpy(buffer, &usage, size_of(version));
}

/* Works on zombies; whether we may is asked before the version is looked at. */
int proc_pid_rusage(int pid, int version, rusage_info_t *buffer)
{
	int error = sim_enter("proc_pid_rusage", version, pid);
	const struct sim_section *process = sim_process(pid, true);

	if (!error && !process)
		error = ESRCH;
	if (!error && !sim_may_see(process))
		error = EPERM;
	if (!error && (version < 0 || version > 6 ||
			      version > (int)sim_u64(sim_section("libproc", ""), "rusage", 6)))
		error = EINVAL;
	if (error) {
		sim_set_errno(error);
		return -1;
	}
	gather(process, version, buffer);
	return 0;
}
