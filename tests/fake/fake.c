#include "fake.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mappings.h"

struct fake *fake;

struct fake_identity {
	uint64_t pid;
};
struct fake_stat {
	uint64_t ppid, cpu_ns;
	int64_t nice;
	struct sample_text comm;
};
struct fake_number {
	uint64_t value;
};
struct fake_exit {
	uint64_t status;
};
struct fake_text {
	struct sample_text text;
};

#define SOURCE(name_, type, text_, lane_, gated_)                                              \
	{                                                                                      \
		.name = (name_), .sample_size = sizeof(struct type), .text_size = (text_),     \
		.lane = (lane_), .gated = (gated_)                                             \
	}

static const struct source sources[FAKE_SOURCES] = {
	[FAKE_IDENTITY] = SOURCE("identity", fake_identity, 0, LANE_FAST, true),
	[FAKE_STAT] = {.name = "stat",
		.sample_size = sizeof(struct fake_stat),
		.gated = true,
		.last = true},
	[FAKE_MEMORY] = SOURCE("memory", fake_number, 0, LANE_FAST, true),
	[FAKE_FILES] = SOURCE("files", fake_number, 0, LANE_FAST, false),
	[FAKE_CMDLINE] = SOURCE("cmdline", fake_text, 64, LANE_SLOW, true),
	[FAKE_SMAPS] = SOURCE("smaps", fake_number, 0, LANE_SLOW, true),
	[FAKE_GPU] = SOURCE("gpu", fake_number, 0, LANE_FAST, false),
	[FAKE_DISK] = SOURCE("disk", fake_number, 0, LANE_EITHER, true),
	[FAKE_EXIT] = {.name = "exit",
		.sample_size = sizeof(struct fake_exit),
		.gated = true,
		.last = true},
};

#define BIND(source_, type, field)                                                             \
	{                                                                                      \
		.bound = true, .source = (source_), .offset = offsetof(struct type, field)     \
	}
#define DRIFTING(source_, type, field)                                                         \
	{                                                                                      \
		.bound = true, .drifts = true, .source = (source_),                            \
		.offset = offsetof(struct type, field)                                         \
	}

#define SUM(of)                                                                                \
	{                                                                                      \
		.sum = &(const struct summing)                                                 \
		{                                                                              \
			ATTRIBUTE_PROCESS_##of, ATTRIBUTE_PROCESS_PPID,                        \
				ATTRIBUTE_COALITION_PARENT                                     \
		}                                                                              \
	}

static const struct binding bindings[ATTRIBUTE_COUNT] = {
	[ATTRIBUTE_PROCESS_PID] = BIND(FAKE_IDENTITY, fake_identity, pid),
	[ATTRIBUTE_PROCESS_PPID] = BIND(FAKE_STAT, fake_stat, ppid),
	[ATTRIBUTE_PROCESS_COMM] = BIND(FAKE_STAT, fake_stat, comm),
	[ATTRIBUTE_PROCESS_CPU_TOTAL] = BIND(FAKE_STAT, fake_stat, cpu_ns),
	[ATTRIBUTE_PROCESS_NICE] = DRIFTING(FAKE_STAT, fake_stat, nice),
	[ATTRIBUTE_PROCESS_MEM_RESIDENT] = {.bound = true,
		.drifts = true,
		.source = FAKE_MEMORY,
		.offset = offsetof(struct fake_number, value),
		.scale = 1},
	[ATTRIBUTE_PROCESS_FILES_OPEN] = BIND(FAKE_FILES, fake_number, value),
	[ATTRIBUTE_PROCESS_CMDLINE] = BIND(FAKE_CMDLINE, fake_text, text),
	[ATTRIBUTE_PROCESS_MEM_PSS] = DRIFTING(FAKE_SMAPS, fake_number, value),
	[ATTRIBUTE_PROCESS_GPU_TIME] = BIND(FAKE_GPU, fake_number, value),
	[ATTRIBUTE_PROCESS_DISK_READ] = BIND(FAKE_DISK, fake_number, value),
	[ATTRIBUTE_PROCESS_EXIT_STATUS] = BIND(FAKE_EXIT, fake_exit, status),
	[ATTRIBUTE_THREAD_TID] = BIND(0, fake_number, value),
	[ATTRIBUTE_REGION_START] = BIND(FAKE_MAP, fake_map, start),
	[ATTRIBUTE_REGION_END] = BIND(FAKE_MAP, fake_map, end),
	[ATTRIBUTE_REGION_SIZE] = BIND(FAKE_MAP, fake_map, size),
	[ATTRIBUTE_REGION_MEM_RESIDENT] = BIND(FAKE_PAGES, fake_pages, resident),
	[ATTRIBUTE_REGION_FLAGS] = {.unsupported = "the fake has no flags"},
	[ATTRIBUTE_COALITION_PARENT] = BIND(0, fake_number, value),
	[ATTRIBUTE_COALITION_GPU_TIME] = SUM(CPU_TOTAL),
	[ATTRIBUTE_COALITION_GPU_MEMORY] = SUM(FILES_OPEN),
	[ATTRIBUTE_COALITION_ENERGY_SCORE] = SUM(GPU_TIME),
	[ATTRIBUTE_PROCESS_UID] = {.unsupported = "the fake has no users"},
};

