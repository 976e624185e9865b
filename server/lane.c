#include "lane.h"

#include <pthread.h>
#include <stdlib.h>

#include "alloc.h"
#include "clock.h"

enum { WAKE_BATCH = 32 };

struct worker {
	struct lane *lane;
	pthread_t thread;
	struct lane_job *job; /* under the lock; NULL: waits for one */
	uint64_t started_ns;
};

struct job_queue {
	struct lane_job *first, **last;
};

struct lane {
	pthread_mutex_t lock;
	pthread_cond_t work;
	struct worker workers[LANE_WORKERS_MAX];
	uint32_t worker_count; /* by hand: one that has no thread */
	bool by_hand, started, stopping, woken;
	struct job_queue waiting, done;
	uint32_t done_count;
	uint32_t listing_count; /* workers that list */
	uint64_t cpu_ns;
	uint32_t job_count, listing_job_count; /* loop's thread only */
	uint32_t holders; /* from lane_destroy() on: threads that may still use this memory */
	void (*wake)(void *context);
	void *wake_context;
};

static void queue_init(struct job_queue *self)
{
	self->first = NULL;
	self->last = &self->first;
}

static void queue_put(struct job_queue *self, struct lane_job *job)
{
	job->next = NULL;
	*self->last = job;
	self->last = &job->next;
}

static struct lane_job *queue_take(struct job_queue *self)
{
	struct lane_job *job = self->first;

	if (job) {
		self->first = job->next;
		if (!self->first)
			self->last = &self->first;
	}
	return job;
}

static bool is_listing(const struct lane_job *job)
{
	return job->job.source == SOURCE_LISTING;
}

/* Where the next job hangs that a worker may take: NULL is there if there is none. */
static struct lane_job **next_waiting(struct lane *self)
{
	uint32_t most = self->worker_count > 1 ? self->worker_count - 1 : 1;
	struct lane_job **link = &self->waiting.first;

	while (*link && is_listing(*link) && self->listing_count == most)
		link = &(*link)->next;
	return link;
}

/* Under the lock, as the next one. NULL: there is nothing to do. */
static struct lane_job *start_job(struct lane *self)
{
	struct lane_job **link = next_waiting(self), *job = *link;

	if (!job)
		return NULL;
	*link = job->next;
	if (!job->next)
		self->waiting.last = link;
	self->listing_count += is_listing(job);
	return job;
}

/*
 * Moves a job to the done queue; true if the loop must be woken, under the lock. Many small
 * results are worth one waking: it can wait until there are a few, or nothing more to do. What
 * is listed is neither small nor many.
 */
static bool finish_job(struct lane *self, struct lane_job *job, int result, uint64_t now_ns)
{
	const struct lane_job *next;

	job->result = result;
	job->finished_ns = now_ns;
	self->listing_count -= is_listing(job);
	queue_put(&self->done, job);
	self->done_count++;
	next = *next_waiting(self);
	if (self->woken || (next && !is_listing(next) && !is_listing(job) &&
				   self->done_count < WAKE_BATCH))
		return false;
	self->woken = true;
	return true;
}

static void free_job(struct lane_job *job)
{
	if (job->submitted)
		job->job.provider->job_release(&job->job);
	free(job->job.sample);
	free(job->job.text);
	free(job);
}

/* The last one to let go frees it. */
static void let_go(struct lane *self)
{
	pthread_mutex_lock(&self->lock);
	bool is_last = --self->holders == 0;
	pthread_mutex_unlock(&self->lock);
	if (!is_last)
		return;
	pthread_cond_destroy(&self->work);
	pthread_mutex_destroy(&self->lock);
	free(self);
}

