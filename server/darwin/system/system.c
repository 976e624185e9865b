#include "system.h"

#include <mach/mach.h>
#include <stdlib.h>

static const struct device_source *const sources[SYSTEM_SOURCE_COUNT] = {
	[SOURCE_processors] = &processors_source,
	[SOURCE_loads] = &loads_source,
	[SOURCE_processor_set] = &processor_set_source,
	[SOURCE_vm_statistics] = &vm_statistics_source,
	[SOURCE_swap] = &swap_source,
	[SOURCE_memory_status] = &memory_status_source,
	[SOURCE_net_total] = &net_total_source,
	[SOURCE_disk_total] = &disk_total_source,
	[SOURCE_kernel] = &kernel_source,
	[SOURCE_boot] = &boot_source,
	[SOURCE_limits] = &limits_source,
};

int system_state(int result)
{
	switch (result) {
	case KERN_SUCCESS:
		return STATE_OK;
	case KERN_NO_ACCESS:
	case KERN_PROTECTION_FAILURE:
		return STATE_DENIED;
	case KERN_NOT_SUPPORTED:
		return STATE_UNSUPPORTED;
	default:
		return STATE_FAILED;
	}
}

static int open_table(struct devices *devices, const struct target *target)
{
	struct system *self = (struct system *)devices;

	(void)target;
	host_sysctl("hw.memsize", &self->memory_size);
	return 0;
}

static void close_table(struct devices *devices)
{
	struct system *self = (struct system *)devices;

	free(self->processors);
	if (self->set)
		mach_port_deallocate(mach_task_self(), self->set);
	interfaces_finish(&self->interfaces);
	totals_finish(&self->net);
	totals_finish(&self->disks);
}

static int find(struct devices *devices)
{
	bool is_new;

	devices_found(devices, "machine", &is_new);
	return 0;
}

const struct device_table system_table = {
	.id = TABLE_SYSTEM,
	.sources = sources,
	.source_count = SYSTEM_SOURCE_COUNT,
	.size = sizeof(struct system),
	.open = open_table,
	.close = close_table,
	.find = find,
};
