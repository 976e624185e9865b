#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "alloc.h"
#include "hash.h"

const struct process_source *const process_sources[SOURCE_COUNT] = {
	[SOURCE_identity] = &identity_source,
	[SOURCE_clock] = &clock_source,
	[SOURCE_exit] = &exit_source,
	[SOURCE_stat] = &stat_source,
	[SOURCE_status] = &status_source,
	[SOURCE_control] = &control_source,
	[SOURCE_limits] = &limits_source,
	[SOURCE_ioprio] = &ioprio_source,
	[SOURCE_parent] = &parent_source,
	[SOURCE_coalition] = &coalition_source,
	[SOURCE_io] = &io_source,
	[SOURCE_schedstat] = &schedstat_source,
	[SOURCE_switches] = &switches_source,
	[SOURCE_threads] = &threads_source,
	[SOURCE_delays] = &delays_source,
	[SOURCE_children] = &children_source,
	[SOURCE_files] = &files_source,
	[SOURCE_cgroup] = &cgroup_source,
	[SOURCE_oom_score] = &oom_score_source,
	[SOURCE_oom_adjust] = &oom_adjust_source,
	[SOURCE_exe] = &exe_source,
	[SOURCE_links] = &links_source,
	[SOURCE_name] = &name_source,
	[SOURCE_build_id] = &build_id_source,
	[SOURCE_cmdline] = &cmdline_source,
	[SOURCE_smaps] = &smaps_source,
	[SOURCE_regions] = &regions_source,
	[SOURCE_sockets] = &sockets_source,
	[SOURCE_gpu] = &gpu_source,
	[SOURCE_energy_score] = &energy_score_source,
	[SOURCE_energy_share] = &energy_share_source,
};

static const char *unsupported(void *context, uint32_t source, enum cell_state *ret_state)
{
	const struct host *host = context;
	const struct process_source *own = process_sources[source];

	return own->unsupported ? own->unsupported(host, ret_state) : NULL;
}

/* ---------------------------------------------------------------------------- wanted */

static void process_want(void *context, uint32_t sources)
{
	for (uint32_t i = 0; i < SOURCE_COUNT; i++)
		if (process_sources[i]->want)
			process_sources[i]->want(context, sources >> i & 1);
}

void sources_forget_row(struct processes *self, uint32_t slot)
{
	for (uint32_t i = 0; i < SOURCE_COUNT; i++)
		if (process_sources[i]->forget)
			process_sources[i]->forget(self, slot);
}

int job_state_of(const struct process_job *job, int error)
{
	switch (error) {
	case ESRCH:
	case ENOENT:
		return directory_is_there(job->directory) ? STATE_UNSUPPORTED : SAMPLE_GONE;
	case ENOEXEC: /* a program of another machine, or none that we know */
		return STATE_UNSUPPORTED;
	case EACCES:
	case EPERM:
		return STATE_DENIED;
	default:
		return STATE_FAILED;
	}
}

/* -------------------------------------------------------------------- open and close */

/* The id of this boot makes identities by hash differ from those before. A substitute tree
 * need not have one. */
static uint64_t read_boot_id(const struct processes *self)
{
	char bytes[64];
	ssize_t length =
		read_file(self->procfs, "sys/kernel/random/boot_id", bytes, sizeof bytes);

	return hash_bytes(bytes, length > 0 ? (size_t)length : 0);
}