static const struct scale scales[] = {{1, 1}, {1024, 1}};

static const char *fake_unsupported(void *context, uint32_t source, enum cell_state *ret_state)
{
	(void)context;
	*ret_state = STATE_UNSUPPORTED;
	return source == FAKE_GPU ? "the fake has no GPU" : NULL;
}

static int fake_open(void *context, const struct target *target, void **ret_self)
{
	(void)target;
	fake->opens++;
	for (uint32_t i = 0; i < fake->count; i++)
		fake->processes[i].listed = false;
	(void)context;
	*ret_self = fake;
	return 0;
}

static void fake_close(void *self)
{
	(void)self;
	fake->closes++;
}

static void fake_want(void *self, uint32_t sources_wanted)
{
	(void)self;
	fake->wanted = sources_wanted;
}

static bool wanted(const struct row_scope *scope, uint64_t pid)
{
	for (uint32_t i = 0; i < scope->pid_count; i++)
		if (scope->pids[i] == pid)
			return true;
	return scope->all;
}

static void end(struct fake_process *process, struct roster *roster)
{
	if (!fake->exits) {
		roster->ops->died(roster, process->slot);
	} else {
		process->ending = true;
		roster->ops->ended(roster, process->slot);
		process->ending = false;
	}
	process->listed = false;
}

static void flash(struct fake_process *process, struct roster *roster)
{
	if (fake->exits == EXITS_OF_ALL) {
		process->slot = roster->ops->born(roster, process->identity, process->pid);
		process->listed = process->slot != UINT32_MAX;
		if (process->listed)
			end(process, roster);
	}
	process->flash = false;
}

static int fake_list(void *self, struct roster *roster, const struct row_scope *scope)
{
	(void)self;
	fake->lists++;
	fake->exits = scope->exits;
	if (fake->list_result)
		return fake->list_result;
	for (uint32_t i = 0; i < fake->count; i++) {
		struct fake_process *process = &fake->processes[i];
		if (process->flash)
			flash(process, roster);
		if (process->dead && process->listed)
			end(process, roster);
		if (process->dead || !wanted(scope, process->pid))
			continue;
		if (!process->listed) {
			process->slot =
				roster->ops->born(roster, process->identity, process->pid);
			process->listed = process->slot != UINT32_MAX;
		} else if (process->touched) {
			roster->ops->touched(roster, process->slot);
		}
		process->touched = false;
	}
	return 0;
}

static struct fake_process *by_slot(uint32_t slot)
{
	for (uint32_t i = 0; i < fake->count; i++)
		if (fake->processes[i].listed && fake->processes[i].slot == slot)
			return &fake->processes[i];
	abort();
}

static void fake_gate(void *self, const uint32_t *slots, uint32_t count, uint64_t *ret_activity)
{
	(void)self;
	fake->gates++;
	for (uint32_t i = 0; i < count; i++)
		ret_activity[i] = by_slot(slots[i])->activity;
}

static struct sample_text text_of(const char *text)
{
	return (struct sample_text){text, (uint32_t)strlen(text), STATE_OK};
}

static int fake_read(void *self, uint32_t slot, uint32_t source, void *sample)
{
	struct fake_process *process = by_slot(slot);
	struct fake_stat *stat = sample;
	struct fake_number *number = sample;

	(void)self;
	process->reads[source]++;
	if (process->results[source] == SAMPLE_GONE) {
		process->listed = fake->exits != EXITS_NONE;
		process->dead = process->listed;
	}
	if (process->results[source] != STATE_OK)
		return process->results[source];
	switch (source) {
	case FAKE_IDENTITY:
		number->value = process->pid;
		break;
	case FAKE_STAT:
		if (!process->ending)
			*stat = (struct fake_stat){
				process->ppid, 0, process->nice, text_of(process->comm)};
		stat->cpu_ns = process->cpu_ns;
		break;
	case FAKE_EXIT:
		number->value = process->ending ? process->exit_status : ABSENT_U64(STATE_NONE);
		break;
	case FAKE_MEMORY:
		number->value = process->resident;
		break;
	case FAKE_FILES:
		number->value = process->files;
		break;
	case FAKE_DISK:
		number->value = process->disk;
		break;
	default:
		abort();
	}
	return STATE_OK;
}

