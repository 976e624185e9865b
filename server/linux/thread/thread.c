#include "thread.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../process/process.h"
#include "../target.h"

/* Of field 9; include/linux/sched.h calls it PF_KTHREAD. */
#define FLAG_KERNEL_THREAD 0x200000

const char *thread_path(const struct thread *thread, const char *name, char path[THREAD_PATH])
{
	snprintf(path, THREAD_PATH, "task/%u/%s", (unsigned)thread->tid, name);
	return path;
}

int thread_state(const struct threads *self, const struct thread *thread, int error)
{
	char path[THREAD_PATH];

	switch (error) {
	case -EACCES:
	case -EPERM:
		return STATE_DENIED;
	case -ENOENT:
	case -ESRCH:
		return faccessat(self->directory, thread_path(thread, "stat", path), F_OK, 0)
			       ? STATE_NONE
			       : STATE_UNSUPPORTED;
	default:
		return STATE_FAILED;
	}
}

/* ------------------------------------------------------------------------------- rows */

static uint64_t natural(int64_t number)
{
	return number > 0 ? (uint64_t)number : 0;
}

/* Field 26 is where the code begins: 1 instead of it says that we may not trace the process. */
static void fill(struct thread *thread, const struct stat_line *line)
{
	uint32_t length =
		line->comm_length < THREAD_NAME_SIZE ? line->comm_length : THREAD_NAME_SIZE;

	memcpy(thread->name, line->comm, length);
	thread->name_length = length;
	thread->state = line->state;
	thread->is_kernel = line->field[9] & FLAG_KERNEL_THREAD;
	thread->is_hidden = line->field[26] == 1 || (thread->is_kernel && geteuid() != 0);
	thread->faults = natural(line->field[10]) + natural(line->field[12]);
	thread->faults_major = natural(line->field[12]);
	thread->user = natural(line->field[14]);
	thread->system = natural(line->field[15]);
	thread->priority = line->field[18];
	thread->nice = line->field[19];
	thread->start = natural(line->field[22]);
	thread->last_cpu = natural(line->field[39]);
	thread->realtime_priority = natural(line->field[40]);
	thread->policy = natural(line->field[41]);
	thread->io_delay = natural(line->field[42]);
}

/* The threads that one list finds. */
struct found {
	struct threads *threads;
	uint32_t count, ended;
	int error;
};

/* Without threads (field 20) it is being reaped, and the kernel writes zeros. */
static bool add_thread(void *context, int tasks, uint32_t tid)
{
	struct found *found = context;
	struct threads *self = found->threads;
	struct thread *thread;
	struct stat_line line = {0};
	char path[THREAD_PATH], bytes[1024];
	ssize_t length;
	bool is_new;

	snprintf(path, sizeof path, "%u/stat", (unsigned)tid);
	length = read_file(tasks, path, bytes, sizeof bytes);
	if (length == -ENOENT || length == -ESRCH)
		return true;
	found->error = length < 0 ? (int)length : stat_parse(bytes, (size_t)length, &line);
	if (found->error)
		return false;
	if (line.field[20] == 0)
		return true;
	thread = devices_found_number(&self->devices,
		identity_hash(tid, natural(line.field[22]), self->pid), self->pid, &is_new);
	if (!thread)
		return true;
	thread->tid = tid;
	fill(thread, &line);
	found->count++;
	found->ended += line.state == 'Z' || line.state == 'X';
	return true;
}

/* A zombie has ended. (Its first thread alone has, as long as there are others.) */
static int find(struct devices *devices)
{
	struct threads *self = threads_of(devices);
	struct found found = {.threads = self};
	int error = tasks_each(self->directory, add_thread, &found);

	if (error == -ENOENT || (!error && !found.error && found.count == found.ended))
		return -ESRCH;
	return error ? error : found.error;
}

static int open_table(struct devices *devices, const struct target *target)
{
	struct threads *self = threads_of(devices);

	self->pid = (uint32_t)target->pid;
	self->directory = target_open(devices->host, target);
	return self->directory < 0 ? self->directory : 0;
}

static bool has_target(struct devices *devices)
{
	return target_is_there(threads_of(devices)->directory);
}

static uint64_t descriptors(struct devices *devices)
{
	(void)devices;
	return 1;
}

static void close_table(struct devices *devices)
{
	struct threads *self = threads_of(devices);

	close(self->directory);
	free(self->buffer);
}

/* ------------------------------------------------------------------------ source stat */

/* See start_realtime() of table PROCESS: the wall clock may be set while it lives. */
static uint64_t start_realtime(struct thread *thread, uint64_t boottime_ns)
{
	if (!thread->start_realtime_ns)
		thread->start_realtime_ns = clock_read_ns(CLOCK_REALTIME) -
					    clock_read_ns(CLOCK_BOOTTIME) + boottime_ns;
	return thread->start_realtime_ns;
}

static int stat_read(struct devices *devices, void *row, void *memory)
{
	struct threads *self = threads_of(devices);
	struct thread *thread = row;
	struct linux_thread_stat *sample = memory;

	self->state[0] = thread->state;
	sample->state = (struct sample_text){self->state, 1, STATE_OK};
	sample->name = (struct sample_text){thread->name, thread->name_length, STATE_OK};
	if (!thread->name_length)
		sample->name = (struct sample_text){.state = STATE_NONE};
	sample->tid = thread->tid;
	sample->user = thread->user;
	sample->system = thread->system;
	sample->faults = thread->faults;
	sample->faults_major = thread->faults_major;
	sample->priority = thread->priority;
	sample->nice = thread->nice;
	sample->realtime_priority =
		thread->realtime_priority ? thread->realtime_priority : ABSENT_U64(STATE_NONE);
	sample->policy = thread->policy;
	sample->last_cpu = thread->last_cpu;
	sample->start_boottime_ns = saturating_multiply(thread->start, devices->host->tick_ns);
	sample->start_realtime_ns = start_realtime(thread, sample->start_boottime_ns);
	return STATE_OK;
}

static const struct device_source thread_stat_source = {
	.source = {.name = "stat",
		.sample_size = sizeof(struct linux_thread_stat),
		.lane = LANE_FAST,
		.remedy = REMEDY_HIDDEN},
	.read = stat_read,
};

static const struct device_source *const sources[THREAD_SOURCE_COUNT] = {
	[SOURCE_thread_stat] = &thread_stat_source,
	[SOURCE_thread_clock] = &thread_clock_source,
	[SOURCE_thread_schedule] = &thread_schedule_source,
	[SOURCE_thread_status] = &thread_status_source,
	[SOURCE_thread_delays] = &thread_delays_source,
	[SOURCE_thread_wait] = &thread_wait_source,
	[SOURCE_thread_io] = &thread_io_source,
};

const struct device_table thread_table = {
	.id = TABLE_THREAD,
	.sources = sources,
	.source_count = THREAD_SOURCE_COUNT,
	.size = sizeof(struct threads),
	.row_size = sizeof(struct thread),
	.targeted = true,
	.open = open_table,
	.close = close_table,
	.has_target = has_target,
	.descriptors = descriptors,
	.find = find,
};