static void *worker_main(void *argument)
{
	struct worker *self = argument;
	struct lane *lane = self->lane;

	pthread_mutex_lock(&lane->lock);
	for (;;) {
		struct lane_job *job = NULL;
		while (!lane->stopping && !(job = start_job(lane)))
			pthread_cond_wait(&lane->work, &lane->lock);
		if (lane->stopping)
			break;
		self->job = job;
		self->started_ns = clock_now_ns();
		pthread_mutex_unlock(&lane->lock);

		uint64_t start_ns = clock_read_ns(CLOCK_THREAD_CPUTIME_ID);
		int result = job->job.provider->job_run(&job->job);
		uint64_t cpu_ns = clock_read_ns(CLOCK_THREAD_CPUTIME_ID) - start_ns;

		pthread_mutex_lock(&lane->lock);
		lane->cpu_ns += cpu_ns;
		self->job = NULL;
		if (lane->stopping) { /* nobody collects it, and nobody joins us */
			pthread_mutex_unlock(&lane->lock);
			free_job(job);
			let_go(lane);
			return NULL;
		}
		/* Under the lock, so that nobody is woken who has destroyed the lane. */
		if (finish_job(lane, job, result, clock_now_ns()) && lane->wake)
			lane->wake(lane->wake_context);
	}
	pthread_mutex_unlock(&lane->lock);
	return NULL;
}

struct lane *lane_create(uint32_t workers, void (*wake)(void *context), void *wake_context)
{
	struct lane *self = xcalloc(1, sizeof *self);

	pthread_mutex_init(&self->lock, NULL);
	pthread_cond_init(&self->work, NULL);
	queue_init(&self->waiting);
	queue_init(&self->done);
	self->by_hand = workers == 0;
	self->worker_count = self->by_hand                ? 1
			     : workers > LANE_WORKERS_MAX ? (uint32_t)LANE_WORKERS_MAX
							  : workers;
	self->wake = wake;
	self->wake_context = wake_context;
	for (uint32_t i = 0; i < self->worker_count; i++)
		self->workers[i].lane = self;
	return self;
}

/* Threads are made for the first job: a server without slow attributes has one thread. */
static void start_workers(struct lane *self)
{
	uint32_t started = 0;

	pthread_mutex_lock(&self->lock); /* the first of them look how many there are */
	self->started = true;
	for (uint32_t i = 0; i < self->worker_count; i++) {
		struct worker *worker = &self->workers[started];
		if (pthread_create(&worker->thread, NULL, worker_main, worker) == 0)
			started++;
	}
	self->worker_count = started;
	pthread_mutex_unlock(&self->lock);
}

void lane_destroy(struct lane *self)
{
	bool hangs[LANE_WORKERS_MAX] = {false};
	struct lane_job *job;

	if (!self)
		return;
	pthread_mutex_lock(&self->lock);
	self->stopping = true;
	self->wake = NULL;
	while ((job = queue_take(&self->waiting)))
		free_job(job);
	pthread_cond_broadcast(&self->work);
	bool threads = self->started && !self->by_hand;
	self->holders = 1;
	for (uint32_t i = 0; threads && i < self->worker_count; i++) {
		hangs[i] = self->workers[i].job != NULL;
		self->holders += hangs[i];
	}
	pthread_mutex_unlock(&self->lock);
	for (uint32_t i = 0; threads && i < self->worker_count; i++) {
		if (hangs[i])
			pthread_detach(self->workers[i].thread);
		else
			pthread_join(self->workers[i].thread, NULL);
	}
	if (self->by_hand && self->workers[0].job)
		free_job(self->workers[0].job);
	pthread_mutex_lock(&self->lock);
	while ((job = queue_take(&self->done)))
		free_job(job);
	pthread_mutex_unlock(&self->lock);
	let_go(self);
}

struct lane_job *lane_job_create(
	struct lane *self, uint64_t now_ns, const struct provider *provider, uint32_t source)
{
	static const struct source listing; /* what it finds is in its context */
	bool lists = source == SOURCE_LISTING;
	const struct source *what = lists ? &listing : &provider->sources[source];

	if (self->job_count == LANE_JOBS_MAX || lane_stuck(self, now_ns) ||
		(lists && self->listing_job_count == LANE_LISTINGS_MAX))
		return NULL;
	struct lane_job *job = xcalloc(1, sizeof *job);
	job->job.provider = provider;
	job->job.source = source;
	job->job.sample = xcalloc(1, what->sample_size);
	job->job.text = xcalloc(1, what->text_size);
	self->job_count++;
	self->listing_job_count += lists;
	return job;
}

