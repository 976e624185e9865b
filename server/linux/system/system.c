#include "system.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../read.h"
#include "alloc.h"

static const struct device_source *const sources[SYSTEM_SOURCE_COUNT] = {
	[SOURCE_ended] = &ended_source,
	[SOURCE_machine_stat] = &machine_stat_source,
	[SOURCE_loadavg] = &loadavg_source,
	[SOURCE_meminfo] = &meminfo_source,
	[SOURCE_vmstat] = &vmstat_source,
	[SOURCE_compressor] = &compressor_source,
	[SOURCE_ksm] = &ksm_source,
	[SOURCE_pressure_cpu] = &pressure_cpu_source,
	[SOURCE_pressure_memory] = &pressure_memory_source,
	[SOURCE_pressure_io] = &pressure_io_source,
	[SOURCE_pressure_irq] = &pressure_irq_source,
	[SOURCE_disk_total] = &disk_total_source,
	[SOURCE_net_total] = &net_total_source,
	[SOURCE_boot] = &boot_source,
	[SOURCE_file_table] = &file_table_source,
	[SOURCE_kernel] = &kernel_source,
};

/* ------------------------------------------------------------------------- its files */

enum { TEXT_MIN = 8192, FILE_MAX = 4 << 20, SYSTEM_PATH_MAX = 4096 };

static void make_path(
	char *path, const struct host *host, enum system_root root, const char *name)
{
	snprintf(path, SYSTEM_PATH_MAX, "%s/%s", root == PROC ? host->procfs : host->sysfs,
		name);
}

int system_file(
	struct devices *self, enum system_root root, const char *name, struct scan *ret_text)
{
	struct system *system = (struct system *)(void *)self;
	char path[SYSTEM_PATH_MAX];
	ssize_t length;

	make_path(path, self->host, root, name);
	if (!system->text)
		system->text = xcalloc(1, system->text_size = TEXT_MIN);
	/* One that fills the room may be longer. It is read anew, as a whole. */
	while ((length = read_file(AT_FDCWD, path, system->text, system->text_size)) ==
		(ssize_t)system->text_size) {
		if (system->text_size >= FILE_MAX)
			return -EFBIG;
		system->text_size *= 4;
		system->text = xreallocarray(system->text, system->text_size, 1);
	}
	if (length < 0)
		return (int)length;
	*ret_text = (struct scan){system->text, system->text + length};
	return 0;
}

int system_number(
	struct devices *self, enum system_root root, const char *name, uint64_t *ret_number)
{
	struct scan text;
	int64_t number;
	int result = system_file(self, root, name, &text);

	if (result < 0)
		return result;
	if (!scan_number(&text, &number) || number < 0)
		return -EBADMSG;
	*ret_number = (uint64_t)number;
	return 0;
}

bool system_has(const struct host *host, enum system_root root, const char *name)
{
	char path[SYSTEM_PATH_MAX];

	make_path(path, host, root, name);
	return access(path, F_OK) == 0;
}

enum cell_state system_state(int error)
{
	switch (error) {
	case -ENOENT:
		return STATE_NONE;
	case -EACCES:
	case -EPERM:
		return STATE_DENIED;
	case -EOPNOTSUPP:
		return STATE_UNSUPPORTED;
	default:
		return STATE_FAILED;
	}
}

const char *system_lacks(const struct host *host, enum system_root root, const char *name,
	const char *why, enum cell_state *ret_state)
{
	(void)ret_state; /* unsupported, which is what it begins with */
	return system_has(host, root, name) ? NULL : why;
}

/* ------------------------------------------------------------------------- the table */

static int find(struct devices *self)
{
	bool is_new;

	devices_found(self, "machine", &is_new);
	return 0;
}

static void close_table(struct devices *self)
{
	struct system *system = (struct system *)(void *)self;

	free(system->text);
	totals_finish(&system->disks);
	totals_finish(&system->interfaces);
}

const struct device_table system_table = {
	.id = TABLE_SYSTEM,
	.sources = sources,
	.source_count = SYSTEM_SOURCE_COUNT,
	.size = sizeof(struct system),
	.close = close_table,
	.find = find,
};
