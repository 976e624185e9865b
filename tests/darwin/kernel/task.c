/*
 * Mach: tasks by name port.
 *
 *	[caller]
 *	uid ruid = NUMBER           its effective user, and the real one: the same without
 *
 *	[mach]
 *	task_vm_words = NUMBER      how long the kernel's struct task_vm_info is; 93 without
 *	task_power_words = NUMBER   likewise of struct task_power_info_v2, of this architecture
 *
 *	[task PID]
 *	NAME = NUMBER               as the fields of the structures are called; 0 without
 *
 * A name port is given as task_name_for_pid() does (bsd/kern/kern_proc.c): to root, to the process
 * itself, or if both users are the caller's; not of zombies; the failure is always the same. A port
 * is of a task, which exec replaces: then it is dead. Asking for more words than there are is a line
 * in the log: call "log".
 */
#include "task.h"

#include <mach/mach.h>
#include <mach/task_info.h>
#include <stddef.h>
#include <string.h>

#include "store.h"

/* ------------------------------------------------------------------------------ ports */

enum { PORTS = 256, FIRST_NAME = 0x1003, NAME_STEP = 0x100 };

/* The same port has the same name however often it is given. */
static struct port {
	int references, pid, version;
	uint64_t unique_id;
} ports[PORTS];
static char lock;

static void take_lock(void)
{
	while (__atomic_test_and_set(&lock, __ATOMIC_ACQUIRE))
		;
}

static void leave_lock(void)
{
	__atomic_clear(&lock, __ATOMIC_RELEASE);
}

static struct port describe(int pid)
{
	const struct sim_section *process = sim_numbered("process", pid);

	return (struct port){.pid = pid,
		.version = (int)sim_u64(process, "idversion", 1),
		.unique_id = sim_u64(process, "uniqueid", (uint64_t)pid)};
}

static bool is_same(const struct port *left, const struct port *right)
{
	return left->pid == right->pid && left->version == right->version &&
	       left->unique_id == right->unique_id;
}

static mach_port_t give(int pid)
{
	struct port port = describe(pid);
	int at = -1;

	take_lock();
	for (int i = 0; i < PORTS; i++)
		if (ports[i].references && is_same(&ports[i], &port))
			at = i;
	for (int i = 0; i < PORTS && at < 0; i++)
		if (!ports[i].references)
			at = i;
	if (at < 0)
		sim_panic("the table of ports is full");
	port.references = ports[at].references + 1;
	ports[at] = port;
	leave_lock();
	sim_hold(1);
	return (mach_port_t)(FIRST_NAME + at * NAME_STEP);
}

static struct port *find_port(mach_port_t name)
{
	mach_port_t at = name - FIRST_NAME;

	if (name < FIRST_NAME || at % NAME_STEP || at / NAME_STEP >= PORTS ||
		!ports[at / NAME_STEP].references)
		return NULL;
	return &ports[at / NAME_STEP];
}

bool sim_task_port_release(uint32_t name)
{
	struct port *port;

	take_lock();
	port = find_port(name);
	if (port)
		port->references--;
	leave_lock();
	if (port)
		sim_hold(-1);
	return port != NULL;
}

/* ------------------------------------------------------------------------------ rights */

static bool is_alive(const struct sim_section *process)
{
	return process && sim_u64(process, "status", 2) != 5;
}

static bool may_name(const struct sim_section *process)
{
	const struct sim_section *caller = sim_section("caller", "");
	uint64_t uid = sim_u64(caller, "uid", 0);

	return uid == 0 ||
	       (uid == sim_u64(process, "uid", 0) &&
		       sim_u64(caller, "ruid", uid) ==
			       sim_u64(process, "ruid", sim_u64(process, "uid", 0)));
}

kern_return_t task_name_for_pid(mach_port_name_t self, int pid, mach_port_name_t *port)
{
	const struct sim_section *process = sim_numbered("process", pid);

	*port = MACH_PORT_NULL;
	if (self != mach_task_self())
		return KERN_INVALID_ARGUMENT;
	if (sim_enter("task_name_for_pid", 0, pid) || !is_alive(process) || !may_name(process))
		return KERN_FAILURE;
	*port = give(pid);
	return KERN_SUCCESS;
}

kern_return_t task_for_pid(mach_port_name_t self, int pid, mach_port_name_t *port)
{
	(void)self, (void)port;
	sim_panic("task_for_pid() of %d: that may hang for ever", pid);
}

/* --------------------------------------------------------------------------- contents */

struct field {
	const char *name;
	size_t offset, size;
};

#define FIELD(type, name)                                                                      \
	{                                                                                      \
#name, offsetof(struct type, name), sizeof(((struct type *)0)->name)           \
	}
#define VM(name)    FIELD(task_vm_info, name)
#define POWER(name) FIELD(task_power_info_v2, name)
#define CPU(name)                                                                              \
	{                                                                                      \
#name, offsetof(struct task_power_info_v2, cpu_energy.name), 8                 \
	}
#define NEURAL(name, offset)                                                                   \
	{                                                                                      \
#name, offset, 8                                                               \
	}

