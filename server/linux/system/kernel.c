/*
 * Source kernel: /proc/sys/kernel, what the machine and its kernel are called, and the limits
 * that are set for all of it.
 */
#include <errno.h>
#include <string.h>
#include <sys/utsname.h>

#include "fields.h"
#include "system.h"

/* They change when somebody sets them. */
static const uint64_t period_ns = UINT64_C(5000000000);

static struct sample_text take_text(struct devices *self, int index, const char *path)
{
	struct system *system = (struct system *)(void *)self;
	char *copy = system->kernel_texts[index];
	struct scan text, line;
	int result = system_file(self, PROC, path, &text);
	size_t length;

	if (result < 0 || !scan_line(&text, &line))
		return (struct sample_text){
			.state = result < 0 ? system_state(result) : STATE_NONE};
	length = (size_t)(line.end - line.at);
	if (length >= sizeof *system->kernel_texts)
		length = sizeof *system->kernel_texts - 1;
	memcpy(copy, line.at, length);
	copy[length] = '\0';
	return device_text(copy);
}

/* Kernels before 6.1 have no file for it; then it is that of the kernel that we run on. */
static struct sample_text take_machine(struct devices *self, int index)
{
	struct system *system = (struct system *)(void *)self;
	struct sample_text text = take_text(self, index, "sys/kernel/arch");
	struct utsname names;

	if (text.state != STATE_NONE || !self->host->real || uname(&names) < 0)
		return text;
	strncpy(system->kernel_texts[index], names.machine, sizeof *system->kernel_texts - 1);
	return device_text(system->kernel_texts[index]);
}

/* What nobody ever reaches is no limit: the kernel sets half of all numbers where there is none,
 * which is more than a number from a file may be. */
static void take_limit(struct devices *self, const char *path, uint64_t *ret_limit)
{
	int result = system_number(self, PROC, path, ret_limit);

	if (result < 0)
		*ret_limit = ABSENT_U64(system_state(result));
	else if (*ret_limit >= NUMBER_LIMIT)
		*ret_limit = ABSENT_U64(STATE_NONE);
}

static int kernel_read(struct devices *self, void *row, void *memory)
{
	struct linux_kernel *sample = memory;

	(void)row;
	sample->name = take_text(self, 0, "sys/kernel/hostname");
	sample->system = take_text(self, 1, "sys/kernel/ostype");
	sample->release = take_text(self, 2, "sys/kernel/osrelease");
	sample->version = take_text(self, 3, "sys/kernel/version");
	sample->machine = take_machine(self, 4);
	take_limit(self, "sys/fs/file-max", &sample->files_max);
	take_limit(self, "sys/kernel/pid_max", &sample->pids_max);
	take_limit(self, "sys/kernel/threads-max", &sample->threads_max);
	return STATE_OK;
}

static const char *kernel_unsupported(const struct host *host, enum cell_state *ret_state)
{
	return system_lacks(host, PROC, "sys/kernel", NO_FILE, ret_state);
}

const struct device_source kernel_source = {
	.source = {.name = "kernel",
		.sample_size = sizeof(struct linux_kernel),
		.lane = LANE_FAST,
		.period_ns = period_ns},
	.unsupported = kernel_unsupported,
	.read = kernel_read,
};