static int open_all(struct processes *self)
{
	const struct host *host = self->host;

	self->procfs = open(host->procfs, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (self->procfs < 0)
		return -errno;
	if (host_has(host, FEATURE_PIDFD)) {
		self->epoll = epoll_create1(EPOLL_CLOEXEC);
		if (self->epoll < 0)
			return -errno;
	}
	/* Counters of a substitute tree may stand still while its processes come and go. With
	 * subset=pid a procfs has none. */
	if (host->real) {
		self->stat = openat(self->procfs, "stat", O_RDONLY | O_CLOEXEC);
		self->loadavg = openat(self->procfs, "loadavg", O_RDONLY | O_CLOEXEC);
	}
	if (!host_has(host, FEATURE_PIDFD_INODE))
		self->boot_id = read_boot_id(self);
	return 0;
}

static void close_descriptor(int fd)
{
	if (fd >= 0)
		close(fd);
}

static void process_close(void *context)
{
	struct processes *self = context;

	process_want(self, 0);
	for (uint32_t slot = 0; slot < self->capacity; slot++)
		if (self->flags[slot] & ROW_ALIVE)
			row_end(self, slot);
	endings_finish(self);
	close_descriptor(self->procfs);
	close_descriptor(self->epoll);
	close_descriptor(self->stat);
	close_descriptor(self->loadavg);
	pid_map_finish(&self->slots);
	pid_map_finish(&self->ended);
	free(self->pids);
	free(self->clocks);
	free(self->flags);
	free(self->ppids);
	free(self->rows);
	free(self->zombies);
	free(self->memos);
	free(self->buffer);
	free(self);
}

static int process_open(void *context, const struct target *target, void **ret_self)
{
	struct processes *self = xcalloc(1, sizeof *self);
	int result;

	(void)target; /* this table has none */
	self->host = context;
	self->procfs = self->epoll = self->stat = self->loadavg = -1;
	self->buffer_size = 32768;
	self->buffer = xcalloc(1, self->buffer_size);
	descriptors_init(self);
	result = open_all(self);
	if (result < 0)
		process_close(self);
	else
		*ret_self = self;
	return result;
}

static uint64_t process_descriptors(void *context)
{
	const struct processes *self = context;

	return self->kept + (uint64_t)((self->procfs >= 0) + (self->epoll >= 0) +
				       (self->stat >= 0) + (self->loadavg >= 0));
}

/* -------------------------------------------------------------------------- reading */

static int process_read(void *context, uint32_t slot, uint32_t source, void *sample)
{
	struct processes *self = context;
	int result;

	if (self->ending)
		return exit_read_last(self, slot, source, sample);
	result = process_sources[source]->read(self, slot, sample);
	if (result == SAMPLE_GONE && self->exits == EXITS_NONE)
		row_end(self, slot);
	return result;
}

static int process_job_prepare(void *context, struct job *job)
{
	struct processes *self = context;
	struct process_job *own = (struct process_job *)(void *)job->context;
	const struct process_source *source = process_sources[job->source];
	int directory, result = row_enter(self, job->slot, &directory);

	if (result != STATE_OK)
		return result;
	own->features = self->host->features;
	own->directory = directory;
	if (directory == self->rows[job->slot].directory)
		own->directory = fcntl(directory, F_DUPFD_CLOEXEC, 0);
	if (own->directory < 0)
		return STATE_FAILED;
	result = source->prepare ? source->prepare(self, job) : STATE_OK;
	if (result != STATE_OK)
		close(own->directory);
	return result;
}

static int process_job_run(struct job *job)
{
	return process_sources[job->source]->run(job);
}

static void process_job_release(struct job *job)
{
	const struct process_job *own = (const struct process_job *)(const void *)job->context;

	if (process_sources[job->source]->release)
		process_sources[job->source]->release(job);
	close(own->directory);
}

static int process_job_finish(void *context, struct job *job, int result)
{
	const struct process_source *source = process_sources[job->source];

	return source->finish ? source->finish(context, job, result) : result;
}

const struct provider process_provider = {
	.table = TABLE_PROCESS,
	.source_count = SOURCE_COUNT,
	.unsupported = unsupported,
	.open = process_open,
	.close = process_close,
	.list = processes_list,
	.gate = processes_gate,
	.read = process_read,
	.job_prepare = process_job_prepare,
	.job_run = process_job_run,
	.job_release = process_job_release,
	.job_finish = process_job_finish,
	.want = process_want,
	.describe_exits = endings_describe,
	.descriptors = process_descriptors,
};
