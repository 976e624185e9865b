#include "nvml.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "clock.h"
#include "nvml_devices.h"
#include "nvml_presence.h"

#define WAIT_NS (NVML_WAIT_MS * UINT64_C(1000000))
/* Nobody has asked for so long: a client of a long interval does not hold the GPUs. */
#define UNUSED_NS (10 * SECOND_NS)
#define LOOK_NS   (NVML_LOOK_MS * UINT64_C(1000000))

/* Who wants anything, as bits. */
enum nvml_user { USER_PROCESSES = 1, USER_GPUS = 2 };

/* A sentence that was given out: it must stay. */
struct sentence {
	struct sentence *next;
	char text[512];
};

struct nvml {
	char *procfs, *sysfs, *path;
	struct sentence *sentences; /* loop's thread only */
	bool usable;                /* likewise: driver and library were seen to be there */
	uint64_t looked_ns;         /* likewise: when these were looked for; 0: never */
	const char *why_not;        /* likewise: what was found then */

	pthread_mutex_t lock;
	pthread_cond_t changed;
	uint32_t owners; /* the platform, the thread, jobs */
	uint32_t wanted; /* bit mask by enum nvml_user */
	bool running;
	uint64_t epoch;       /* how often nobody wanted anything any more */
	uint64_t forgotten;   /* how often processes were not wanted any more */
	uint64_t asked, done; /* samplings, counted */
	uint32_t due;         /* bit mask by enum nvml_part: what the next one is to ask for */
	uint64_t asked_of[NVML_PARTS]; /* the sampling that asks for it, the latest such one */
	uint64_t valid_from;           /* the first sampling for who wants processes now */
	uint64_t asked_ns;             /* when it was asked last */
	uint64_t unused_ns;
	uint64_t pending_ns; /* since when the thread owes something, if asked != done */
	struct nvml_snapshot *snapshot; /* the latest; NULL: none yet */
};

/* -------------------------------------------------------------------------- its life */

struct nvml *nvml_create(const char *procfs, const char *sysfs)
{
	struct nvml *self = xcalloc(1, sizeof *self);
	const char *path = getenv("PROCMON_NVML");
	pthread_condattr_t monotonic;

	self->procfs = xstrdup(procfs);
	self->sysfs = xstrdup(sysfs);
	self->path = xstrdup(path && path[0] ? path : "libnvidia-ml.so.1");
	pthread_mutex_init(&self->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&self->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	self->owners = 1;
	self->unused_ns = UNUSED_NS;
	return self;
}

void nvml_set_unused(struct nvml *self, uint64_t unused_ns)
{
	self->unused_ns = unused_ns;
}

struct nvml *nvml_hold(struct nvml *self)
{
	pthread_mutex_lock(&self->lock);
	self->owners++;
	pthread_mutex_unlock(&self->lock);
	return self;
}

void nvml_release(struct nvml *self)
{
	struct sentence *sentence;

	pthread_mutex_lock(&self->lock);
	bool last = --self->owners == 0;
	pthread_mutex_unlock(&self->lock);
	if (!last)
		return;
	pthread_cond_destroy(&self->changed);
	pthread_mutex_destroy(&self->lock);
	while ((sentence = self->sentences)) {
		self->sentences = sentence->next;
		free(sentence);
	}
	free(self->snapshot);
	free(self->procfs);
	free(self->sysfs);
	free(self->path);
	free(self);
}

static bool wait_until(struct nvml *self, uint64_t deadline_ns)
{
	struct timespec deadline = {
		.tv_sec = (time_t)(deadline_ns / SECOND_NS),
		.tv_nsec = (long)(deadline_ns % SECOND_NS),
	};

	return pthread_cond_timedwait(&self->changed, &self->lock, &deadline) != ETIMEDOUT;
}

void nvml_destroy(struct nvml *self)
{
	uint64_t deadline_ns = clock_now_ns() + WAIT_NS;

	if (!self)
		return;
	nvml_want(self, false);
	pthread_mutex_lock(&self->lock);
	while (self->running && wait_until(self, deadline_ns))
		;
	pthread_mutex_unlock(&self->lock);
	nvml_release(self);
}

/* ------------------------------------------------------------------------ the thread */

static void publish(struct nvml *self, struct nvml_snapshot *snapshot, uint64_t number)
{
	free(self->snapshot);
	self->snapshot = snapshot;
	self->done = number;
	self->pending_ns = clock_now_ns();
	pthread_cond_broadcast(&self->changed);
}

/* Under the lock, which is let go meanwhile. */
static void sample(
	struct nvml *self, struct nvml_session *session, uint64_t epoch, uint64_t *forgotten)
{
	uint64_t number = self->asked;
	bool forget = *forgotten != self->forgotten;

