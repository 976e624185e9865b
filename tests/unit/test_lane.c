/* The slow lane with real threads. */
#include "test.h"

#include <poll.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#include "lane.h"

static int wake_pipe[2];

static void wake(void *context)
{
	(void)context;
	if (write(wake_pipe[1], "", 1) != 1)
		abort();
}

static uint64_t clock_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* A job reads its number from a descriptor: it hangs until somebody writes one. */
static int run(struct job *job)
{
	int fd;

	memcpy(&fd, job->context, sizeof fd);
	if (fd >= 0 && read(fd, job->sample, sizeof(uint64_t)) != sizeof(uint64_t))
		return STATE_FAILED;
	if (fd < 0)
		*(uint64_t *)job->sample = job->slot;
	return STATE_OK;
}

static atomic_uint released;

static void release(struct job *job)
{
	(void)job;
	released++;
}

static const struct source sources[] = {
	{.name = "number", .sample_size = sizeof(uint64_t), .lane = LANE_SLOW}};
static const struct provider provider = {
	.sources = sources, .source_count = 1, .job_run = run, .job_release = release};

static void submit(struct lane *lane, uint32_t slot, int fd)
{
	struct lane_job *job = lane_job_create(lane, clock_now(), &provider, 0);

	CHECK(job);
	job->job.slot = slot;
	memcpy(job->job.context, &fd, sizeof fd);
	lane_submit(lane, job);
}

static struct lane_job *collect(struct lane *lane)
{
	struct pollfd ready = {.fd = wake_pipe[0], .events = POLLIN};
	struct lane_job *job;
	char byte;

	while (!(job = lane_collect(lane, clock_now()))) {
		CHECK(poll(&ready, 1, 5000) == 1);
		CHECK(read(wake_pipe[0], &byte, 1) == 1);
	}
	return job;
}

TEST(results_come_back)
{
	CHECK(pipe(wake_pipe) == 0);
	struct lane *lane = lane_create(3, wake, NULL);
	uint64_t sum = 0;

	for (uint32_t round = 0; round < 20; round++) {
		for (uint32_t i = 0; i < 100; i++)
			submit(lane, i, -1);
		for (uint32_t i = 0; i < 100; i++) {
			struct lane_job *job = collect(lane);
			CHECK_INT(job->result, STATE_OK);
			CHECK_INT(*(uint64_t *)job->job.sample, job->job.slot);
			sum += job->job.slot;
			lane_job_destroy(lane, job);
		}
	}
	CHECK_INT(sum, 20 * 4950);
	lane_destroy(lane);
	close(wake_pipe[0]);
	close(wake_pipe[1]);
}

TEST(the_lane_has_a_limit)
{
	CHECK(pipe(wake_pipe) == 0);
	struct lane *lane = lane_create(0, NULL, NULL);

	for (uint32_t i = 0; i < LANE_JOBS_MAX; i++)
		submit(lane, i, -1);
	CHECK(!lane_job_create(lane, 0, &provider, 0));
	CHECK(lane_run_by_hand(lane, 1));
	CHECK(!lane_job_create(lane, 0, &provider, 0)); /* its result is still there */
	lane_job_destroy(lane, lane_collect(lane, 1));
	struct lane_job *job = lane_job_create(lane, 0, &provider, 0);
	CHECK(job);
	lane_job_destroy(lane, job);
	lane_destroy(lane); /* with jobs that wait */
	close(wake_pipe[0]);
	close(wake_pipe[1]);
}

TEST(a_job_is_late_at_its_deadline)
{
	const uint64_t begin = 1000, deadline = begin + LANE_DEADLINE_MS * UINT64_C(1000000);
	struct lane *lane = lane_create(0, NULL, NULL);

	submit(lane, 0, -1);
	CHECK(lane_start_by_hand(lane, begin));
	CHECK(!lane_next_late(lane, deadline - 1));
	CHECK(lane_next_late(lane, deadline));
	CHECK(!lane_next_late(lane, deadline + 1)); /* it was said */
	CHECK_INT(lane_late_workers(lane, deadline + 1), 1);
	CHECK(lane_run_by_hand(lane, deadline + 1));
	lane_job_destroy(lane, lane_collect(lane, deadline + 1));
	lane_destroy(lane);
}

TEST(one_that_hangs_leaves_the_others_working)
{
	int hang[2];
	uint64_t number = 5;
	const struct timespec pause = {.tv_nsec = 10000000};

	CHECK(pipe(wake_pipe) == 0 && pipe(hang) == 0);
	struct lane *lane = lane_create(2, wake, NULL);
	submit(lane, 1, hang[0]);
	for (uint32_t i = 0; i < 50; i++)
		submit(lane, 7, -1);
	for (uint32_t i = 0; i < 50; i++) {
		struct lane_job *job = collect(lane);
		CHECK_INT(job->job.slot, 7);
		lane_job_destroy(lane, job);
	}
	const struct lane_job *late;
	while (!(late = lane_next_late(lane, clock_now())))
		nanosleep(&pause, NULL);
	CHECK_INT(late->job.slot, 1);
	CHECK(!lane_next_late(lane, clock_now())); /* said once */
	CHECK_INT(lane_late_workers(lane, clock_now()), 1);
	CHECK(!lane_stuck(lane, clock_now()));
	CHECK(write(hang[1], &number, sizeof number) == sizeof number);
	struct lane_job *job = collect(lane);
	CHECK_INT(*(uint64_t *)job->job.sample, 5);
	lane_job_destroy(lane, job);
	lane_destroy(lane);
	close(hang[0]);
	close(hang[1]);
	close(wake_pipe[0]);
	close(wake_pipe[1]);
}

