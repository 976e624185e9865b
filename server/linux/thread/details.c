/*
 * Sources status, delays, wait and io: what few ask of a thread. Each is a file of its own in
 * /proc/PID/task/TID, but delays, which are in stat.
 */
#include <errno.h>
#include <string.h>

#include "../process/process.h"
#include "alloc.h"
#include "thread.h"

/* ----------------------------------------------------------------------------- status */

/* All of the file: the groups of a process may take most of a megabyte in it. */
static ssize_t read_status(struct threads *self, const struct thread *thread)
{
	enum { SIZE = 8192, LIMIT = 1 << 20 };
	char path[THREAD_PATH];

	for (;;) {
		if (!self->buffer_size) {
			self->buffer_size = SIZE;
			self->buffer = xreallocarray(NULL, SIZE, 1);
		}
		ssize_t length = read_file(self->directory, thread_path(thread, "status", path),
			self->buffer, self->buffer_size);
		if (length < (ssize_t)self->buffer_size || self->buffer_size >= LIMIT)
			return length;
		self->buffer_size *= 2;
		self->buffer = xreallocarray(self->buffer, self->buffer_size, 1);
	}
}

static int status_read(struct devices *devices, void *row, void *memory)
{
	struct threads *self = threads_of(devices);
	struct linux_thread_status *sample = memory;
	ssize_t length = read_status(self, row);

	if (length < 0)
		return thread_state(self, row, (int)length);
	*sample = (struct linux_thread_status){0};
	if (control_parse(self->buffer, (size_t)length, &sample->control) < 0)
		sample->control = (struct linux_control){
			.affinity = {.state = STATE_FAILED},
			.affinity_count = ABSENT_U64(STATE_FAILED),
		};
	if (switches_parse(self->buffer, (size_t)length, &sample->switches) < 0)
		device_fill(&sample->switches.total, &sample->switches.forced, STATE_FAILED);
	return STATE_OK;
}

const struct device_source thread_status_source = {
	.source = {.name = "status",
		.sample_size = sizeof(struct linux_thread_status),
		.lane = LANE_FAST,
		.remedy = REMEDY_HIDDEN},
	.read = status_read,
};

/* ----------------------------------------------------------------------------- delays */

/* 0 is what the kernel says, too, of a thread that started before it was told to count: see
 * source delays of table PROCESS. */
static int delays_read(struct devices *devices, void *row, void *memory)
{
	struct threads *self = threads_of(devices);
	const struct thread *thread = row;
	struct linux_thread_delays *sample = memory;
	uint64_t start = thread->start + 1;

	if (!self->delays_since)
		self->delays_since = delays_first_since(devices->host);
	if (thread->io_delay && start < self->delays_since)
		self->delays_since = start;
	sample->io_delay = thread->io_delay;
	return start < self->delays_since ? STATE_UNSUPPORTED : STATE_OK;
}

const struct device_source thread_delays_source = {
	.source = {.name = "delays",
		.sample_size = sizeof(struct linux_thread_delays),
		.lane = LANE_FAST,
		.remedy = REMEDY_HIDDEN},
	.unsupported = delays_unsupported,
	.read = delays_read,
};

/* ------------------------------------------------------------------------------- wait */

/* "0": it waits for nothing, or we may not know. */
struct sample_text thread_wait_parse(
	const char *bytes, size_t length, const struct thread *thread)
{
	bool none = length == 0 || *bytes == '0';

	if (none && thread->state != 'R' && thread->is_hidden)
		return (struct sample_text){.state = STATE_DENIED};
	if (none)
		return (struct sample_text){.state = STATE_NONE};
	return (struct sample_text){bytes, (uint32_t)length, STATE_OK};
}

static int wait_read(struct devices *devices, void *row, void *memory)
{
	struct threads *self = threads_of(devices);
	struct linux_thread_wait *sample = memory;
	char path[THREAD_PATH];
	ssize_t length = read_file_line(self->directory, thread_path(row, "wchan", path),
		self->channel, sizeof self->channel);

	if (length < 0)
		return thread_state(self, row, (int)length);
	sample->channel = thread_wait_parse(self->channel, strlen(self->channel), row);
	return STATE_OK;
}

static const char *no_channels(const struct host *host, enum cell_state *ret_state)
{
	*ret_state = STATE_UNSUPPORTED;
	return host_lacks_file(host, "wchan") ? "this kernel does not tell it: it was built "
						"without CONFIG_KALLSYMS"
					      : NULL;
}

const struct device_source thread_wait_source = {
	.source = {.name = "wait",
		.sample_size = sizeof(struct linux_thread_wait),
		.lane = LANE_FAST,
		.remedy = REMEDY_OWNED},
	.unsupported = no_channels,
	.read = wait_read,
};

/* --------------------------------------------------------------------------------- io */

static int io_read(struct devices *devices, void *row, void *memory)
{
	struct threads *self = threads_of(devices);
	struct linux_thread_io *sample = memory;
	char path[THREAD_PATH], bytes[512];
	ssize_t length =
		read_file(self->directory, thread_path(row, "io", path), bytes, sizeof bytes);

	if (length < 0)
		return thread_state(self, row, (int)length);
	return io_parse(bytes, (size_t)length, &sample->io) < 0 ? STATE_FAILED : STATE_OK;
}

const struct device_source thread_io_source = {
	.source = {.name = "io",
		.sample_size = sizeof(struct linux_thread_io),
		.lane = LANE_FAST,
		.remedy = REMEDY_OWNED},
	.unsupported = io_unsupported,
	.read = io_read,
};