	*forgotten = self->forgotten;
	session->parts = self->due;
	self->due = 0;
	pthread_mutex_unlock(&self->lock);
	struct nvml_now now = {clock_now_ns(), clock_read_ns(CLOCK_REALTIME) / 1000};
	if (forget)
		nvml_devices_forget_processes(session);
	struct nvml_snapshot *snapshot = nvml_session_sample(session, &now);
	pthread_mutex_lock(&self->lock);
	if (self->epoch == epoch)
		publish(self, snapshot, number);
	else
		free(snapshot);
}

/* Under the lock, which is let go for each call of the library. */
static void serve(struct nvml *self, struct nvml_session *session)
{
	uint64_t epoch = self->epoch, forgotten = self->forgotten;

	while (self->wanted && self->epoch == epoch) {
		if (self->asked != self->done) {
			sample(self, session, epoch, &forgotten);
		} else if (!session->initialised) {
			pthread_cond_wait(&self->changed, &self->lock);
		} else if (!wait_until(self, self->asked_ns + self->unused_ns) &&
			   self->asked == self->done) {
			pthread_mutex_unlock(&self->lock);
			nvml_session_shut_down(session);
			pthread_mutex_lock(&self->lock);
		}
	}
}

static void *thread_main(void *argument)
{
	struct nvml *self = argument;

	pthread_mutex_lock(&self->lock);
	while (self->wanted) { /* again, perhaps, while the last session was closed */
		struct nvml_session *session = xcalloc(1, sizeof *session);
		nvml_session_open(session, self->procfs, self->sysfs, self->path);
		serve(self, session);
		pthread_mutex_unlock(&self->lock);
		nvml_session_close(session);
		free(session);
		pthread_mutex_lock(&self->lock);
	}
	self->running = false;
	pthread_cond_broadcast(&self->changed);
	pthread_mutex_unlock(&self->lock);
	nvml_release(self);
	return NULL;
}

/* Under the lock. There is never more than one, so that a driver which hangs costs one. */
static void start_thread(struct nvml *self)
{
	pthread_t thread;

	if (self->running || pthread_create(&thread, NULL, thread_main, self) != 0)
		return;
	pthread_detach(thread);
	self->running = true;
	self->owners++;
}

/* ----------------------------------------------------------------- the loop's thread */

static void give_up(struct nvml *self)
{
	free(self->snapshot);
	self->snapshot = NULL;
	self->done = self->asked;
	self->due = 0;
	self->epoch++;
}

static void want(struct nvml *self, enum nvml_user user, bool wanted)
{
	pthread_mutex_lock(&self->lock);
	uint32_t before = self->wanted;
	self->wanted = wanted ? before | user : before & ~(uint32_t)user;
	if (!wanted)
		self->due &=
			user == USER_PROCESSES ? ~(1u << NVML_PROCESSES) : 1u << NVML_PROCESSES;
	if (before && !self->wanted)
		give_up(self);
	if (user == USER_PROCESSES && self->wanted != before) {
		self->forgotten += !wanted;
		self->valid_from = self->asked + 1;
	}
	pthread_cond_broadcast(&self->changed);
	pthread_mutex_unlock(&self->lock);
}

void nvml_want(struct nvml *self, bool wanted)
{
	want(self, USER_PROCESSES, wanted);
}

void nvml_want_gpus(struct nvml *self, bool wanted)
{
	want(self, USER_GPUS, wanted);
}

/* Under the lock: does the thread owe an answer for too long? */
static bool is_late(const struct nvml *self, uint64_t now_ns)
{
	return self->asked != self->done && now_ns >= self->pending_ns + WAIT_NS;
}

static enum nvml_user user_of(enum nvml_part part)
{
	return part == NVML_PROCESSES ? USER_PROCESSES : USER_GPUS;
}

void nvml_begin_part(struct nvml *self, enum nvml_part part)
{
	uint64_t now_ns = clock_now_ns();

	pthread_mutex_lock(&self->lock);
	if (self->wanted & user_of(part)) {
		start_thread(self);
		if (self->asked == self->done)
			self->pending_ns = now_ns;
		self->asked++;
		self->asked_of[part] = self->asked;
		self->due |= 1u << part;
		self->asked_ns = now_ns;
		pthread_cond_broadcast(&self->changed);
	}
	pthread_mutex_unlock(&self->lock);
}

void nvml_begin(struct nvml *self)
{
	nvml_begin_part(self, NVML_PROCESSES);
}

/* Under the lock: the latest snapshot that has processes in it; NULL: none yet. */
static const struct nvml_snapshot *of_processes(const struct nvml *self)
{
	return (self->wanted & USER_PROCESSES) && self->done >= self->valid_from
		       ? self->snapshot
		       : NULL;
}

int nvml_state(struct nvml *self)
{
	uint64_t now_ns = clock_now_ns();
	int state;

	pthread_mutex_lock(&self->lock);
	if (is_late(self, now_ns))
		state = STATE_FAILED;
	else
		state = of_processes(self) ? self->snapshot->state : STATE_PENDING;
	pthread_mutex_unlock(&self->lock);
	return state;
}

static int compare_pid(const void *key, const void *process)
{
	uint32_t pid = *(const uint32_t *)key,
		 other = ((const struct nvml_process *)process)->pid;

	return (pid > other) - (pid < other);
}

/* Under the lock. */
static const struct nvml_process *find(const struct nvml *self, uint32_t pid)
{
	const struct nvml_snapshot *snapshot = of_processes(self);

	if (!snapshot || !snapshot->count)
		return NULL;
	return bsearch(&pid, snapshot->processes, snapshot->count,
		sizeof snapshot->processes[0], compare_pid);
}

bool nvml_knows(struct nvml *self, uint32_t pid)
{
	pthread_mutex_lock(&self->lock);
	bool known = find(self, pid) != NULL;
	pthread_mutex_unlock(&self->lock);
	return known;
}

/* ------------------------------------------------------------------------ any thread */

/* Under the lock, which is let go meanwhile: the state of the sampling that was asked for this
 * part last; then there is a snapshot if it is STATE_OK. */
static int wait_for(struct nvml *self, enum nvml_part part)
{
	uint64_t number = self->asked_of[part], asked_ns = self->asked_ns;
	enum nvml_user user = user_of(part);

	while ((self->wanted & user) && self->done < number) {
		/* If it has hung for long already, nobody waits for it anew. */
		uint64_t from_ns = asked_ns < self->pending_ns ? asked_ns : self->pending_ns;
		if (!wait_until(self, from_ns + WAIT_NS))
			break;
	}
	if (!(self->wanted & user) || self->done < number || !self->snapshot)
		return STATE_FAILED;
	return self->snapshot->state;
}

int nvml_wait(struct nvml *self, uint32_t pid, struct nvml_use *ret_use)
{
	const struct nvml_process *process;
	int state;

	pthread_mutex_lock(&self->lock);
	state = wait_for(self, NVML_PROCESSES);
	process = state == STATE_OK ? find(self, pid) : NULL;
	if (process)
		*ret_use = process->use;
	else if (state == STATE_OK)
		state = STATE_NONE;
	pthread_mutex_unlock(&self->lock);
	return state;
}

/* Under the lock. */
static const struct nvml_gpu *find_gpu(
	const struct nvml *self, const char *address, const char *uuid)
{
	for (uint32_t i = 0; i < self->snapshot->gpu_count; i++) {
		const struct nvml_gpu *gpu = &self->snapshot->gpus[i];
		if (strcmp(gpu->address, address) == 0 && gpu->instance == (uuid[0] != '\0') &&
			(!gpu->instance || strcmp(gpu->uuid, uuid) == 0))
			return gpu;
	}
	return NULL;
}

int nvml_wait_gpu(struct nvml *self, enum nvml_part part, const char *address, const char *uuid,
	struct nvml_gpu *ret_gpu)
{
	const struct nvml_gpu *gpu;
	int state;