TEST(a_stuck_lane_gives_its_jobs_back)
{
	int hang[2];
	uint64_t number = 5;
	const struct timespec pause = {.tv_nsec = 10000000};

	CHECK(pipe(wake_pipe) == 0 && pipe(hang) == 0);
	struct lane *lane = lane_create(1, wake, NULL);
	submit(lane, 1, hang[0]);
	submit(lane, 2, -1);
	while (!lane_stuck(lane, clock_now()))
		nanosleep(&pause, NULL);
	CHECK(!lane_job_create(lane, clock_now(), &provider, 0));
	struct lane_job *job = collect(lane);
	CHECK_INT(job->job.slot, 2);
	CHECK_INT(job->result, STATE_FAILED);
	lane_job_destroy(lane, job);
	CHECK(write(hang[1], &number, sizeof number) == sizeof number);
	lane_job_destroy(lane, collect(lane));
	lane_destroy(lane);
	close(hang[0]);
	close(hang[1]);
	close(wake_pipe[0]);
	close(wake_pipe[1]);
}

static void submit_listing(struct lane *lane, uint32_t slot, int fd)
{
	struct lane_job *job = lane_job_create(lane, clock_now(), &provider, SOURCE_LISTING);

	CHECK(job);
	job->job.slot = slot;
	memcpy(job->job.context, &fd, sizeof fd);
	lane_submit(lane, job);
}

/* However many of them hang, cells are read and the loop is told of them at once. */
TEST(listings_leave_one_worker_to_the_others)
{
	int hang[2];
	struct lane *lane;

	CHECK(pipe(wake_pipe) == 0 && pipe(hang) == 0);
	lane = lane_create(3, wake, NULL);
	for (uint32_t i = 0; i < 4; i++)
		submit_listing(lane, i, hang[0]);
	for (uint32_t i = 0; i < 10; i++) {
		submit(lane, 7, -1);
		struct lane_job *job = collect(lane);
		CHECK_INT(job->job.slot, 7);
		CHECK_INT(job->result, STATE_OK);
		lane_job_destroy(lane, job);
	}
	CHECK_INT(lane_late_workers(lane, clock_now() + LANE_DEADLINE_NS), 2);
	CHECK(!lane_stuck(lane, clock_now() + LANE_DEADLINE_NS));
	close(hang[1]); /* all of them come to an end, and those that waited after them */
	for (uint32_t i = 0; i < 4; i++) {
		struct lane_job *job = collect(lane);
		CHECK_INT(job->result, STATE_FAILED);
		lane_job_destroy(lane, job);
	}
	lane_destroy(lane);
	close(hang[0]);
	close(wake_pipe[0]);
	close(wake_pipe[1]);
}

/* Those of one table do not take the room of others, and are forgotten with it. */
TEST(listings_leave_room_to_the_others)
{
	struct lane *lane = lane_create(0, NULL, NULL);
	struct lane_job *job;

	for (uint32_t i = 0; i < LANE_LISTINGS_MAX; i++)
		submit_listing(lane, i, -1);
	CHECK(!lane_job_create(lane, 0, &provider, SOURCE_LISTING));
	submit(lane, 7, -1);
	CHECK((job = lane_job_create(lane, 0, &provider, 0)));
	job->instance = 2;
	lane_submit(lane, job);
	lane_forget(lane, 2);
	CHECK_INT(released, 1);
	lane_forget(lane, 0);
	CHECK_INT(released, 1 + LANE_LISTINGS_MAX + 1);
	CHECK(!lane_run_by_hand(lane, 1));
	CHECK((job = lane_job_create(lane, 0, &provider, SOURCE_LISTING)));
	lane_job_destroy(lane, job);
	lane_destroy(lane);
}

/* The leak check sees whether it does. */
TEST(one_that_hangs_at_the_end_frees_what_is_left)
{
	int hang[2];
	uint64_t number = 5;
	const struct timespec pause = {.tv_nsec = 10000000};

	CHECK(pipe(hang) == 0);
	struct lane *lane = lane_create(1, NULL, NULL);
	submit(lane, 1, hang[0]);
	while (!lane_stuck(lane, clock_now()))
		nanosleep(&pause, NULL);
	lane_destroy(lane);
	CHECK_INT(released, 0);
	CHECK(write(hang[1], &number, sizeof number) == sizeof number);
	while (!released)
		nanosleep(&pause, NULL);
	nanosleep(&pause, NULL);
	close(hang[0]);
	close(hang[1]);
}

TESTS(CASE(results_come_back), CASE(the_lane_has_a_limit), CASE(a_job_is_late_at_its_deadline),
	CASE(one_that_hangs_leaves_the_others_working), CASE(a_stuck_lane_gives_its_jobs_back),
	CASE(listings_leave_one_worker_to_the_others), CASE(listings_leave_room_to_the_others),
	CASE(one_that_hangs_at_the_end_frees_what_is_left))
