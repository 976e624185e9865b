/*
 * Source disk_facts: what hardly ever changes. Some of it the driver asks the device for
 * (virtio's serial number), or a lock of the queue is held that may last: slow lane.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../read.h"
#include "disk.h"

enum { SHORT_TEXT = 256, LABEL_TEXT = 1024 };

/* Bytes 2 and 3 are the length of what follows; SPC-4, 7.8.18. */
bool disk_vpd_parse(const char *bytes, size_t length, char *serial, size_t size)
{
	size_t start = 4, end, used = 0;

	*serial = '\0';
	if (length < start || (unsigned char)bytes[1] != 0x80)
		return false;
	end = start + ((unsigned)(unsigned char)bytes[2] << 8 | (unsigned char)bytes[3]);
	if (end > length)
		end = length;
	while (start < end && (bytes[start] == ' ' || bytes[start] == '\0'))
		start++;
	while (end > start && (bytes[end - 1] == ' ' || bytes[end - 1] == '\0'))
		end--;
	for (; start < end && used < size - 1; start++)
		serial[used++] = bytes[start];
	serial[used] = '\0';
	return used > 0;
}

static struct sample_text read_serial(int directory, char *text)
{
	static const char *const paths[] = {"device/serial", "serial", NULL};
	struct sample_text serial = sysfs_sample_text(directory, paths, text, SHORT_TEXT);
	char page[512];
	ssize_t length;

	if (serial.bytes)
		return serial;
	length = read_file(directory, "device/vpd_pg80", page, sizeof page);
	if (length > 0 && disk_vpd_parse(page, (size_t)length, text, SHORT_TEXT))
		return device_text(text);
	return serial;
}

/* The name of a partition, if its table has names. */
static struct sample_text read_partition_name(int directory, char *text)
{
	static const char key[] = "\nPARTNAME=";
	ssize_t length = read_file(directory, "uevent", text, LABEL_TEXT - 1);
	char *name;

	if (length < 0)
		return (struct sample_text){.state = sysfs_state((int)length)};
	text[length] = '\0';
	name = strstr(text, key);
	if (!name)
		return (struct sample_text){.state = STATE_NONE};
	name += sizeof key - 1;
	name[strcspn(name, "\n")] = '\0';
	return device_text(name);
}

static void read_partition(struct linux_disk_facts *sample, int directory, char *text)
{
	const struct sample_text none = {.state = STATE_NONE};

	sample->model = sample->serial = sample->wwid = none;
	sample->label = read_partition_name(directory, text);
	sample->rotational = sample->removable = ABSENT_U64(STATE_NONE);
}

static void read_whole(struct linux_disk_facts *sample, int directory, char *text)
{
	static const char *const models[] = {"device/model", "device/name", NULL};
	static const char *const wwids[] = {"wwid", "device/wwid", NULL};
	static const char *const labels[] = {"dm/name", "loop/backing_file", NULL};

	sample->model = sysfs_sample_text(directory, models, text, SHORT_TEXT);
	sample->serial = read_serial(directory, text += SHORT_TEXT);
	sample->wwid = sysfs_sample_text(directory, wwids, text += SHORT_TEXT, SHORT_TEXT);
	sample->label = sysfs_sample_text(directory, labels, text + SHORT_TEXT, LABEL_TEXT);
	sample->rotational = sysfs_natural(directory, "queue/rotational");
	sample->removable = sysfs_natural(directory, "removable");
}

static int facts_prepare(struct devices *self, void *row, void **ret_data)
{
	*ret_data = disk_directory(self, row);
	return *ret_data ? STATE_OK : STATE_NONE;
}

static int facts_run(void *path, struct job *job)
{
	struct linux_disk_facts *sample = job->sample;
	int directory = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (directory < 0)
		return (int)sysfs_state(-errno);
	if (faccessat(directory, "partition", F_OK, 0) == 0)
		read_partition(sample, directory, job->text);
	else
		read_whole(sample, directory, job->text);
	sample->read_only = sysfs_natural(directory, "ro");
	close(directory);
	return STATE_OK;
}

const struct device_source disk_facts_source = {
	.source = {.name = "disk_facts",
		.sample_size = sizeof(struct linux_disk_facts),
		.text_size = 3 * SHORT_TEXT + LABEL_TEXT,
		.lane = LANE_SLOW,
		.period_ns = UINT64_C(60000000000),
		.remedy = "this kernel lets only root read what identifies a disk: run "
			  "procmond as root"},
	.prepare = facts_prepare,
	.run = facts_run,
};
