/*
 * GPU scan: which descriptors of a process are GPUs. All that tells is where the links of
 * /proc/PID/fd point to. (Not fstatat() through them: that asks the file systems that the
 * files are on, and hangs where one of these does.)
 *
 * This is done in the tick, not by workers: readlink of such a link makes a path of what the
 * kernel has in memory; no lock of the process's memory and no foreign file system is in it,
 * so it cannot block. And it decides which rows are slow at all. What it can be is much, so
 * a tick has a budget of descriptors, and the next tick goes on.
 *
 * A process that did not run opened nothing. One that ran has opened something when the number
 * of its descriptors is another one, mostly: it may also have closed as many as it opened.
 * So a process that ran is scanned again after SCAN_NS, if little of that is to do, and the
 * number is looked at after LOOK_NS whether it ran or not (others can put descriptors into it).
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "alloc.h"
#include "gpu.h"

#define LOOK_NS (5 * SECOND_NS)
#define SCAN_NS (5 * SECOND_NS)

enum {
	SCAN_BUDGET = 8192,      /* descriptors in a tick; 10 ms and less */
	UNPROMPTED_BUDGET = 256, /* of these, of rows with no more descriptors than before */
};

/* ------------------------------------------------------------------------ one directory */

static void find_file(struct gpu *gpu, struct gpu_finding *found, uint32_t fd, const char *path)
{
	uint32_t device;

	if (strncmp(path, "/dev/", 5) != 0)
		return;
	if (strncmp(path + 5, "nvidia", 6) == 0)
		found->flags |= GPU_NVIDIA;
	if (strcmp(path + 5, "kfd") == 0)
		found->flags |= GPU_KFD;
	device = gpu_devices_find(&gpu->devices, path);
	if (device == GPU_NO_DEVICE)
		return;
	if (found->count == found->capacity) {
		found->capacity = found->capacity ? found->capacity * 2 : 4;
		found->files =
			xreallocarray(found->files, found->capacity, sizeof *found->files);
	}
	found->files[found->count++] = (struct gpu_file){.fd = fd, .device = device};
}

static void look_at_link(
	struct gpu *gpu, struct gpu_finding *found, int descriptors, const char *name)
{
	char path[64];
	ssize_t length = readlinkat(descriptors, name, path, sizeof path - 1);

	if (length < 0)
		return;
	path[length] = '\0';
	/* 0 is a number, but no pid. */
	find_file(gpu, found, name[0] == '0' ? 0 : parse_pid(name), path);
}

/* Goes on at row->position. True: to the end; false: the budget is spent. A negative errno. */
static int scan_directory(struct processes *self, struct gpu *gpu, struct gpu_row *row,
	int descriptors, uint32_t *budget)
{
	_Alignas(struct dirent64) char bytes[8192];
	ssize_t length;

	if (row->position && lseek(descriptors, row->position, SEEK_SET) < 0)
		return -errno;
	while ((length = getdents64(descriptors, bytes, sizeof bytes)) > 0) {
		for (ssize_t at = 0; at < length;) {
			const struct dirent64 *entry =
				(const struct dirent64 *)(const void *)(bytes + at);
			at += entry->d_reclen;
			row->position = entry->d_off;
			if (entry->d_name[0] == '.')
				continue;
			look_at_link(gpu, row->found, descriptors, entry->d_name);
			row->seen++;
			if (--*budget == 0)
				return false;
		}
		/* procfs fills the buffer as long as there is something; other file systems
		 * need not. */
		if (self->host->real && (size_t)length + sizeof(struct dirent64) < sizeof bytes)
			break;
	}
	return length < 0 ? -errno : true;
}

/* --------------------------------------------------------------------------- findings */

static void forget_finding(struct gpu_row *row)
{
	if (row->found)
		free(row->found->files);
	free(row->found);
	row->found = NULL;
	row->position = 0;
	row->seen = 0;
	row->flags &= ~(uint32_t)GPU_SCANNING;
}

