#include "process.h"

#include <stdlib.h>

#include "alloc.h"

const struct process_source *const process_sources[PROCESS_SOURCE_COUNT] = {
	[SOURCE_identity] = &identity_source,
	[SOURCE_image] = &image_source,
	[SOURCE_brief] = &brief_source,
	[SOURCE_bsd] = &bsd_source,
	[SOURCE_start] = &start_source,
	[SOURCE_exit] = &exit_source,
	[SOURCE_state] = &state_source,
	[SOURCE_rusage] = &rusage_source,
	[SOURCE_task] = &task_source,
	[SOURCE_workqueue] = &workqueue_source,
	[SOURCE_ports] = &ports_source,
	[SOURCE_files] = &files_source,
	[SOURCE_coalition] = &coalition_source,
	[SOURCE_responsible] = &responsible_source,
	[SOURCE_session] = &session_source,
	[SOURCE_children] = &children_source,
	[SOURCE_exe] = &exe_source,
	[SOURCE_name] = &name_source,
	[SOURCE_directories] = &directories_source,
	[SOURCE_cmdline] = &cmdline_source,
	[SOURCE_sockets] = &sockets_source,
	[SOURCE_task_vm] = &task_vm_source,
	[SOURCE_task_power] = &task_power_source,
	[SOURCE_task_purgeable] = &task_purgeable_source,
	[SOURCE_accounts] = &accounts_source,
	[SOURCE_regions] = &regions_source,
	[SOURCE_process_energy] = &process_energy_source,
	[SOURCE_gpu] = &gpu_source,
};

static const char *unsupported(void *context, uint32_t source, enum cell_state *ret_state)
{
	const struct process_source *own = process_sources[source];

	*ret_state = STATE_UNSUPPORTED;
	return own->unsupported ? own->unsupported(context, ret_state) : NULL;
}

/* -------------------------------------------------------------------- open and close */

static void process_want(void *context, uint32_t sources)
{
	struct processes *self = context;

	self->wanted = sources;
	for (uint32_t i = 0; i < PROCESS_SOURCE_COUNT; i++)
		if (process_sources[i]->want)
			process_sources[i]->want(self, sources >> i & 1);
	gate_want(self, sources);
}

static int process_open(void *context, const struct target *target, void **ret_self)
{
	struct processes *self = xcalloc(1, sizeof *self);

	(void)target; /* this table has none */
	self->host = context;
	self->usage_flavor = RUSAGE_INFO_V6;
	self->task_words = task_words_of(self->host->darwin, self->host->is_translated);
	*ret_self = self;
	return 0;
}

static void process_close(void *context)
{
	struct processes *self = context;

	process_want(self, 0);
	for (uint32_t slot = 0; slot < self->capacity; slot++)
		if (self->rows[slot].flags & ROW_ALIVE)
			row_end(self, slot);
	kinfo_finish(self);
	usage_finish(self);
	accounts_finish(self);
	clients_destroy(self->gpu);
	pid_map_finish(&self->slots);
	free(self->rows);
	free(self->pids);
	free(self->fds);
	free(self);
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

	own->pid = self->rows[job->slot].pid;
	own->identity = self->rows[job->slot].identity;
	own->data = NULL;
	return source->prepare ? source->prepare(self, job) : STATE_OK;
}

static int process_job_run(struct job *job)
{
	return process_sources[job->source]->run(job);
}

static void process_job_release(struct job *job)
{
	if (process_sources[job->source]->release)
		process_sources[job->source]->release(job);
}

static int process_job_finish(void *context, struct job *job, int result)
{
	const struct process_source *source = process_sources[job->source];

	return source->finish ? source->finish(context, job, result) : result;
}

void process_provider_init(struct process_provider *self, const struct host *host)
{
	_Static_assert(PROCESS_SOURCE_COUNT <= 32, "sources are bits of a mask");
	for (int i = 0; i < PROCESS_SOURCE_COUNT; i++)
		self->sources[i] = process_sources[i]->source;
	self->provider = (struct provider){
		.table = TABLE_PROCESS,
		.sources = self->sources,
		.source_count = PROCESS_SOURCE_COUNT,
		.context = (void *)(uintptr_t)host,
		.unsupported = unsupported,
		.open = process_open,
		.close = process_close,
		.want = process_want,
		.list = processes_list,
		.gate = processes_gate,
		.read = process_read,
		.job_prepare = process_job_prepare,
		.job_run = process_job_run,
		.job_release = process_job_release,
		.job_finish = process_job_finish,
		.describe_exits = exits_describe,
	};
}