static int fake_job_prepare(void *self, struct job *job)
{
	struct fake_process *process = by_slot(job->slot);

	(void)self;
	process->reads[job->source]++;
	memcpy(job->context, &process, sizeof(struct fake_process *));
	((struct fake_number *)job->sample)->value = process->disk; /* what it is now */
	return process->results[job->source] == STATE_DENIED ? STATE_DENIED : STATE_OK;
}

static int fake_job_run(struct job *job)
{
	struct fake_process *process;
	struct fake_number *number = job->sample;
	struct fake_text *text = job->sample;

	memcpy(&process, job->context, sizeof(struct fake_process *));
	if (job->source == FAKE_DISK)
		return STATE_OK;
	if (job->source == FAKE_SMAPS) {
		number->value = process->pss;
	} else {
		snprintf(job->text, 64, "%s", process->cmdline);
		text->text = text_of(job->text);
	}
	return process->results[job->source];
}

static void fake_job_release(struct job *job)
{
	memset(job->context, 0, sizeof job->context);
}

static int fake_job_finish(void *self, struct job *job, int result)
{
	struct fake_process *process;

	(void)self;
	memcpy(&process, job->context, sizeof(struct fake_process *));
	if (job->source == FAKE_DISK) {
		process->finished++; /* the context is not released before */
		((struct fake_number *)job->sample)->value += 1000;
	}
	return result;
}

static const struct provider provider = {
	.table = TABLE_PROCESS,
	.source_count = FAKE_SOURCES,
	.unsupported = fake_unsupported,
	.open = fake_open,
	.close = fake_close,
	.want = fake_want,
	.list = fake_list,
	.gate = fake_gate,
	.read = fake_read,
	.job_prepare = fake_job_prepare,
	.job_run = fake_job_run,
	.job_release = fake_job_release,
	.job_finish = fake_job_finish,
};

/* ------------------------------------------------------------------------------ groups */

static const struct source group_sources[] = {
	SOURCE("group", fake_number, 0, LANE_FAST, false),
};

static int groups_open(void *context, const struct target *target, void **ret_self)
{
	(void)context;
	(void)target;
	fake->opens++;
	for (uint32_t i = 0; i < fake->group_count; i++)
		fake->groups[i].listed = false;
	*ret_self = fake;
	return 0;
}

static int groups_list(void *self, struct roster *roster, const struct row_scope *scope)
{
	(void)self;
	(void)scope;
	for (uint32_t i = 0; i < fake->group_count; i++) {
		struct fake_group *group = &fake->groups[i];
		if (group->dead && group->listed)
			roster->ops->died(roster, group->slot);
		else if (!group->dead && !group->listed)
			group->slot = roster->ops->born(roster, group->identity, 0);
		group->listed = !group->dead;
	}
	return 0;
}

static int groups_read(void *self, uint32_t slot, uint32_t source, void *sample)
{
	(void)self;
	(void)source;
	for (uint32_t i = 0; i < fake->group_count; i++)
		if (fake->groups[i].listed && fake->groups[i].slot == slot) {
			uint64_t parent = fake->groups[i].parent;
			((struct fake_number *)sample)->value =
				parent ? parent : ABSENT_U64(STATE_NONE);
			return STATE_OK;
		}
	return STATE_FAILED;
}

struct fake_group *fake_add_group(uint64_t identity, uint64_t parent)
{
	struct fake_group *group = &fake->groups[fake->group_count++];

	*group = (struct fake_group){.identity = identity, .parent = parent};
	return group;
}

static const struct provider groups_provider = {
	.table = TABLE_COALITION,
	.sources = group_sources,
	.source_count = 1,
	.open = groups_open,
	.close = fake_close,
	.list = groups_list,
	.read = groups_read,
};

/* ----------------------------------------------------------- threads, of a process each */

struct fake_threads {
	uint64_t target;
	bool listed;
};

