/* Peaks of the footprint, over a time that the test makes. */
#include <sys/mman.h>

#include "linux/process/peaks.h"
#include "linux/process/process.h"
#include "linux_watch.h"

#define NO_VALUE ABSENT_U64(STATE_NONE)

static void check_peaks(const struct peaks *peaks, uint64_t ever, uint64_t recent)
{
	uint64_t value;

	CHECK(peaks_ever(peaks, &value) && value == ever);
	CHECK(peaks_recent(peaks, &value) && value == recent);
}

TEST(a_peak_is_forgotten_after_a_minute)
{
	struct peaks peaks = {0};
	uint64_t value, at = 1000003, seen = 0;

	peaks_advance(&peaks, at * SECOND_NS);
	CHECK(!peaks_ever(&peaks, &value) && !peaks_recent(&peaks, &value));
	peaks_add(&peaks, 0);
	check_peaks(&peaks, 0, 0);
	peaks_add(&peaks, 500);
	for (uint64_t second = 1; second <= 200; second++) {
		peaks_advance(&peaks, (at + second) * SECOND_NS);
		peaks_add(&peaks, 100);
		CHECK(peaks_recent(&peaks, &value));
		if (value == 500)
			seen = second;
	}
	CHECK(seen >= 60 && seen < 70);
	check_peaks(&peaks, 500, 100);
	peaks_add(&peaks, 300);
	check_peaks(&peaks, 500, 300);
	/* However long nobody looked, and not longer. */
	peaks_advance(&peaks, (at + 259) * SECOND_NS);
	check_peaks(&peaks, 500, 300);
	peaks_advance(&peaks, (at + 100000) * SECOND_NS);
	CHECK(!peaks_recent(&peaks, &value));
	CHECK(peaks_ever(&peaks, &value) && value == 500);
	peaks_add(&peaks, 7);
	check_peaks(&peaks, 500, 7);
}

/* --------------------------------------------------------------- of real processes */

static char *spare_memory;
enum { SPARE_KIB = 8 << 10 };

/* Has 8 MiB between the first signal and the second. */
static void on_signal(int number)
{
	if (number == SIGUSR1)
		memset(spare_memory, 1, SPARE_KIB << 10);
	else
		madvise(spare_memory, SPARE_KIB << 10, MADV_DONTNEED);
}

static void grow_and_shrink(void)
{
	spare_memory = mmap(NULL, SPARE_KIB << 10, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	madvise(spare_memory, SPARE_KIB << 10, MADV_NOHUGEPAGE);
	signal(SIGUSR1, on_signal);
	signal(SIGUSR2, on_signal);
}

static struct linux_status signal_and_sample(
	struct watch *watch, pid_t pid, int number, uint64_t now_ns)
{
	struct processes *processes = watch->handle;
	struct linux_status status;

	if (number)
		kill(pid, number);
	pause_ms(30);
	wait_for_state(pid, 'S');
	watch_tick(watch);
	processes->now_ns = now_ns; /* the time that the samples are told */
	watch_sample(watch, pid, SOURCE_status, &status);
	return status;
}

TEST(peaks_of_the_footprint)
{
	pid_t child = child_start(grow_and_shrink);
	struct watch *watch = watch_open(NULL, NULL, NULL);
	uint64_t start_ns = 1000 * SECOND_NS, second;
	struct linux_status small, large, status;

	small = signal_and_sample(watch, child, 0, start_ns);
	CHECK(small.footprint_peak == small.footprint);
	CHECK(small.footprint_peak_minute == small.footprint);
	large = signal_and_sample(watch, child, SIGUSR1, start_ns + SECOND_NS);
	CHECK(large.footprint >= small.footprint + SPARE_KIB);
	CHECK(large.footprint_peak == large.footprint);
	status = signal_and_sample(watch, child, SIGUSR2, start_ns + 2 * SECOND_NS);
	CHECK(status.footprint < small.footprint + SPARE_KIB / 2);
	CHECK(status.footprint_peak == large.footprint);
	CHECK(status.footprint_peak_minute == large.footprint);
	/* It sleeps from here on, and is sampled every five seconds. */
	for (second = 5; second <= 100; second += 5) {
		status = signal_and_sample(watch, child, 0, start_ns + second * SECOND_NS);
		CHECK(status.footprint_peak == large.footprint);
		CHECK(second > 60 || status.footprint_peak_minute == large.footprint);
		CHECK(second <= 70 || status.footprint_peak_minute == status.footprint);
	}
	/* Without memory it still has the peak of its life. */
	kill(child, SIGKILL);
	wait_for_state(child, 'Z');
	watch_tick(watch);
	watch_sample(watch, child, SOURCE_status, &status);
	CHECK(status.footprint == NO_VALUE && status.footprint_peak == large.footprint);
	CHECK_INT(waitpid(child, NULL, 0), child);
	watch_close(watch);
}

/* The next process in the slot begins anew. */
TEST(peaks_are_those_of_the_row)
{
	enum { CHILDREN = 20 };
	pid_t children[CHILDREN], child = child_start(grow_and_shrink);
	struct watch *watch = watch_open(NULL, NULL, NULL);
	struct linux_status large, status;
	uint32_t slot;
	int count = 0;

	large = signal_and_sample(watch, child, SIGUSR1, 1000 * SECOND_NS);
	slot = watch_find(watch, child);
	child_end(child);
	watch_tick(watch);
	do {
		CHECK(count < CHILDREN); /* others may be born, too */
		child = children[count++] = child_start(NULL);
		watch_tick(watch);
	} while (watch_find(watch, child) != slot);
	status = signal_and_sample(watch, child, 0, 1001 * SECOND_NS);
	CHECK(status.footprint_peak == status.footprint);
	CHECK(status.footprint_peak < large.footprint_peak);
	while (count)
		child_end(children[--count]);
	watch_close(watch);
}

/* They are kept as long as somebody asks, and no longer. */
TEST(peaks_begin_when_somebody_asks)
{
	pid_t child = child_start(grow_and_shrink);
	struct watch *watch = watch_open(NULL, NULL, NULL);
	struct linux_status large, status;

	watch->provider->want(watch->handle, 1 << SOURCE_status | 1 << SOURCE_stat);
	large = signal_and_sample(watch, child, SIGUSR1, 1000 * SECOND_NS);
	watch->provider->want(watch->handle, 1 << SOURCE_status);
	status = signal_and_sample(watch, child, SIGUSR2, 1001 * SECOND_NS);
	CHECK(status.footprint_peak == large.footprint);
	watch->provider->want(watch->handle, 1 << SOURCE_stat);
	watch->provider->want(watch->handle, 1 << SOURCE_status);
	status = signal_and_sample(watch, child, 0, 1002 * SECOND_NS);
	CHECK(status.footprint < large.footprint);
	CHECK(status.footprint_peak == status.footprint);
	CHECK(status.footprint_peak_minute == status.footprint);
	watch->provider->want(watch->handle, 0);
	child_end(child);
	watch_close(watch);
}

TESTS(CASE(a_peak_is_forgotten_after_a_minute), CASE(peaks_of_the_footprint),
	CASE(peaks_are_those_of_the_row), CASE(peaks_begin_when_somebody_asks))
