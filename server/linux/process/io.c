/*
 * Source io: /proc/PID/io. Only for processes that we may trace: the others are denied.
 *
 * write_bytes counts pages when they become dirty; what was thrown away before it reached
 * the disk is in cancelled_write_bytes.
 */
#include <errno.h>

#include "process.h"

enum { READ_CHARS, WRITTEN_CHARS, READ_CALLS, WRITE_CALLS, READ, WRITTEN, CANCELLED, VALUES };

static const struct pair pairs[VALUES] = {
	PAIR("rchar", READ_CHARS, 1),
	PAIR("wchar", WRITTEN_CHARS, 1),
	PAIR("syscr", READ_CALLS, 1),
	PAIR("syscw", WRITE_CALLS, 1),
	PAIR("read_bytes", READ, 1),
	PAIR("write_bytes", WRITTEN, 1),
	PAIR("cancelled_write_bytes", CANCELLED, 1),
};

static uint64_t natural(int64_t number)
{
	return number > 0 ? (uint64_t)number : 0;
}

int io_parse(const char *bytes, size_t length, struct linux_io *ret_io)
{
	struct scan scan = {bytes, bytes + length};
	int64_t value[VALUES] = {0};

	if (scan_pairs(&scan, pairs, VALUES, value) != (UINT32_C(1) << VALUES) - 1)
		return -EBADMSG;
	ret_io->read_bytes = natural(value[READ_CHARS]);
	ret_io->written_bytes = natural(value[WRITTEN_CHARS]);
	ret_io->read_calls = natural(value[READ_CALLS]);
	ret_io->write_calls = natural(value[WRITE_CALLS]);
	ret_io->disk_read = natural(value[READ]);
	/* It may have thrown away what another process wrote. */
	ret_io->disk_written = natural(value[WRITTEN] - value[CANCELLED]);
	ret_io->logical_written = natural(value[WRITTEN]);
	ret_io->cancelled = natural(value[CANCELLED]);
	return 0;
}

static int io_read(struct processes *self, uint32_t slot, void *memory)
{
	size_t length;
	int result = row_read(self, slot, FILE_IO, &length);

	if (result != STATE_OK)
		return result;
	return io_parse(self->buffer, length, memory) < 0 ? STATE_FAILED : STATE_OK;
}

const char *io_unsupported(const struct host *host, enum cell_state *ret_state)
{
	*ret_state = STATE_UNSUPPORTED;
	return host_lacks_file(host, "io")
		       ? "this kernel does not count it: it was built without "
			 "CONFIG_TASK_IO_ACCOUNTING"
		       : NULL;
}

const struct process_source io_source = {
	.source = {.name = "io",
		.sample_size = sizeof(struct linux_io),
		.lane = LANE_FAST,
		.gated = true,
		.remedy = REMEDY_OWNED},
	.unsupported = io_unsupported,
	.read = io_read,
};
