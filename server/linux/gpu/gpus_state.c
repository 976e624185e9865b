/* Sources gpu_identity and gpu_state: what the kernel answers from memory. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../read.h"
#include "../sysfs.h"
#include "gpus.h"

/* Of Documentation/ABI/testing/sysfs-devices-power. "unsupported": it has no runtime power
 * management, and "error": that has failed; both stay on. */
bool gpus_awake(const char *device)
{
	char path[GPUS_PATH + 64], text[32];
	ssize_t length;

	if (!device[0]) /* nobody can tell, and its driver is asked with the same care as ever */
		return true;
	snprintf(path, sizeof path, "%s/power/runtime_status", device);
	length = read_file_line(AT_FDCWD, path, text, sizeof text);
	if (length == -ENOENT) /* a kernel without power management, if the device is there */
		return access(device, F_OK) == 0;
	return length >= 0 &&
	       (strcmp(text, "active") == 0 || strcmp(text, "unsupported") == 0 ||
		       strcmp(text, "error") == 0);
}

enum cell_state gpus_row_state(struct gpus *self, struct gpus_row *row)
{
	uint64_t now_ns = self->devices.now_ns;

	if (row->round == self->devices.round)
		return row->state;
	row->round = self->devices.round;
	row->state = STATE_OK;
	if (!gpus_awake(row->place.device)) {
		gpus_rest_asleep(&row->rest, now_ns);
		row->state = STATE_ASLEEP;
	} else if (!gpus_is_library_row(self, row) && /* it rests by itself */
		   !gpus_rest_allows(&row->rest, &row->place, now_ns)) {
		row->state = STATE_ASLEEP;
	}
	return row->state;
}

static int read_identity(struct devices *table, void *row, void *memory)
{
	static const char *const kinds[] = {"gpu", "accelerator", "mig"};
	const struct gpus_place *place = &((struct gpus_row *)row)->place;
	struct linux_gpu_identity *sample = memory;

	(void)table;
	sample->kind = device_text(kinds[place->kind]);
	sample->address = device_text(place->address);
	sample->driver = device_text(place->driver);
	sample->node = device_text(place->node);
	sample->pci_id = device_text(place->pci_id);
	return STATE_OK;
}

static uint64_t read_time(const char *device, const char *file)
{
	char path[GPUS_PATH + 64];
	int64_t ms = -1;
	int error;

	snprintf(path, sizeof path, "%s/power/%s", device, file);
	error = sysfs_number(AT_FDCWD, path, &ms);
	if (error < 0)
		return ABSENT_U64(gpus_state_of(error));
	return ms < 0 ? ABSENT_U64(STATE_FAILED) : (uint64_t)ms;
}

static int read_state(struct devices *table, void *memory_row, void *memory)
{
	struct gpus_row *row = memory_row;
	struct linux_gpu_state *sample = memory;
	const char *device = row->place.device;
	char path[GPUS_PATH + 64];
	int length;

	(void)table;
	if (!device[0])
		return STATE_UNSUPPORTED;
	snprintf(path, sizeof path, "%s/power/runtime_status", device);
	length = sysfs_text(AT_FDCWD, path, row->text, sizeof row->text);
	if (length < 0 && length != -ENOENT)
		return gpus_state_of(length);
	sample->active_ms = sample->suspended_ms = ABSENT_U64(STATE_NONE);
	if (length < 0 || strcmp(row->text, "unsupported") == 0) {
		snprintf(row->text, sizeof row->text, "active");
	} else {
		sample->active_ms = read_time(device, "runtime_active_time");
		sample->suspended_ms = read_time(device, "runtime_suspended_time");
	}
	sample->state = device_text(row->text);
	return STATE_OK;
}

const struct device_source gpu_identity_source = {
	.source = {.name = "gpu_identity",
		.sample_size = sizeof(struct linux_gpu_identity),
		.lane = LANE_FAST},
	.unsupported = gpus_unsupported,
	.read = read_identity,
};

const struct device_source gpu_state_source = {
	.source = {.name = "gpu_state",
		.sample_size = sizeof(struct linux_gpu_state),
		.lane = LANE_FAST},
	.unsupported = gpus_unsupported,
	.read = read_state,
};