/* Those of the end are of macOS 15. */
static const struct field vm_fields[] = {VM(virtual_size), VM(region_count), VM(page_size),
	VM(resident_size), VM(resident_size_peak), VM(device), VM(device_peak), VM(internal),
	VM(internal_peak), VM(external), VM(external_peak), VM(reusable), VM(reusable_peak),
	VM(purgeable_volatile_pmap), VM(purgeable_volatile_resident),
	VM(purgeable_volatile_virtual), VM(compressed), VM(compressed_peak),
	VM(compressed_lifetime), VM(phys_footprint), VM(min_address), VM(max_address),
	VM(ledger_phys_footprint_peak), VM(ledger_purgeable_nonvolatile),
	VM(ledger_purgeable_novolatile_compressed), VM(ledger_purgeable_volatile),
	VM(ledger_purgeable_volatile_compressed), VM(ledger_tag_network_nonvolatile),
	VM(ledger_tag_network_nonvolatile_compressed), VM(ledger_tag_network_volatile),
	VM(ledger_tag_network_volatile_compressed), VM(ledger_tag_media_footprint),
	VM(ledger_tag_media_footprint_compressed), VM(ledger_tag_media_nofootprint),
	VM(ledger_tag_media_nofootprint_compressed), VM(ledger_tag_graphics_footprint),
	VM(ledger_tag_graphics_footprint_compressed), VM(ledger_tag_graphics_nofootprint),
	VM(ledger_tag_graphics_nofootprint_compressed), VM(ledger_tag_neural_footprint),
	VM(ledger_tag_neural_footprint_compressed), VM(ledger_tag_neural_nofootprint),
	VM(ledger_tag_neural_nofootprint_compressed), VM(limit_bytes_remaining),
	VM(decompressions), VM(ledger_swapins),
	NEURAL(ledger_tag_neural_nofootprint_total, 356),
	NEURAL(ledger_tag_neural_nofootprint_peak, 364)};

static const struct field power_fields[] = {CPU(total_user), CPU(total_system),
	CPU(task_interrupt_wakeups), CPU(task_platform_idle_wakeups),
	CPU(task_timer_wakeups_bin_1), CPU(task_timer_wakeups_bin_2),
	{"task_gpu_utilisation",
		offsetof(struct task_power_info_v2, gpu_energy.task_gpu_utilisation), 8},
#if defined __arm64__
	POWER(task_energy),
#endif
	POWER(task_ptime), POWER(task_pset_switches)};

/* As many as fit into so many bytes. */
static void fill(const struct sim_section *task, const struct field *fields, size_t count,
	char *out, size_t size)
{
	memset(out, 0, size);
	for (size_t i = 0; i < count; i++) {
		uint64_t value = sim_u64(task, fields[i].name, 0);
		if (fields[i].offset + fields[i].size <= size)
			memcpy(out + fields[i].offset, &value, fields[i].size);
	}
}

/* The length that the kernel answers with: the longest of its own that fits. */
static uint32_t fitting(const uint32_t *lengths, uint32_t room, uint32_t own)
{
	uint32_t longest = 0;

	if (room > own)
		sim_enter("log", 0, -1);
	for (; *lengths; lengths++)
		if (*lengths <= room && *lengths <= own)
			longest = *lengths;
	return longest;
}

static kern_return_t fill_vm(
	const struct sim_section *task, int flavor, char *out, mach_msg_type_number_t *count)
{
	static const uint32_t revisions[] = {36, 38, 42, 84, 86, 87, 89, 93, 0};
	uint32_t own = (uint32_t)sim_u64(sim_section("mach", ""), "task_vm_words", 93);
	uint32_t words = fitting(revisions, *count, own);

	if (!words)
		return KERN_INVALID_ARGUMENT;
	fill(task, vm_fields, sizeof vm_fields / sizeof *vm_fields, out, words * 4);
	if (flavor == TASK_VM_INFO) /* it does not look for those */
		memset(out + offsetof(struct task_vm_info, purgeable_volatile_pmap), 0, 24);
	*count = words;
	return KERN_SUCCESS;
}

static kern_return_t fill_power(
	const struct sim_section *task, char *out, mach_msg_type_number_t *count)
{
	static const uint32_t lengths[] = {
		TASK_POWER_INFO_V2_COUNT_OLD, TASK_POWER_INFO_V2_COUNT, 0};
	uint32_t own = (uint32_t)sim_u64(
		sim_section("mach", ""), "task_power_words", TASK_POWER_INFO_V2_COUNT);
	uint32_t words = fitting(lengths, *count, own);

	if (!words)
		return KERN_INVALID_ARGUMENT;
	fill(task, power_fields, sizeof power_fields / sizeof *power_fields, out, words * 4);
	*count = words;
	return KERN_SUCCESS;
}

kern_return_t task_info(
	task_name_t name, task_flavor_t flavor, task_info_t out, mach_msg_type_number_t *count)
{
	struct port *port = find_port(name), now;
	int error = sim_enter("task_info", flavor, port ? port->pid : -1);
	const struct sim_section *task;

	if (error)
		return error;
	if (!port)
		return MACH_SEND_INVALID_DEST;
	now = describe(port->pid);
	if (!is_alive(sim_numbered("process", port->pid)) || !is_same(port, &now))
		return KERN_INVALID_ARGUMENT;
	task = sim_numbered("task", port->pid);
	switch (flavor) {
	case TASK_VM_INFO:
	case TASK_VM_INFO_PURGEABLE:
		return fill_vm(task, (int)flavor, (char *)out, count);
	case TASK_POWER_INFO_V2:
		return fill_power(task, (char *)out, count);
	default:
		return KERN_INVALID_ARGUMENT;
	}
}
