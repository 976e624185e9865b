/* GPU links: where the descriptors of one process point to. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "alloc.h"
#include "gpu.h"

void gpu_finding_destroy(struct gpu_finding *self)
{
	if (!self)
		return;
	free(self->files);
	free(self->numbers.words);
	free(self);
}

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

static bool has_number(const struct gpu_numbers *self, uint32_t number)
{
	return number / 64 < self->count && (self->words[number / 64] >> number % 64 & 1);
}

static void add_number(struct gpu_numbers *self, uint32_t number)
{
	uint32_t old = self->count;

	if (number / 64 >= old) {
		self->count = number / 64 + 1;
		self->words = xreallocarray(self->words, self->count, sizeof *self->words);
		memset(self->words + old, 0, (self->count - old) * sizeof *self->words);
	}
	self->words[number / 64] |= UINT64_C(1) << number % 64;
}

static bool is_gpu_file(const struct gpu_use *use, uint32_t number)
{
	for (uint32_t i = 0; use && i < use->count; i++)
		if (use->files[i].fd == number)
			return true;
	return false;
}

/* The descriptor that has this name. Who may list descriptors need not be allowed to look at
 * them (root without CAP_SYS_PTRACE): -EACCES or -EPERM, for all of the process. */
static int look_at_link(struct gpu *gpu, struct gpu_row *row, int descriptors, const char *name,
	uint32_t *budget)
{
	/* 0 is a number, but no pid. */
	uint32_t number = name[0] == '0' ? 0 : parse_pid(name);
	struct gpu_finding *found = row->found;
	char path[64];
	ssize_t length;

	add_number(&found->numbers, number);
	if (!found->whole && has_number(&row->known, number) && !is_gpu_file(row->use, number))
		return 0;
	--*budget;
	length = readlinkat(descriptors, name, path, sizeof path - 1);
	if (length < 0)
		return errno == EACCES || errno == EPERM ? -errno : 0;
	path[length] = '\0';
	find_file(gpu, found, number, path);
	return 0;
}

int gpu_links_read(struct processes *self, struct gpu *gpu, struct gpu_row *row,
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
			int error = look_at_link(gpu, row, descriptors, entry->d_name, budget);
			if (error)
				return error;
			row->seen++;
			if (*budget == 0)
				return false;
		}
		/* procfs fills the buffer as long as there is something; other file systems
		 * need not. */
		if (self->host->real && (size_t)length + sizeof(struct dirent64) < sizeof bytes)
			break;
	}
	return length < 0 ? -errno : true;
}
