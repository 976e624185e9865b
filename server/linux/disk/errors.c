/*
 * Source disk_errors: what the SCSI layer counts of each of its devices (SATA and USB disks are
 * among them), in memory: Documentation/ABI/testing/sysfs-block-device and drivers/scsi/
 * scsi_sysfs.c. Other drivers count nothing of the kind.
 */
#include <errno.h>
#include <stdio.h>

#include "../read.h"
#include "disk.h"

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

int disk_hex_parse(const char *bytes, size_t length, uint64_t *ret_number)
{
	size_t at = 2;

	*ret_number = 0;
	if (length < 3 || bytes[0] != '0' || bytes[1] != 'x')
		return -EBADMSG;
	for (; at < length && digit_of(bytes[at]) >= 0; at++) {
		if (*ret_number >> 56)
			return -EBADMSG;
		*ret_number = *ret_number << 4 | (uint64_t)digit_of(bytes[at]);
	}
	return at > 2 && (at == length || bytes[at] == '\n') ? 0 : -EBADMSG;
}

static uint64_t read_counter(
	const struct devices *self, const struct disk *row, const char *name)
{
	char path[4096], bytes[32];
	uint64_t number;
	ssize_t length;

	snprintf(path, sizeof path, "%s/block/%s/device/%s", self->host->sysfs, row->place,
		name);
	length = read_file(AT_FDCWD, path, bytes, sizeof bytes);
	if (length < 0)
		return ABSENT_U64(sysfs_state((int)length));
	if (disk_hex_parse(bytes, (size_t)length, &number) < 0)
		return ABSENT_U64(STATE_FAILED);
	return number;
}

static int errors_read(struct devices *self, void *memory, void *out)
{
	const struct disk *row = memory;
	struct linux_disk_errors *sample = out;

	if (!row->has_errors)
		return STATE_NONE;
	sample->errors = read_counter(self, row, "ioerr_cnt");
	sample->timeouts = read_counter(self, row, "iotmo_cnt");
	return STATE_OK;
}

const struct device_source disk_errors_source = {
	.source = {.name = "disk_errors",
		.sample_size = sizeof(struct linux_disk_errors),
		.lane = LANE_FAST,
		.period_ns = UINT64_C(2000000000)},
	.read = errors_read,
};