void gpu_drop_files(struct processes *self, struct gpu *gpu, uint32_t slot)
{
	struct gpu_row *row = &gpu->rows[slot];
	struct gpu_use *use = row->use;

	forget_finding(row);
	row->flags &= ~(uint32_t)(GPU_NVIDIA | GPU_KFD);
	if (!use)
		return;
	for (uint32_t i = 0; i < use->count; i++)
		if (use->files[i].client)
			gpu_client_drop(self, gpu, use->files[i].client, slot);
	free(use->files);
	use->files = NULL;
	use->count = 0;
}

/* Is it what it was? A descriptor that is read is proven each time; another one may have been
 * closed and be a new client of the same device. */
static bool is_kept(const struct gpu_use *use, const struct gpu_file *file, uint32_t slot,
	struct gpu_file *ret_old)
{
	for (uint32_t i = 0; use && i < use->count; i++) {
		const struct gpu_file *old = &use->files[i];
		if (old->fd != file->fd || old->device != file->device)
			continue;
		*ret_old = *old;
		return !(old->flags & FILE_STALE) &&
		       (old->client || !(old->flags & FILE_FAILED)) &&
		       (!old->client || old->client->charged == slot);
	}
	return false;
}

/* New ones are identified before old ones are dropped: a client that is held by another
 * descriptor now is still the same. */
static void adopt(struct processes *self, struct gpu *gpu, uint32_t slot)
{
	struct gpu_row *row = &gpu->rows[slot];
	struct gpu_finding found = *row->found;

	free(row->found);
	row->found = NULL;
	if (!row->use && !found.count && !found.flags)
		return;
	gpu_use_get(gpu, slot);
	for (uint32_t i = 0; i < found.count; i++) {
		struct gpu_file old, *file = &found.files[i];
		if (is_kept(row->use, file, slot, &old)) {
			*file = old;
			if (file->client)
				gpu_client_hold(self, file->client, slot);
		} else {
			gpu_file_identify(self, gpu, slot, file);
		}
	}
	gpu_drop_files(self, gpu, slot);
	row->use->files = found.files;
	row->use->count = found.count;
	row->flags |= found.flags;
}

static void scan_failed(struct processes *self, struct gpu *gpu, uint32_t slot, int error)
{
	gpu_drop_files(self, gpu, slot);
	if (error == EACCES || error == EPERM)
		gpu->rows[slot].flags |= GPU_DENIED;
}

/* ------------------------------------------------------------------------------- rows */

