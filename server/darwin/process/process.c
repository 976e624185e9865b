/* Table PROCESS: which processes there are. */
#include "process.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../private/libproc.h"
#include "alloc.h"

struct processes {
	struct devices devices;
	int *pids;
	size_t capacity;
	char comm[17];
};

struct process {
	uint64_t pid, unique_id;
};

/* The kernel cuts the list silently at the end of the room. */
static int list_pids(struct processes *self, size_t *ret_count)
{
	for (;;) {
		int size = (int)(self->capacity * sizeof *self->pids);
		int used = size ? proc_listpids(PROC_ALL_PIDS, 0, self->pids, size) : 0;
		if (size && used <= 0)
			return errno ? -errno : -EIO;
		if (used < size) {
			*ret_count = (size_t)used / sizeof *self->pids;
			return 0;
		}
		self->capacity = self->capacity ? self->capacity * 2 : 1024;
		self->pids = xreallocarray(self->pids, self->capacity, sizeof *self->pids);
	}
}

static int find(struct devices *devices)
{
	struct processes *self = (struct processes *)devices;
	size_t count;
	int result = list_pids(self, &count);

	for (size_t i = 0; result == 0 && i < count; i++) {
		struct proc_uniqidentifierinfo info;
		bool is_new;
		if (proc_pidinfo(self->pids[i], PROC_PIDUNIQIDENTIFIERINFO, 1, &info,
			    sizeof info) != (int)sizeof info)
			continue;
		struct process *row = devices_found_number(
			devices, info.p_uniqueid, (uint64_t)self->pids[i], &is_new);
		if (row)
			*row = (struct process){(uint64_t)self->pids[i], info.p_uniqueid};
	}
	return result;
}

static void process_close(struct devices *devices)
{
	struct processes *self = (struct processes *)devices;

	free(self->pids);
}

static int identity_read(struct devices *devices, void *row, void *out)
{
	const struct process *process = row;

	(void)devices;
	*(struct darwin_identity *)out =
		(struct darwin_identity){process->pid, process->unique_id};
	return STATE_OK;
}

static int brief_read(struct devices *devices, void *row, void *out)
{
	struct processes *self = (struct processes *)devices;
	const struct process *process = row;
	struct proc_bsdshortinfo info;

	if (proc_pidinfo((int)process->pid, PROC_PIDT_SHORTBSDINFO, 1, &info, sizeof info) !=
		(int)sizeof info)
		return host_state_of(errno);
	memcpy(self->comm, info.pbsi_comm, sizeof info.pbsi_comm);
	*(struct darwin_brief *)out = (struct darwin_brief){
		.ppid = info.pbsi_ppid,
		.pgid = info.pbsi_pgid,
		.status = info.pbsi_status,
		.uid = info.pbsi_uid,
		.gid = info.pbsi_gid,
		.ruid = info.pbsi_ruid,
		.rgid = info.pbsi_rgid,
		.svuid = info.pbsi_svuid,
		.svgid = info.pbsi_svgid,
		.comm = device_text(self->comm),
	};
	return STATE_OK;
}

static const struct device_source identity_source = {
	.source = {.name = "identity",
		.sample_size = sizeof(struct darwin_identity),
		.lane = LANE_FAST},
	.read = identity_read,
};
static const struct device_source brief_source = {
	.source = {.name = "brief",
		.sample_size = sizeof(struct darwin_brief),
		.lane = LANE_FAST},
	.read = brief_read,
};

static const struct device_source *const sources[PROCESS_SOURCE_COUNT] = {
	[SOURCE_identity] = &identity_source,
	[SOURCE_brief] = &brief_source,
};

const struct device_table process_table = {
	.id = TABLE_PROCESS,
	.sources = sources,
	.source_count = PROCESS_SOURCE_COUNT,
	.size = sizeof(struct processes),
	.row_size = sizeof(struct process),
	.close = process_close,
	.find = find,
};