static int threads_open(void *context, const struct target *target, void **ret_self)
{
	struct fake_threads *self = calloc(1, sizeof *self);

	(void)context;
	(void)target;
	fake->opens++;
	self->target = fake->target;
	*ret_self = self;
	return 0;
}

static void threads_close(void *self)
{
	fake->closes++;
	free(self);
}

static bool threads_has_target(void *self)
{
	return ((struct fake_threads *)self)->target == fake->target;
}

static int threads_list(void *context, struct roster *roster, const struct row_scope *scope)
{
	struct fake_threads *self = context;

	(void)scope;
	if (!threads_has_target(self))
		return -ESRCH;
	if (!self->listed)
		roster->ops->born(roster, self->target, 0);
	self->listed = true;
	return 0;
}

static int threads_read(void *self, uint32_t slot, uint32_t source, void *sample)
{
	(void)slot;
	(void)source;
	((struct fake_number *)sample)->value = ((struct fake_threads *)self)->target;
	return STATE_OK;
}

static const struct provider threads_provider = {
	.table = TABLE_THREAD,
	.targeted = true,
	.sources = group_sources,
	.source_count = 1,
	.open = threads_open,
	.close = threads_close,
	.has_target = threads_has_target,
	.list = threads_list,
	.read = threads_read,
};

const struct platform *fake_create(void)
{
	free(fake);
	fake = calloc(1, sizeof *fake);
	fake->next_identity = 1000;
	memcpy(fake->sources, sources, sizeof sources);
	fake->provider = provider;
	fake->provider.sources = fake->sources;
	fake->providers[0] = &fake->provider;
	fake->groups_provider = groups_provider;
	fake->group_source = group_sources[0];
	fake->groups_provider.sources = &fake->group_source;
	fake->providers[1] = &fake->groups_provider;
	fake->threads_provider = threads_provider;
	fake->providers[2] = &fake->threads_provider;
	fake_regions_clear();
	fake->providers[3] = &fake_regions_provider;
	fake->platform = (struct platform){
		.name = "fake",
		.providers = fake->providers,
		.provider_count = 4,
		.bindings = bindings,
		.scales = scales,
		.context = fake,
	};
	return &fake->platform;
}

int platform_create(const struct platform_config *config, struct platform **ret_platform,
	const char **ret_error)
{
	(void)config;
	(void)ret_error;
	fake_create();
	*ret_platform = &fake->platform;
	return 0;
}

void platform_destroy(struct platform *platform)
{
	(void)platform;
	free(fake);
	fake = NULL;
}

const char *platform_describe(const struct platform *platform)
{
	(void)platform;
	return "scripted";
}

struct fake_process *fake_add(uint64_t pid)
{
	uint32_t at = 0;

	while (at < fake->count && (!fake->processes[at].dead || fake->processes[at].listed ||
					   fake->processes[at].flash))
		at++;
	if (at == FAKE_PROCESSES_MAX)
		abort();
	if (at == fake->count)
		fake->count++;
	struct fake_process *process = &fake->processes[at];
	*process = (struct fake_process){
		.pid = pid,
		.identity = fake->next_identity++,
		.activity = 1,
		.ppid = 1,
		.resident = pid,
		.files = 3,
		.pss = pid * 2,
	};
	snprintf(process->comm, sizeof process->comm, "p%u", (unsigned)pid);
	snprintf(process->cmdline, sizeof process->cmdline, "/bin/p%u -x", (unsigned)pid);
	return process;
}

struct fake_process *fake_find(uint64_t pid)
{
	for (uint32_t i = 0; i < fake->count; i++)
		if (fake->processes[i].pid == pid && !fake->processes[i].dead)
			return &fake->processes[i];
	return NULL;
}

void fake_kill(uint64_t pid)
{
	fake_find(pid)->dead = true;
}

struct fake_process *fake_exit(uint64_t pid, uint64_t exit_status)
{
	struct fake_process *process = fake_find(pid);

	process->dead = true;
	process->exit_status = exit_status;
	return process;
}

struct fake_process *fake_flash(uint64_t pid, uint64_t exit_status)
{
	struct fake_process *process = fake_add(pid);

	fake_exit(pid, exit_status);
	process->flash = true;
	return process;
}

void fake_run(struct fake_process *process, uint64_t cpu_ns)
{
	process->cpu_ns += cpu_ns;
	process->activity++;
}

uint64_t fake_reads(enum fake_source source)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < fake->count; i++)
		sum += fake->processes[i].reads[source];
	return sum;
}