	pthread_mutex_lock(&self->lock);
	state = wait_for(self, part);
	gpu = state == STATE_OK ? find_gpu(self, address, uuid) : NULL;
	if (gpu)
		*ret_gpu = *gpu;
	else if (state == STATE_OK)
		state = STATE_NONE;
	pthread_mutex_unlock(&self->lock);
	return state;
}

int nvml_gpus(struct nvml *self, struct nvml_gpu *gpus, uint32_t room)
{
	const struct nvml_snapshot *snapshot;
	int count = -EAGAIN;

	pthread_mutex_lock(&self->lock);
	snapshot = self->snapshot;
	if ((self->wanted & USER_GPUS) && snapshot && snapshot->state == STATE_OK)
		for (count = 0; (uint32_t)count < snapshot->gpu_count && (uint32_t)count < room;
			count++)
			gpus[count] = snapshot->gpus[count];
	pthread_mutex_unlock(&self->lock);
	return count;
}

/* ------------------------------------------------------------------- is there one at all */

static const char *keep_sentence(struct nvml *self, const char *text)
{
	struct sentence *sentence = self->sentences;

	while (sentence && strcmp(sentence->text, text) != 0)
		sentence = sentence->next;
	if (!sentence) {
		sentence = xcalloc(1, sizeof *sentence);
		snprintf(sentence->text, sizeof sentence->text, "%s", text);
		sentence->next = self->sentences;
		self->sentences = sentence;
	}
	return sentence->text;
}

const char *nvml_unsupported(struct nvml *self)
{
	uint64_t now_ns = clock_now_ns();
	char why[512];
	int state;

	if (self->usable)
		return NULL;
	if (self->looked_ns && now_ns - self->looked_ns < LOOK_NS)
		return self->why_not;
	state = nvml_presence_check(self->procfs, self->sysfs, self->path, why);
	self->looked_ns = now_ns;
	self->usable = state == STATE_OK;
	self->why_not = state == STATE_UNSUPPORTED ? keep_sentence(self, why) : NULL;
	return self->why_not;
}
