#include "kfd.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../parse.h"
#include "../../read.h"
#include "../samples.h"
#include "attribute.h"
#include "gpu_device.h"

static DIR *open_directory(const char *path)
{
	int directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = directory < 0 ? NULL : fdopendir(directory);

	if (!stream && directory >= 0)
		close(directory);
	return stream;
}

/* --------------------------------------------------------------------------- topology */

/* A line "key number" of a node's properties. */
static int64_t property(const char *text, size_t length, const char *key)
{
	struct scan scan = {text, text + length}, line;
	size_t key_length = strlen(key);
	int64_t number;

	while (scan_line(&scan, &line))
		if ((size_t)(line.end - line.at) > key_length &&
			memcmp(line.at, key, key_length) == 0 && line.at[key_length] == ' ') {
			line.at += key_length;
			return scan_number(&line, &number) ? number : -1;
		}
	return -1;
}

/* location_id has bus, device and function as PCI packs them: 8, 5 and 3 bits. */
static bool read_node(int nodes, const char *name, struct kfd_topology *self)
{
	char path[GPU_PATH_SIZE], text[4096];
	int64_t id, domain, location;
	ssize_t length;

	snprintf(path, sizeof path, "%s/gpu_id", name);
	length = read_file(nodes, path, text, sizeof text);
	/* The processor is a node as well, of id 0. */
	if (length <= 0 || number_parse(text, (size_t)length, &id) < 0 || id <= 0)
		return false;
	snprintf(path, sizeof path, "%s/properties", name);
	length = read_file(nodes, path, text, sizeof text);
	domain = length > 0 ? property(text, (size_t)length, "domain") : -1;
	location = length > 0 ? property(text, (size_t)length, "location_id") : -1;
	if (location < 0)
		return false;
	self->gpus[self->count].id = (uint64_t)id;
	snprintf(self->gpus[self->count].address, KFD_ADDRESS_SIZE, "%04x:%02x:%02x.%x",
		domain > 0 ? (unsigned)(domain & 0xFFFFFF) : 0,
		(unsigned)(location >> 8 & 0xFF), (unsigned)(location >> 3 & 0x1F),
		(unsigned)(location & 7));
	return true;
}

void kfd_topology_read(struct kfd_topology *self, const char *sysfs)
{
	char path[GPU_PATH_SIZE];
	const struct dirent *entry;
	DIR *nodes;

	memset(self, 0, sizeof *self);
	self->read = true;
	snprintf(path, sizeof path, "%s/class/kfd/kfd/topology/nodes", sysfs);
	nodes = open_directory(path);
	if (!nodes)
		return;
	while (self->count < KFD_GPUS && (entry = readdir(nodes)))
		if (entry->d_name[0] != '.' && read_node(dirfd(nodes), entry->d_name, self))
			self->count++;
	closedir(nodes);
}

static const char *address_of(const struct kfd_topology *self, uint64_t id)
{
	for (uint32_t i = 0; i < self->count; i++)
		if (self->gpus[i].id == id)
			return self->gpus[i].address;
	return NULL;
}

/* -------------------------------------------------------------------------- processes */

static bool is_awake(const char *sysfs, const char *address)
{
	char path[GPU_PATH_SIZE];

	snprintf(path, sizeof path, "%s/bus/pci/devices/%s/power/runtime_status", sysfs,
		address);
	return gpu_status_awake(path);
}

static struct kfd_gpu_use *use_of(struct kfd_use *use, const char *address)
{
	for (uint32_t i = 0; i < use->count; i++)
		if (strcmp(use->gpus[i].address, address) == 0)
			return &use->gpus[i];
	if (use->count == KFD_GPUS)
		return NULL;
	snprintf(use->gpus[use->count].address, KFD_ADDRESS_SIZE, "%s", address);
	return &use->gpus[use->count++];
}

/* "vram_12345" or "sdma_12345". */
static int read_entry(const struct kfd_topology *topology, const char *sysfs, int directory,
	const char *name, struct kfd_use *use)
{
	bool is_vram = strncmp(name, "vram_", 5) == 0;
	const char *address;
	struct kfd_gpu_use *gpu;
	char text[64];
	int64_t number;
	ssize_t length;

	if (!is_vram && strncmp(name, "sdma_", 5) != 0)
		return STATE_NONE;
	address = address_of(topology, strtoull(name + 5, NULL, 10));
	if (!address)
		return STATE_NONE;
	if (!is_awake(sysfs, address))
		return STATE_ASLEEP;
	length = read_file(directory, name, text, sizeof text);
	if (length < 0)
		return length == -EACCES || length == -EPERM ? STATE_DENIED : STATE_FAILED;
	if (number_parse(text, (size_t)length, &number) < 0 || number < 0)
		return STATE_FAILED;
	gpu = use_of(use, address);
	if (gpu && is_vram)
		gpu->vram = (uint64_t)number;
	else if (gpu)
		gpu->copy_ns = saturating_multiply((uint64_t)number, 1000);
	return STATE_OK;
}

int kfd_read(const struct kfd_topology *topology, const char *sysfs, uint32_t pid,
	struct kfd_use *ret_use)
{
	char path[GPU_PATH_SIZE];
	const struct dirent *entry;
	int state = STATE_NONE;
	DIR *stream;

	memset(ret_use, 0, sizeof *ret_use);
	snprintf(path, sizeof path, "%s/class/kfd/kfd/proc/%u", sysfs, (unsigned)pid);
	stream = open_directory(path);
	if (!stream)
		return errno == EACCES || errno == EPERM ? STATE_DENIED : STATE_NONE;
	while ((entry = readdir(stream))) {
		int result = read_entry(topology, sysfs, dirfd(stream), entry->d_name, ret_use);
		if (state != STATE_OK && result != STATE_NONE)
			state = result;
	}
	closedir(stream);
	return state;
}