static void scan_row(struct processes *self, struct gpu *gpu, uint32_t slot, uint32_t *budget)
{
	struct gpu_row *row = &gpu->rows[slot];
	int directory, descriptors, error, result;

	if (row_enter(self, slot, &directory) != STATE_OK)
		return; /* the next list finds it dead */
	descriptors = openat(directory, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	error = descriptors < 0 ? errno : 0;
	row_leave(self, slot, directory);
	if (descriptors >= 0) {
		if (!row->found)
			row->found = xcalloc(1, sizeof *row->found);
		result = scan_directory(self, gpu, row, descriptors, budget);
		close(descriptors);
		if (result == false) {
			row->flags |= GPU_SCANNING;
			return;
		}
		error = result < 0 ? -result : 0;
	}
	row->flags &= ~(uint32_t)(GPU_RESCAN | GPU_MOVED | GPU_DENIED);
	row->flags |= GPU_SCANNED;
	row->scanned_ns = gpu->tick_ns;
	row->open = row->seen;
	if (error)
		scan_failed(self, gpu, slot, error);
	else
		adopt(self, gpu, slot);
	forget_finding(row);
}

void gpu_scan_row(struct processes *self, struct gpu *gpu, uint32_t slot)
{
	uint32_t budget = UINT32_MAX;

	scan_row(self, gpu, slot, &budget);
}

static bool list_open(int directory, uint64_t *ret_count)
{
	_Alignas(struct dirent64) char bytes[8192];
	int descriptors = openat(directory, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ssize_t length;

	if (descriptors < 0)
		return false;
	*ret_count = 0;
	while ((length = getdents64(descriptors, bytes, sizeof bytes)) > 0)
		for (ssize_t at = 0; at < length;) {
			const struct dirent64 *entry =
				(const struct dirent64 *)(const void *)(bytes + at);
			at += entry->d_reclen;
			*ret_count += entry->d_name[0] != '.';
		}
	close(descriptors);
	return length == 0;
}

/* Is the number of its descriptors what it was at the last scan? */
static bool has_as_many(struct processes *self, const struct gpu_row *row, uint32_t slot)
{
	struct stat status;
	uint64_t count = 0;
	int directory;
	bool told;

	if (row_enter(self, slot, &directory) != STATE_OK)
		return true; /* the next list finds it dead */
	if (host_has(self->host, FEATURE_FD_SIZE)) {
		told = fstatat(directory, "fd", &status, 0) == 0;
		count = told ? (uint64_t)status.st_size : 0;
	} else {
		told = list_open(directory, &count);
	}
	row_leave(self, slot, directory);
	return told && count == row->open;
}

/* Did it run since it was last looked at? Its clock may be behind while it runs. */
static bool has_run(struct processes *self, struct gpu_row *row, uint32_t slot)
{
	bool moved = !host_has(self->host, FEATURE_CLOCK) ||
		     !(self->flags[slot] & ROW_CLOCKED) || self->clocks[slot] != row->clock;
	bool ran = moved || (row->flags & GPU_RAN);

	row->clock = self->clocks[slot];
	row->flags &= ~(uint32_t)GPU_RAN;
	if (moved)
		row->flags |= GPU_RAN | GPU_MOVED;
	return ran;
}

/* So that rows that were all new at the same time are not all due at the same time. */
static uint64_t stagger(uint32_t slot)
{
	return (uint64_t)(slot * UINT32_C(2654435761)) * LOOK_NS >> 32;
}

static bool must_scan(
	struct processes *self, struct gpu *gpu, uint32_t slot, uint32_t *unprompted)
{
	struct gpu_row *row = &gpu->rows[slot];
	bool ran = has_run(self, row, slot);

	if (!(row->flags & GPU_SCANNED)) {
		row->looked_ns = gpu->tick_ns - stagger(slot);
		return true;
	}
	if (row->flags & (GPU_SCANNING | GPU_RESCAN))
		return true;
	if (!ran && gpu->tick_ns - row->looked_ns < LOOK_NS)
		return false;
	row->looked_ns = gpu->tick_ns;
	if (row->flags & GPU_DENIED)
		return gpu->tick_ns - row->scanned_ns >= SCAN_NS;
	if (!has_as_many(self, row, slot))
		return true;
	if (!(row->flags & GPU_MOVED) || gpu->tick_ns - row->scanned_ns < SCAN_NS ||
		*unprompted == 0)
		return false;
	*unprompted -= row->open < *unprompted ? (uint32_t)row->open : *unprompted;
	return true;
}

/* A zombie has no descriptors any more. */
static bool is_scanned_row(struct processes *self, struct gpu *gpu, uint32_t slot)
{
	if (!(self->flags[slot] & ROW_ALIVE))
		return false;
	if (!(self->flags[slot] & ROW_ZOMBIE))
		return true;
	gpu_drop_files(self, gpu, slot);
	gpu->rows[slot].flags |= GPU_SCANNED;
	return false;
}

/* What could not be read before. */
static void identify_waiting(struct processes *self, struct gpu *gpu)
{
	gpu->waiting = false;
	for (uint32_t slot = 0; slot < gpu->capacity; slot++) {
		struct gpu_use *use = gpu->rows[slot].use;
		for (uint32_t i = 0; use && i < use->count; i++)
			if (use->files[i].flags & FILE_WAITED)
				gpu_file_identify(self, gpu, slot, &use->files[i]);
	}
}

void gpu_scan(struct processes *self, struct gpu *gpu)
{
	uint32_t budget = SCAN_BUDGET, unprompted = UNPROMPTED_BUDGET, i;

	if (gpu->waiting)
		identify_waiting(self, gpu);
	for (i = 0; i < self->capacity && budget; i++) {
		uint32_t slot = (gpu->cursor + i) % self->capacity;
		if (is_scanned_row(self, gpu, slot) && must_scan(self, gpu, slot, &unprompted))
			scan_row(self, gpu, slot, &budget);
	}
	/* The row in which the budget ended comes first. */
	gpu->cursor = self->capacity ? (gpu->cursor + i - (budget == 0)) % self->capacity : 0;
}