void lane_job_destroy(struct lane *self, struct lane_job *job)
{
	self->job_count--;
	self->listing_job_count -= is_listing(job);
	free_job(job);
}

void lane_submit(struct lane *self, struct lane_job *job)
{
	if (!self->started && !self->by_hand)
		start_workers(self);
	job->submitted = true;
	pthread_mutex_lock(&self->lock);
	queue_put(&self->waiting, job);
	pthread_cond_signal(&self->work);
	pthread_mutex_unlock(&self->lock);
}

void lane_forget(struct lane *self, uint64_t instance)
{
	struct job_queue waiting, forgotten;
	struct lane_job *job;

	queue_init(&waiting);
	queue_init(&forgotten);
	pthread_mutex_lock(&self->lock);
	while ((job = queue_take(&self->waiting)))
		queue_put(job->instance == instance ? &forgotten : &waiting, job);
	while ((job = queue_take(&waiting)))
		queue_put(&self->waiting, job);
	pthread_mutex_unlock(&self->lock);
	while ((job = queue_take(&forgotten)))
		lane_job_destroy(self, job);
}

struct lane_job *lane_collect(struct lane *self, uint64_t now_ns)
{
	bool stuck = lane_stuck(self, now_ns);

	pthread_mutex_lock(&self->lock);
	struct lane_job *job = queue_take(&self->done);
	if (job)
		self->done_count--;
	else
		self->woken = false;
	if (!job && stuck && (job = queue_take(&self->waiting))) {
		job->result = STATE_FAILED;
		job->returned = true;
		job->finished_ns = now_ns;
	}
	pthread_mutex_unlock(&self->lock);
	return job;
}

static bool worker_late(const struct worker *self, uint64_t now_ns)
{
	return self->job && now_ns >= self->started_ns + LANE_DEADLINE_NS;
}

struct lane_job *lane_next_late(struct lane *self, uint64_t now_ns)
{
	struct lane_job *late = NULL;

	pthread_mutex_lock(&self->lock);
	for (uint32_t i = 0; i < self->worker_count && !late; i++) {
		struct worker *worker = &self->workers[i];
		if (worker_late(worker, now_ns) && !worker->job->late) {
			worker->job->late = true;
			late = worker->job;
		}
	}
	pthread_mutex_unlock(&self->lock);
	return late;
}

uint32_t lane_late_workers(struct lane *self, uint64_t now_ns)
{
	uint32_t late = 0;

	pthread_mutex_lock(&self->lock);
	for (uint32_t i = 0; i < self->worker_count; i++)
		late += worker_late(&self->workers[i], now_ns);
	pthread_mutex_unlock(&self->lock);
	return late;
}

uint64_t lane_cpu_ns(struct lane *self)
{
	pthread_mutex_lock(&self->lock);
	uint64_t cpu_ns = self->cpu_ns;
	pthread_mutex_unlock(&self->lock);
	return cpu_ns;
}

bool lane_stuck(struct lane *self, uint64_t now_ns)
{
	return lane_late_workers(self, now_ns) == self->worker_count;
}

bool lane_start_by_hand(struct lane *self, uint64_t now_ns)
{
	struct worker *worker = &self->workers[0];

	if (!worker->job)
		worker->job = start_job(self);
	else
		return false;
	worker->started_ns = now_ns;
	return worker->job != NULL;
}

bool lane_run_by_hand(struct lane *self, uint64_t now_ns)
{
	struct worker *worker = &self->workers[0];

	if (!worker->job)
		lane_start_by_hand(self, now_ns);
	struct lane_job *job = worker->job;
	if (!job)
		return false;
	worker->job = NULL;
	int result = job->job.provider->job_run(&job->job);
	finish_job(self, job, result, now_ns);
	return true;
}
