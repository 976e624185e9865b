/* Source file_table: /proc/sys/fs, how many files and inodes the kernel holds. */
#include "fields.h"
#include "system.h"

static void take(struct devices *self, const char *path, uint64_t *ret_number)
{
	int result = system_number(self, PROC, path, ret_number);

	if (result < 0)
		*ret_number = ABSENT_U64(system_state(result));
}

/* Both files begin with the number that is meant. */
static int file_table_read(struct devices *self, void *row, void *memory)
{
	struct linux_file_table *sample = memory;

	(void)row;
	take(self, "sys/fs/file-nr", &sample->open);
	take(self, "sys/fs/inode-nr", &sample->inodes);
	return STATE_OK;
}

static const char *file_table_unsupported(const struct host *host, enum cell_state *ret_state)
{
	return system_lacks(host, PROC, "sys/fs/file-nr", NO_FILE, ret_state);
}

const struct device_source file_table_source = {
	.source = {.name = "file_table",
		.sample_size = sizeof(struct linux_file_table),
		.lane = LANE_FAST},
	.unsupported = file_table_unsupported,
	.read = file_table_read,
};
