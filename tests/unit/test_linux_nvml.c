/* NVIDIA's GPUs, with a substitute for the driver's library and made-up time. */
#include <dlfcn.h>
#include <limits.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "../nvml/driver.h"
#include "clock.h"
#include "linux/nvml/nvml_devices.h"
#include "linux/nvml/nvml_presence.h"
#include "linux_tree.h"
#include "log.h"
#include "seccomp.h"

#define MIB (UINT64_C(1) << 20)

static char library[PATH_MAX];
static struct driver *driver;
static struct nvml_session session;
static struct nvml_snapshot *snapshot;
static struct nvml_now now = {.mono_ns = 1000 * SECOND_NS, .real_us = 1700000000000000};

/* -------------------------------------------------------------------------------- stage */

static void put_pci(const char *address, const char *file, const char *text)
{
	char path[128];

	snprintf(path, sizeof path, "sys/bus/pci/devices/%s/%s", address, file);
	tree_put(path, text);
}

static void put_gpu(const char *address, const char *class, const char *status)
{
	put_pci(address, "vendor", "0x10de\n");
	put_pci(address, "class", class);
	put_pci(address, "power/runtime_status", status);
	put_pci(address, "power/control", "on\n");
}

static void put_process(int pid, int start)
{
	tree_put_process(pid, "S", start);
}

static void map_driver(void)
{
	char path[64];
	int file;

	snprintf(path, sizeof path, "%s/script", tree_root);
	file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	CHECK(file >= 0 && ftruncate(file, sizeof *driver) == 0);
	driver = mmap(NULL, sizeof *driver, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	CHECK(driver != MAP_FAILED);
	close(file);
	setenv("NVML_SCRIPT", path, 1);
}

/* A host with one GPU of 1 GiB, and the driver of that version; pids 100 .. 109 are there. */
static void begin(int version)
{
	char self[PATH_MAX - 16];
	ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);

	CHECK(length > 0);
	tree_begin();
	self[length] = '\0';
	*strrchr(self, '/') = '\0';
	snprintf(library, sizeof library, "%s/nvml-v%d.so", self, version);
	setenv("PROCMON_NVML", library, 1);
	tree_put("proc/driver/nvidia/version", "NVRM\n");
	tree_put("sys/module/nvidia/refcnt", "7\n");
	put_gpu("0000:01:00.0", "0x030000\n", "active\n");
	for (int pid = 100; pid < 110; pid++)
		put_process(pid, 5000);
	map_driver();
	driver->device_count = 1;
	driver->devices[0].bus = 1;
	driver->devices[0].total = 1024 * MIB;
}

static void begin_session(int version)
{
	begin(version);
	nvml_session_open(&session, tree_procfs, tree_sysfs, library);
}

/* Everything that was initialised was shut down, and nothing was called in between. */
static void end_session(void)
{
	nvml_session_close(&session);
	free(snapshot);
	CHECK_INT(driver->bad_calls, 0);
	CHECK_INT(driver->inits, driver->shutdowns);
	CHECK_INT(driver->loads, driver->unloads);
}

static void wait_ms(uint64_t ms)
{
	now.mono_ns += ms * 1000000;
	now.real_us += ms * 1000;
}

/* A sampling, so many ms after the last one. */
static int sample(uint64_t ms)
{
	wait_ms(ms);
	free(snapshot);
	snapshot = nvml_session_sample(&session, &now);
	return snapshot->state;
}

static const struct nvml_use *use_of(uint32_t pid)
{
	for (uint32_t i = 0; i < snapshot->count; i++)
		if (snapshot->processes[i].pid == pid)
			return &snapshot->processes[i].use;
	return NULL;
}

static void add_process(uint32_t device, uint32_t pid, uint32_t lists, uint64_t memory)
{
	struct driver_device *where = &driver->devices[device];

	where->processes[where->process_count++] =
		(struct driver_process){.pid = pid, .lists = lists, .memory = memory};
}

/* What the next sampling gets; `ms` before it. */
static void add_times(uint32_t device, uint32_t pid, uint64_t before_ms, uint32_t sm,
	uint32_t encoder, uint32_t decoder)
{
	struct driver_device *where = &driver->devices[device];

	where->samples[where->sample_count++] = (struct driver_sample){.pid = pid,
		.time_us = now.real_us - before_ms * 1000,
		.sm = sm,
		.encoder = encoder,
		.decoder = decoder};
}

/* The driver has a new period behind it, so many ms after the last. */
static void next_times(uint64_t ms)
{
	wait_ms(ms);
	for (uint32_t i = 0; i < DRIVER_DEVICES; i++)
		driver->devices[i].sample_count = 0;
}

/* ------------------------------------------------------------------------------- records */

static void put_record(unsigned char *record, uint32_t pid, uint64_t memory)
{
	memcpy(record, &pid, sizeof pid);
	memcpy(record + 8, &memory, sizeof memory);
}

TEST(stride_is_what_was_written)
{
	enum { SIZE = 64 * NVML_RECORD_MAX };
	unsigned char buffer[SIZE];
	static const uint32_t strides[] = {16, 24, 32};

	for (int i = 0; i < 3; i++)
		for (uint32_t count = 1; count < 64; count++) {
			memset(buffer, NVML_PATTERN, SIZE);
			memset(buffer, 1, (size_t)count * strides[i]);
			CHECK_INT(nvml_records_stride(buffer, SIZE, count, 16, 0), strides[i]);
		}
	/* 24 bytes of which the last 8 are never written. */
	memset(buffer, NVML_PATTERN, SIZE);
	for (int i = 0; i < 3; i++)
		memset(buffer + (size_t)i * 24, 1, 16);
	CHECK_INT(nvml_records_stride(buffer, SIZE, 3, 24, 0), 24);
	CHECK_INT(nvml_records_stride(buffer, SIZE, 0, 24, 0), 24);
}

TEST(stride_of_a_cleared_buffer_is_where_pids_make_sense)
{
	enum { SIZE = 64 * NVML_RECORD_MAX };
	unsigned char buffer[SIZE];
	static const uint32_t strides[] = {24, 32};

	for (int i = 0; i < 2; i++) {
		memset(buffer, 0, SIZE);
		for (uint32_t j = 0; j < 3; j++)
			put_record(buffer + (size_t)j * strides[i], 100 + j, 5 * MIB);
		CHECK_INT(nvml_records_stride(buffer, SIZE, 3, 24, 1024 * MIB), strides[i]);
	}
	/* And where they never do, there is no better than the promise. */
	memset(buffer, 0, SIZE);
	CHECK_INT(nvml_records_stride(buffer, SIZE, 3, 24, 1024 * MIB), 24);
}

TEST(what_a_record_can_say)
{
	static const struct {
		uint32_t pid;
		uint64_t memory, total;
		bool plausible;
	} cases[] = {
		{1, 0, 1000, true},
		{4 << 20, 1000, 1000, true},
		{100, UINT64_MAX, 1000, true},
		{100, 5000, 0, true},
		{0, 1000, 1000, false},
		{(4 << 20) + 1, 1000, 1000, false},
		{100, 1001, 1000, false},
	};
	unsigned char record[NVML_RECORD_MAX];

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		put_record(record, cases[i].pid, cases[i].memory);
		CHECK_INT(nvml_record_plausible(record, cases[i].total), cases[i].plausible);
	}
}

static void check_lists(int version, uint32_t stride, uint32_t clears)
{
	begin_session(version);
	driver->stride = stride;
	driver->clears = clears;
	add_process(0, 100, DRIVER_COMPUTE, 10 * MIB);
	add_process(0, 101, DRIVER_COMPUTE, 20 * MIB);
	add_process(0, 102, DRIVER_COMPUTE | DRIVER_GRAPHICS, 30 * MIB);
	CHECK_INT(sample(0), STATE_OK);
	CHECK_INT(snapshot->count, 3);
	for (uint32_t i = 0; i < 3; i++) {
		CHECK_INT(snapshot->processes[i].pid, 100 + i);
		CHECK_INT(snapshot->processes[i].use.memory, (10 + 10 * i) * MIB);
		CHECK_INT(snapshot->processes[i].use.garbage, 0);
		CHECK_INT(snapshot->processes[i].use.start_ticks, 5001);
	}
	CHECK_INT(session.devices[0].accounts.strays, 0);
	end_session();
}

TEST(lists_of_2016)
{
	check_lists(1, 0, 0);
}

TEST(lists_of_2020)
{
	check_lists(2, 0, 0);
}

TEST(lists_of_today)
{
	check_lists(3, 0, 0);
}

TEST(lists_of_535)
{
	check_lists(3, 32, 0);
}

TEST(lists_in_a_cleared_buffer)
{
	check_lists(3, 0, 1);
}

TEST(lists_of_535_in_a_cleared_buffer)
{
	check_lists(3, 32, 1);
}

TEST(lists_grow)
{
	begin_session(3);
	for (int pid = 1000; pid < 1000 + DRIVER_PROCESSES; pid++) {
		put_process(pid, 1);
		add_process(0, (uint32_t)pid, DRIVER_COMPUTE, MIB);
	}
	CHECK_INT(sample(0), STATE_OK);
	CHECK_INT(snapshot->count, DRIVER_PROCESSES);
	driver->devices[0].process_count = 1;
	for (int i = 0; i < DRIVER_SAMPLES; i++)
		add_times(0, 1000, (uint64_t)(DRIVER_SAMPLES - i), 50, 0, 0);
	CHECK_INT(sample(1000), STATE_OK);
	CHECK_INT(snapshot->count, 1);
	end_session();
}

TEST(memory_in_several_lists_counts_once)
{
	begin_session(3);
	add_process(0, 100, DRIVER_GRAPHICS, 10 * MIB);
	add_process(0, 100, DRIVER_COMPUTE, 30 * MIB);
	add_process(0, 100, DRIVER_MPS, UINT64_MAX);
	add_process(0, 101, DRIVER_GRAPHICS, UINT64_MAX);
	add_process(0, 101, DRIVER_COMPUTE, 30 * MIB);
	add_process(0, 101, DRIVER_MPS, 10 * MIB);
	CHECK_INT(sample(0), STATE_OK);
	CHECK_INT(snapshot->count, 2);
	CHECK_INT(use_of(100)->memory, 30 * MIB);
	CHECK_INT(use_of(101)->memory, 30 * MIB);
	end_session();
}

TEST(memory_that_the_driver_does_not_know_is_absent)
{
	begin_session(3);
	add_process(0, 100, DRIVER_COMPUTE, UINT64_MAX);
	add_process(0, 101, DRIVER_COMPUTE, 0);
	CHECK_INT(sample(0), STATE_OK);
	CHECK(use_of(100)->memory == ABSENT_U64(STATE_UNSUPPORTED));
	CHECK_INT(use_of(101)->memory, 0);
	end_session();
}

TEST(records_that_cannot_be_true_are_left_out)
{
	begin_session(3);
	add_process(0, 0, DRIVER_COMPUTE, MIB);          /* no pid */
	add_process(0, 0x7FFFFFFF, DRIVER_COMPUTE, MIB); /* not on Linux */
	add_process(0, 100, DRIVER_COMPUTE, 1025 * MIB); /* more than there is */
	add_process(0, 4000, DRIVER_COMPUTE, MIB);       /* no such process */
	add_process(0, 101, DRIVER_COMPUTE, 1024 * MIB);
	CHECK_INT(sample(0), STATE_OK);
	CHECK_INT(snapshot->count, 1);
	CHECK_INT(use_of(101)->memory, 1024 * MIB);
	CHECK_INT(session.devices[0].accounts.strays, 4);
	end_session();
}

TEST(memory_shared_with_the_cpu_has_no_bound)
{
	begin_session(3);
	driver->devices[0].memory_code = NVML_NOT_SUPPORTED;
	add_process(0, 100, DRIVER_COMPUTE, 9000 * MIB);
	CHECK_INT(sample(0), STATE_OK);
	CHECK_INT(use_of(100)->memory, 9000 * MIB);
	end_session();
}

TEST(several_devices_are_summed)
{
	begin_session(3);
	driver->device_count = 3;
	driver->devices[1] = (struct driver_device){.bus = 0x41, .total = 1024 * MIB};
	driver->devices[2] =
		(struct driver_device){.domain = 0x10000, .bus = 2, .total = 1024 * MIB};
	add_process(0, 100, DRIVER_COMPUTE, 10 * MIB);
	add_process(1, 100, DRIVER_COMPUTE, 5 * MIB);
	add_process(2, 101, DRIVER_COMPUTE, 7 * MIB);
	CHECK_INT(sample(0), STATE_OK);
	CHECK_INT(snapshot->count, 2);
	CHECK_INT(use_of(100)->memory, 15 * MIB);
	CHECK_TEXT(use_of(100)->devices, "0000:01:00.0,0000:41:00.0");
	CHECK_TEXT(use_of(101)->devices, "10000:02:00.0");

	next_times(1000);
	add_times(0, 100, 0, 50, 0, 0);
	add_times(1, 100, 0, 20, 0, 0);
	CHECK_INT(sample(0), STATE_OK);
	CHECK_INT(use_of(100)->time_ns, 2 * 700000000);
	end_session();
}

/* --------------------------------------------------------------------------------- times */

TEST(percentages_become_time)
{
	begin_session(3);
	add_process(0, 100, DRIVER_COMPUTE, MIB);
	add_process(0, 101, DRIVER_GRAPHICS, MIB);
	add_process(0, 102, DRIVER_GRAPHICS | DRIVER_COMPUTE, MIB);
	add_process(0, 103, DRIVER_MPS, MIB);
	add_times(0, 100, 0, 80, 0, 0);
	CHECK_INT(sample(0), STATE_OK);
	CHECK_INT(driver->devices[0].last_us, 0);
	CHECK_INT(use_of(100)->time_ns, 0); /* since when it was busy nobody knows */

	/* 50 %, 40 %, 30 % and 20 % of a second, and 10 % and 5 % of video. */
	next_times(1000);
	add_times(0, 100, 0, 50, 0, 0);
	add_times(0, 101, 0, 40, 10, 5);
	add_times(0, 102, 0, 30, 0, 0);
	add_times(0, 103, 0, 20, 0, 0);
	CHECK_INT(sample(0), STATE_OK);
	CHECK_INT(driver->devices[0].last_us, now.real_us - 1000000);
	CHECK_INT(use_of(100)->time_compute_ns, 500000000);
	CHECK_INT(use_of(100)->time_ns, 500000000);
	CHECK_INT(use_of(101)->time_render_ns, 400000000);
	CHECK_INT(use_of(101)->time_video_ns, 150000000);
	CHECK_INT(use_of(101)->time_ns, 550000000);
	CHECK_INT(use_of(102)->time_other_ns, 300000000);
	CHECK_INT(use_of(103)->time_compute_ns, 200000000);

	/* All are about the same time, whenever in it each process worked last: 1500 ms. */
	next_times(1500);
	add_times(0, 101, 1400, 2, 0, 0);
	add_times(0, 100, 0, 10, 0, 0);
	CHECK_INT(sample(0), STATE_OK);
	CHECK_INT(use_of(100)->time_ns, 500000000 + 150000000);
	CHECK_INT(use_of(101)->time_ns, 550000000 + 30000000);
	CHECK_INT(use_of(102)->time_ns, 300000000);
	CHECK_INT(use_of(100)->garbage, 0);
	end_session();
}

TEST(work_followed_by_idleness_is_not_lost)
{
	begin_session(3);
	add_process(0, 100, DRIVER_COMPUTE, MIB);
	add_times(0, 100, 0, 50, 0, 0);
	sample(0);
	/* 900 ms of the 9 s of which all periods are known for sure. */
	next_times(10000);
	add_times(0, 100, 9000, 10, 0, 0);
	sample(0);
	CHECK_INT(use_of(100)->time_ns, 900000000);
	next_times(1000);
	sample(0);
	CHECK_INT(driver->devices[0].last_us, now.real_us - 2000000);
	end_session();
}

TEST(a_period_longer_than_the_interval_is_counted_whole)
{
	begin_session(3);
	add_process(0, 100, DRIVER_COMPUTE, MIB);
	add_times(0, 100, 0, 50, 0, 0);
	sample(0);
	for (int i = 0; i < 9; i++) {
		next_times(100);
		CHECK_INT(sample(0), STATE_OK); /* nothing new yet */
		CHECK_INT(use_of(100)->time_ns, 0);
	}
	next_times(100);
	add_times(0, 100, 0, 50, 0, 0);
	sample(0);
	CHECK_INT(use_of(100)->time_ns, 500000000);
	end_session();
}

TEST(idle_adds_nothing)
{
	begin_session(3);
	add_process(0, 100, DRIVER_COMPUTE, MIB);
	sample(0);
	for (int i = 0; i < 60; i++) {
		next_times(1000);
		CHECK_INT(sample(0), STATE_OK);
	}
	CHECK_INT(use_of(100)->time_ns, 0);
	/* And when it works again, the minute before is not filled up. */
	next_times(1000);
	add_times(0, 100, 0, 100, 0, 0);
	sample(0);
	CHECK(use_of(100)->time_ns <= 2 * SECOND_NS);
	CHECK(use_of(100)->time_ns >= SECOND_NS);
	end_session();
}

TEST(samples_that_cannot_be_true)
{
	begin_session(3);
	add_process(0, 100, DRIVER_COMPUTE, MIB);
	add_times(0, 100, 0, 50, 0, 0);
	sample(0);

	next_times(1000);
	add_times(0, 100, 0, 4000000000, 0, 0); /* cut to 100 % */
	add_times(0, 100, 500, 60, 0, 0);       /* once more */
	add_times(0, 100, 1000, 60, 0, 0);      /* not newer than the last */
	add_times(0, 100, 900000, 60, 0, 0);    /* stale */
	driver->devices[0].samples[driver->devices[0].sample_count++] =
		(struct driver_sample){.pid = 100, .time_us = UINT64_MAX, .sm = 99};
	add_times(0, 4000, 0, 60, 0, 0); /* not in the lists */
	CHECK_INT(sample(0), STATE_OK);
	CHECK_INT(use_of(100)->time_ns, SECOND_NS);
	CHECK_INT(use_of(100)->garbage, 5);
	CHECK_INT(session.devices[0].accounts.strays, 1);

	/* Nothing that is right is among them. */
	next_times(1000);
	add_times(0, 100, 1000, 60, 0, 0);
	CHECK_INT(sample(0), STATE_OK);
	CHECK_INT(use_of(100)->time_ns, SECOND_NS);
	CHECK_INT(use_of(100)->garbage, 6);

	/* None of them confused what comes next. */
	next_times(1000);
	add_times(0, 100, 0, 25, 0, 101);
	CHECK_INT(sample(0), STATE_OK);
	CHECK_INT(use_of(100)->time_ns, SECOND_NS + 500000000 + 2 * SECOND_NS);
	CHECK_INT(use_of(100)->garbage, 7);
	end_session();
}

TEST(a_clock_that_is_set_back)
{
	begin_session(3);
	add_process(0, 100, DRIVER_COMPUTE, MIB);
	add_times(0, 100, 0, 50, 0, 0);
	sample(0);
	now.real_us -= 3600 * UINT64_C(1000000);
	next_times(1000);
	add_times(0, 100, 0, 50, 0, 0);
	sample(0);
	CHECK_INT(use_of(100)->time_ns, 0); /* not an hour */
	next_times(1000);
	add_times(0, 100, 0, 50, 0, 0);
	sample(0);
	CHECK_INT(use_of(100)->time_ns, 500000000);

	now.real_us += 3600 * UINT64_C(1000000);
	next_times(1000);
	add_times(0, 100, 0, 100, 0, 0);
	sample(0);
	CHECK(use_of(100)->time_ns <= 500000000 + 2 * SECOND_NS);
	end_session();
}

TEST(a_used_pid_inherits_nothing)
{
	begin_session(3);
	add_process(0, 100, DRIVER_COMPUTE, MIB);
	add_process(0, 101, DRIVER_COMPUTE, MIB);
	add_times(0, 100, 0, 50, 0, 0);
	sample(0);
	next_times(1000);
	add_times(0, 100, 0, 50, 0, 0);
	add_times(0, 101, 0, 50, 0, 0);
	sample(0);
	CHECK_INT(use_of(100)->time_ns, 500000000);
	CHECK_INT(use_of(101)->time_ns, 500000000);

	/* One is another process now, without having been away from the list; one goes, but
	 * lives on: it is not shown, and its sum goes on when it is back. */
	put_process(100, 6000);
	driver->devices[0].process_count = 1;
	next_times(1000);
	sample(0);
	CHECK_INT(use_of(100)->time_ns, 0);
	CHECK_INT(use_of(100)->start_ticks, 6001);
	CHECK(!use_of(101));

	driver->devices[0].process_count = 2;
	next_times(1000);
	sample(0);
	CHECK_INT(use_of(101)->time_ns, 500000000);

	/* While it is away its pid is used again. */
	driver->devices[0].process_count = 1;
	next_times(1000);
	sample(0);
	put_process(101, 6000);
	driver->devices[0].process_count = 2;
	next_times(1000);
	sample(0);
	CHECK_INT(use_of(101)->time_ns, 0);

	/* Who ends is forgotten. */
	CHECK_INT(session.devices[0].accounts.count, 2);
	tree_remove("proc/101");
	next_times(1000);
	sample(0);
	CHECK_INT(session.devices[0].accounts.count, 1);
	end_session();
}

TEST(who_leaves_one_of_two_gpus_keeps_his_sum)
{
	begin_session(3);
	driver->device_count = 2;
	driver->devices[1] = (struct driver_device){.bus = 2, .total = 1024 * MIB};
	add_process(0, 100, DRIVER_COMPUTE, 10 * MIB);
	add_process(1, 100, DRIVER_COMPUTE, 5 * MIB);
	sample(0);
	next_times(1000);
	add_times(0, 100, 0, 50, 0, 0);
	add_times(1, 100, 0, 25, 0, 0);
	sample(0);
	uint64_t before_ns = use_of(100)->time_ns;
	CHECK(before_ns > 0);

	/* And what is said of it there now is of nobody. */
	driver->devices[1].process_count = 0;
	next_times(1000);
	add_times(1, 100, 0, 25, 0, 0);
	sample(0);
	CHECK_INT(use_of(100)->time_ns, before_ns);
	CHECK_INT(use_of(100)->memory, 10 * MIB);
	CHECK_TEXT(use_of(100)->devices, "0000:01:00.0");
	CHECK_INT(session.devices[1].accounts.strays, 1);
	end_session();
}

TEST(a_driver_without_times)
{
	begin_session(1);
	add_process(0, 100, DRIVER_COMPUTE, MIB);
	CHECK_INT(sample(0), STATE_OK);
	CHECK_INT(use_of(100)->memory, MIB);
	CHECK(use_of(100)->time_ns == ABSENT_U64(STATE_UNSUPPORTED));
	CHECK(use_of(100)->time_render_ns == ABSENT_U64(STATE_UNSUPPORTED));
	CHECK(use_of(100)->time_compute_ns == ABSENT_U64(STATE_UNSUPPORTED));
	CHECK(use_of(100)->time_other_ns == ABSENT_U64(STATE_UNSUPPORTED));
	CHECK(use_of(100)->time_video_ns == ABSENT_U64(STATE_UNSUPPORTED));
	CHECK_TEXT(use_of(100)->devices, "0000:01:00.0");
	end_session();
}

TEST(times_that_are_refused)
{
	begin_session(3);
	add_process(0, 100, DRIVER_COMPUTE, MIB);
	driver->devices[0].utilization_code = NVML_NO_PERMISSION;
	CHECK_INT(sample(0), STATE_OK);
	CHECK(use_of(100)->time_ns == ABSENT_U64(STATE_DENIED));
	end_session();
}

TEST(a_partitioned_gpu_has_memory_but_no_times)
{
	begin_session(3);
	driver->device_count = 2;
	driver->devices[0].instances = 2;
	driver->devices[1] = (struct driver_device){.bus = 2, .total = 1024 * MIB};
	add_process(0, 100, DRIVER_COMPUTE, 10 * MIB);
	add_process(0, 101, DRIVER_COMPUTE, 20 * MIB);
	add_process(0, 100, DRIVER_COMPUTE, 40 * MIB); /* on the other instance, too */
	driver->devices[0].processes[2].instance = 1;
	add_process(1, 101, DRIVER_COMPUTE, 5 * MIB);
	add_process(1, 102, DRIVER_COMPUTE, 5 * MIB);
	CHECK_INT(sample(0), STATE_OK);
	CHECK_INT(use_of(100)->memory, 50 * MIB);
	CHECK_INT(use_of(101)->memory, 25 * MIB);
	CHECK_TEXT(use_of(101)->devices, "0000:01:00.0,0000:02:00.0");
	/* A sum of which a part is not known is not known. */
	CHECK(use_of(100)->time_ns == ABSENT_U64(STATE_UNSUPPORTED));
	CHECK(use_of(101)->time_ns == ABSENT_U64(STATE_UNSUPPORTED));
	CHECK_INT(use_of(102)->time_ns, 0);
	end_session();
}

/* ----------------------------------------------------------------------------- sleeping */

TEST(a_sleeping_gpu_is_never_touched)
{
	static const char *const sleeping[] = {"suspended\n", "suspending\n", "resuming\n"};

	begin_session(3);
	put_gpu("0000:02:00.0", "0x030200\n", "active\n");
	for (int i = 0; i < 3; i++) {
		put_pci("0000:02:00.0", "power/runtime_status", sleeping[i]);
		CHECK_INT(sample(1000), STATE_ASLEEP);
		CHECK_INT(driver->loads, 0);
		CHECK_INT(driver->calls, 0);
	}
	put_pci("0000:02:00.0", "power/runtime_status", "active\n");
	CHECK_INT(sample(1000), STATE_OK);
	CHECK_INT(driver->inits, 1);

	/* Should it fall asleep all the same, it is left alone. */
	put_pci("0000:02:00.0", "power/runtime_status", "suspended\n");
	uint32_t calls = driver->calls;
	CHECK_INT(sample(1000), STATE_ASLEEP);
	CHECK_INT(driver->calls, calls);
	end_session();
}

TEST(what_does_not_sleep_is_not_waited_for)
{
	begin_session(3);
	put_gpu("0000:01:00.1", "0x040300\n", "suspended\n"); /* the sound of its connector */
	put_gpu("0000:03:00.0", "0x030000\n", "suspended\n");
	put_pci("0000:03:00.0", "vendor", "0x1002\n");
	put_pci("0000:01:00.0", "power/runtime_status", "unsupported\n");
	CHECK_INT(sample(0), STATE_OK);
	put_pci("0000:01:00.0", "power/runtime_status", "error\n");
	CHECK_INT(sample(1000), STATE_OK);
	end_session();
}

/* Samples once a second for so long; true if the library was called. */
static bool called_within(int seconds)
{
	uint32_t calls = driver->calls;

	for (int i = 0; i < seconds; i++) {
		next_times(1000);
		sample(0);
	}
	return driver->calls != calls;
}

TEST(an_idle_gpu_is_let_go)
{
	begin_session(3);
	put_pci("0000:01:00.0", "power/control", "auto\n");
	add_process(0, 100, DRIVER_GRAPHICS, 4 * MIB); /* a desktop that does nothing there */
	CHECK_INT(sample(0), STATE_OK);
	for (int i = 0; i < 5; i++) {
		CHECK_INT(driver->shutdowns, 0);
		next_times(1000);
		add_times(0, 100, 0, 0, 0, 0);
		CHECK_INT(sample(0), STATE_OK);
	}
	CHECK_INT(driver->shutdowns, 1);
	CHECK_INT(driver->unloads, 1);
	CHECK(!called_within(9));
	CHECK_INT(snapshot->state, STATE_ASLEEP);

	/* One look after 10 s, after 20 s more, and so on up to an hour. */
	CHECK(called_within(1));
	CHECK_INT(snapshot->state, STATE_OK);
	CHECK_INT(driver->shutdowns, 2);
	CHECK(!called_within(19));
	CHECK(called_within(1));
	for (int rest = 40; rest < 3600; rest *= 2) {
		CHECK(!called_within(rest - 1));
		CHECK(called_within(1));
	}
	CHECK(!called_within(3599));
	CHECK(called_within(1));
	CHECK_INT(driver->inits, driver->shutdowns);
	end_session();
}

TEST(who_comes_and_goes_is_no_idleness)
{
	begin_session(3);
	put_pci("0000:01:00.0", "power/control", "auto\n");
	add_process(0, 100, DRIVER_GRAPHICS, 4 * MIB);
	CHECK_INT(sample(0), STATE_OK);
	CHECK(called_within(4));
	add_process(0, 101, DRIVER_GRAPHICS, 4 * MIB);
	CHECK(called_within(4));
	driver->devices[0].processes[1].memory = 5 * MIB;
	CHECK(called_within(4));
	driver->devices[0].process_count = 1;
	CHECK(called_within(4));
	CHECK_INT(driver->shutdowns, 0);
	CHECK(called_within(2));
	CHECK_INT(driver->shutdowns, 1);
	end_session();
}

static void rest(void)
{
	put_pci("0000:01:00.0", "power/control", "auto\n");
	add_process(0, 100, DRIVER_GRAPHICS, 4 * MIB);
	add_times(0, 100, 0, 50, 0, 0);
	sample(0);
	next_times(1000);
	add_times(0, 100, 0, 50, 0, 0);
	sample(0);
	called_within(6);
	CHECK_INT(driver->inits, 1);
	CHECK_INT(driver->shutdowns, 1);
}

TEST(a_rest_ends_when_somebody_else_wakes_the_gpu)
{
	begin_session(3);
	rest();
	put_pci("0000:01:00.0", "power/runtime_status", "suspended\n");
	CHECK(!called_within(4)); /* of 10 */
	CHECK_INT(snapshot->state, STATE_ASLEEP);
	put_pci("0000:01:00.0", "power/runtime_status", "active\n");
	CHECK(called_within(1));
	CHECK_INT(snapshot->state, STATE_OK);
	CHECK_INT(use_of(100)->time_ns, 500000000); /* nothing is forgotten */
	/* Who woke it gets the time to begin. */
	CHECK(called_within(4));
	CHECK_INT(driver->shutdowns, 1);
	CHECK(called_within(1));
	CHECK_INT(driver->shutdowns, 2);

	/* However long it sleeps. */
	put_pci("0000:01:00.0", "power/runtime_status", "suspended\n");
	CHECK(!called_within(7200));
	end_session();
}

TEST(a_rest_ends_when_somebody_opens_the_driver)
{
	begin_session(3);
	rest();
	CHECK(!called_within(5));
	tree_put("sys/module/nvidia/refcnt", "9\n");
	CHECK(called_within(1));
	end_session();
}

TEST(work_during_a_rest_is_counted_and_ends_it)
{
	begin_session(3);
	rest();
	CHECK(!called_within(8));
	next_times(1000);
	add_times(0, 100, 0, 100, 0, 0);
	CHECK_INT(sample(0), STATE_OK);
	/* All the time since the driver was asked last, and the period before that. */
	CHECK_INT(use_of(100)->time_ns, 500000000 + 11 * SECOND_NS);
	CHECK(called_within(4));
	CHECK_INT(driver->inits, 2);
	CHECK_INT(driver->shutdowns, 1);
	end_session();
}

TEST(a_gpu_that_never_sleeps_is_kept)
{
	begin_session(3);
	CHECK_INT(sample(0), STATE_OK);
	for (int i = 0; i < 100; i++) {
		next_times(1000);
		CHECK_INT(sample(0), STATE_OK);
	}
	CHECK_INT(driver->inits, 1);
	CHECK_INT(driver->shutdowns, 0);
	end_session();
}

/* -------------------------------------------------------------------------------- errors */

static int log_lines(void)
{
	char path[64], text[4096];
	int lines = 0;

	snprintf(path, sizeof path, "%s/log", tree_root);
	int file = open(path, O_RDONLY | O_CLOEXEC);
	CHECK(file >= 0);
	ssize_t length = read(file, text, sizeof text - 1);
	close(file);
	for (ssize_t i = 0; i < length; i++)
		lines += text[i] == '\n';
	return lines;
}

static bool log_has(const char *words)
{
	char path[64], text[4096];

	snprintf(path, sizeof path, "%s/log", tree_root);
	int file = open(path, O_RDONLY | O_CLOEXEC);
	CHECK(file >= 0);
	ssize_t length = read(file, text, sizeof text - 1);
	close(file);
	text[length > 0 ? length : 0] = '\0';
	return strstr(text, words) != NULL;
}

static void begin_log(void)
{
	char path[64];

	snprintf(path, sizeof path, "%s/log", tree_root);
	CHECK_INT(log_open_file(path, 1 << 20), 0);
}

TEST(a_lost_gpu_is_tried_again)
{
	static const int codes[] = {
		NVML_UNINITIALIZED, NVML_DRIVER_NOT_LOADED, NVML_GPU_IS_LOST, NVML_UNKNOWN};

	begin_session(3);
	begin_log();
	add_process(0, 100, DRIVER_COMPUTE, MIB);
	for (int i = 0; i < 4; i++) {
		CHECK_INT(sample(1000), STATE_OK);
		uint32_t inits = driver->inits;
		driver->devices[0].list_code = codes[i];
		CHECK_INT(sample(1000), STATE_FAILED);
		CHECK_INT(driver->unloads, driver->loads);

		uint32_t calls = driver->calls;
		CHECK_INT(sample(9000), STATE_FAILED); /* too early */
		CHECK_INT(driver->calls, calls);
		CHECK_INT(sample(1000), STATE_FAILED); /* tried, in vain */
		CHECK_INT(driver->inits, inits + 1);
		CHECK_INT(sample(19000), STATE_FAILED); /* too early for the next */
		CHECK_INT(driver->inits, inits + 1);
		CHECK_INT(log_lines(), 2 * i + 1);

		driver->devices[0].list_code = 0;
		CHECK_INT(sample(1000), STATE_OK);
		CHECK_INT(use_of(100)->memory, MIB);
		driver->devices[0].utilization_code = codes[i];
		CHECK_INT(sample(1000), STATE_FAILED);
		CHECK_INT(log_lines(), 2 * i + 2);
		driver->devices[0].utilization_code = 0;
		CHECK_INT(sample(10000), STATE_OK); /* the first wait is short again */
	}
	end_session();
}

TEST(a_gpu_that_is_lost_from_the_start_hides_no_other)
{
	begin_session(3);
	driver->device_count = 2;
	driver->devices[1] = (struct driver_device){.bus = 2, .total = 1024 * MIB};
	driver->devices[0].handle_code = NVML_GPU_IS_LOST;
	add_process(0, 100, DRIVER_COMPUTE, MIB);
	add_process(1, 101, DRIVER_COMPUTE, MIB);
	CHECK_INT(sample(0), STATE_OK);
	CHECK_INT(snapshot->count, 1);
	CHECK(use_of(101));
	end_session();
}

TEST(an_update_of_the_driver)
{
	begin_session(3);
	begin_log();
	driver->init_code = NVML_LIB_RM_VERSION_MISMATCH;
	for (int i = 0; i < 100; i++)
		CHECK_INT(sample(1000), STATE_FAILED);
	CHECK_INT(log_lines(), 1);
	CHECK(log_has("mismatch"));
	CHECK(log_has("restart the machine"));
	/* After 10, 20, 40 s. */
	CHECK_INT(driver->calls, 4);
	driver->init_code = 0;
	CHECK_INT(sample(80000), STATE_OK);
	end_session();
}

/* All that loading and asking it takes is on the list of the filter. */
TEST(a_confined_server_has_it)
{
	int status;
	pid_t child;

	begin_session(3);
	add_process(0, 100, DRIVER_COMPUTE, 10 * MIB);
	child = fork();
	if (child == 0) {
		if (seccomp_install(SECCOMP_KILL) < 0)
			_exit(77);
		_exit(sample(0) == STATE_OK && use_of(100)->memory == 10 * MIB ? 0 : 1);
	}
	CHECK(waitpid(child, &status, 0) == child);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		test_skip(seccomp_describe());
	CHECK_INT(status, 0);
	nvml_session_close(&session);
}

TEST(a_library_that_is_gone)
{
	begin(3);
	nvml_session_open(&session, tree_procfs, tree_sysfs, "/nonexistent/libnvidia-ml.so.1");
	begin_log();
	CHECK_INT(sample(0), STATE_FAILED);
	CHECK_INT(sample(10000), STATE_FAILED);
	CHECK_INT(log_lines(), 1);
	CHECK(log_has("/nonexistent/libnvidia-ml.so.1"));
	end_session();
}

TEST(a_library_that_is_another)
{
	struct nvml_library loaded;
	char error[192];

	CHECK_INT(nvml_library_load(&loaded, "libc.so.6", error, sizeof error), -ENOSYS);
	CHECK_TEXT(error, "libc.so.6 is not NVIDIA's library");
}

/* ---------------------------------------------------------------------- as a source */

static struct linux_gpu sampled;

static int ask(struct watch *watch, int pid)
{
	watch_tick(watch);
	return watch_read(watch, pid, SOURCE_gpu, &sampled);
}

TEST(the_source_has_it)
{
	begin(3);
	tree_link("proc/100/fd/3", "/dev/nvidia0");
	tree_link("proc/101/fd/3", "/dev/null");
	add_process(0, 100, DRIVER_COMPUTE, 10 * MIB);
	struct watch *watch = watch_open(NULL, tree_procfs, tree_sysfs);
	CHECK_INT(driver->loads, 0);

	CHECK_INT(ask(watch, 100), STATE_OK);
	CHECK_INT(sampled.memory_device, 10 * MIB);
	CHECK_INT(sampled.time_ns, 0);
	CHECK_TEXT(watch_text(&sampled.devices), "0000:01:00.0");
	CHECK_TEXT(watch_text(&sampled.source), "nvml");
	CHECK_INT(ask(watch, 101), STATE_NONE);

	tree_put("sys/bus/pci/devices/0000:01:00.0/power/runtime_status", "suspended\n");
	ask(watch, 100);
	CHECK_INT(ask(watch, 100), STATE_ASLEEP);
	watch_close(watch);
	CHECK_INT(driver->shutdowns, 1);
	CHECK_INT(driver->unloads, driver->loads);
	CHECK_INT(driver->bad_calls, 0);
}

/* Another process: the driver answers after so long. */
static void answer_later(long ms)
{
	pid_t child;

	driver->hangs = 1;
	child = fork();
	CHECK(child >= 0);
	if (child != 0)
		return;
	pause_ms(ms);
	driver->hangs = 0;
	_exit(0);
}

/* Where only the library tells: no descriptors can be seen. */
TEST(a_process_of_another_user_is_found_at_once)
{
	char path[512];

	begin(3);
	tree_link("proc/100/fd/3", "/dev/nvidia0");
	snprintf(path, sizeof path, "%s", tree_path("proc/100/fd"));
	become_nobody();
	CHECK(chmod(path, 0) == 0);
	add_process(0, 100, DRIVER_COMPUTE, 10 * MIB);
	struct watch *watch = watch_open(NULL, tree_procfs, tree_sysfs);
	answer_later(50);
	CHECK_INT(ask(watch, 100), STATE_OK);
	CHECK_INT(sampled.memory_device, 10 * MIB);
	CHECK_TEXT(watch_text(&sampled.source), "nvml");
	CHECK_INT(ask(watch, 101), STATE_NONE);

	/* When it leaves the GPU its time stays, and nothing else. */
	driver->devices[0].process_count = 0;
	ask(watch, 100);
	CHECK_INT(ask(watch, 100), STATE_OK);
	CHECK_INT(sampled.time_ns, 0);
	CHECK(sampled.memory == ABSENT_U64(STATE_DENIED)); /* it may use another one */
	CHECK(!sampled.source.bytes && !sampled.devices.bytes);
	watch_close(watch);
	CHECK(chmod(path, 0755) == 0);
}

TEST(a_broken_driver_is_no_reason_where_descriptors_are_denied)
{
	char path[512];

	begin(3);
	snprintf(path, sizeof path, "%s", tree_path("proc/100/fd/3"));
	*strrchr(path, '/') = '\0';
	become_nobody();
	CHECK(chmod(path, 0) == 0);
	driver->init_code = 999;
	struct watch *watch = watch_open(NULL, tree_procfs, tree_sysfs);
	answer_later(50);
	CHECK_INT(ask(watch, 100), STATE_DENIED);
	CHECK_INT(ask(watch, 100), STATE_DENIED);
	watch_close(watch);
	CHECK(chmod(path, 0755) == 0);
}

/* --------------------------------------------------------------------- is there any at all */

static const char *why_not(void)
{
	static char why[512];

	return nvml_presence_check(tree_procfs, tree_sysfs, library, why) == STATE_OK ? NULL
										      : why;
}

TEST(what_is_missing_is_said)
{
	char path[128];

	begin(3);
	CHECK(!why_not());
	CHECK_INT(driver->calls, 0);

	snprintf(library, sizeof library, "/nonexistent/libnvidia-ml.so.1");
	CHECK(strstr(why_not(), "/nonexistent/libnvidia-ml.so.1"));
	CHECK(strstr(why_not(), "libnvidia-ml1"));

	snprintf(path, sizeof path, "%s/driver/nvidia/version", tree_procfs);
	CHECK_INT(unlink(path), 0);
	CHECK(strstr(why_not(), "0000:01:00.0 is run by no driver"));
	snprintf(path, sizeof path, "%s/bus/pci/devices/0000:01:00.0/driver", tree_sysfs);
	CHECK_INT(symlink("../../../drivers/nouveau", path), 0);
	CHECK(strstr(why_not(), "0000:01:00.0 is run by nouveau"));

	put_pci("0000:01:00.0", "vendor", "0x8086\n");
	CHECK(strstr(why_not(), "no NVIDIA GPU found"));
	snprintf(tree_sysfs, sizeof tree_sysfs, "/nonexistent");
	CHECK(strstr(why_not(), "no NVIDIA GPU found"));
}

TEST(sentences_stay)
{
	begin(3);
	struct nvml *nvml = nvml_create(tree_procfs, tree_sysfs);
	CHECK(!nvml_unsupported(nvml));
	nvml_destroy(nvml);

	char path[128];
	snprintf(path, sizeof path, "%s/driver/nvidia/version", tree_procfs);
	CHECK_INT(unlink(path), 0);
	nvml = nvml_create(tree_procfs, tree_sysfs);
	const char *before = nvml_unsupported(nvml);
	put_pci("0000:01:00.0", "vendor", "0x8086\n");
	CHECK(nvml_unsupported(nvml) == before); /* not looked for all the time */
	pause_ms(NVML_LOOK_MS);
	CHECK(strstr(nvml_unsupported(nvml), "no NVIDIA GPU found"));
	CHECK(strstr(before, "is run by no driver"));
	put_pci("0000:01:00.0", "vendor", "0x10de\n");
	pause_ms(NVML_LOOK_MS);
	CHECK(nvml_unsupported(nvml) == before);

	/* For a sleeping GPU the library is not even loaded. */
	uint32_t loads = driver->loads;
	put_pci("0000:01:00.0", "power/runtime_status", "suspended\n");
	tree_put("proc/driver/nvidia/version", "NVRM\n");
	pause_ms(NVML_LOOK_MS);
	CHECK(!nvml_unsupported(nvml));
	CHECK_INT(driver->loads, loads);
	put_pci("0000:01:00.0", "power/runtime_status", "active\n");
	pause_ms(NVML_LOOK_MS);
	CHECK(!nvml_unsupported(nvml));
	CHECK_INT(driver->loads, loads + 1);
	tree_put("proc/driver/nvidia/version", "NVRM\n");
	CHECK(!nvml_unsupported(nvml));
	CHECK_INT(driver->calls, 0);
	nvml_destroy(nvml);
}

/* ---------------------------------------------------------------------------- the thread */

/* Until a number that the library counts is that. */
static void await(const _Atomic uint32_t *number, uint32_t expected)
{
	for (int i = 0; i < 10000 && *number != expected; i++)
		usleep(1000);
	CHECK_INT(*number, expected);
}

static int threads(void)
{
	char text[4096];
	int file = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	ssize_t length = read(file, text, sizeof text - 1);

	close(file);
	text[length > 0 ? length : 0] = '\0';
	return atoi(strstr(text, "Threads:") + 8);
}

static void *no_work(void *argument)
{
	return argument;
}

/* With all that the first thread brings with it: a sanitizer has one of its own. */
static int threads_before(void)
{
	pthread_t thread;

	CHECK_INT(pthread_create(&thread, NULL, no_work, NULL), 0);
	CHECK_INT(pthread_join(thread, NULL), 0);
	return threads();
}

static void await_threads(int expected)
{
	for (int i = 0; i < 10000 && threads() != expected; i++)
		usleep(1000);
	CHECK_INT(threads(), expected);
}

TEST(nothing_happens_unless_it_is_wanted)
{
	begin(3);
	int before = threads_before();
	struct nvml *nvml = nvml_create(tree_procfs, tree_sysfs);
	struct nvml_use use;

	CHECK_INT(nvml_state(nvml), STATE_PENDING);
	CHECK(!nvml_knows(nvml, 100));
	CHECK_INT(nvml_wait(nvml, 100, &use), STATE_FAILED);
	nvml_begin(nvml);
	nvml_want(nvml, true);
	CHECK_INT(threads(), before);
	CHECK_INT(driver->loads, 0);
	nvml_destroy(nvml);
}

TEST(the_thread_samples_for_all)
{
	begin(3);
	int before = threads_before();
	struct nvml *nvml = nvml_create(tree_procfs, tree_sysfs);
	struct nvml_use use;

	add_process(0, 100, DRIVER_COMPUTE, 10 * MIB);
	add_process(0, 102, DRIVER_COMPUTE, 20 * MIB);
	nvml_want(nvml, true);
	nvml_begin(nvml);
	CHECK_INT(nvml_wait(nvml, 100, &use), STATE_OK);
	CHECK_INT(use.memory, 10 * MIB);
	CHECK_INT(nvml_wait(nvml, 102, &use), STATE_OK);
	CHECK_INT(use.memory, 20 * MIB);
	CHECK_INT(nvml_wait(nvml, 101, &use), STATE_NONE);
	CHECK_INT(nvml_state(nvml), STATE_OK);
	CHECK(nvml_knows(nvml, 100) && !nvml_knows(nvml, 101) && nvml_knows(nvml, 102));

	driver->devices[0].processes[0].memory = 30 * MIB;
	CHECK_INT(nvml_wait(nvml, 100, &use), STATE_OK);
	CHECK_INT(use.memory, 10 * MIB); /* until it is asked again */
	nvml_begin(nvml);
	CHECK_INT(nvml_wait(nvml, 100, &use), STATE_OK);
	CHECK_INT(use.memory, 30 * MIB);

	nvml_want(nvml, false);
	await(&driver->shutdowns, 1);
	await(&driver->unloads, 1);
	await_threads(before);
	CHECK_INT(nvml_wait(nvml, 100, &use), STATE_FAILED);
	CHECK(!nvml_knows(nvml, 100));
	CHECK_INT(nvml_state(nvml), STATE_PENDING);

	nvml_want(nvml, true);
	nvml_begin(nvml);
	CHECK_INT(nvml_wait(nvml, 100, &use), STATE_OK);
	nvml_destroy(nvml);
	CHECK_INT(driver->shutdowns, 2);
	CHECK_INT(driver->unloads, 2);
	CHECK_INT(driver->bad_calls, 0);
}

TEST(asleep_is_answered_without_waiting)
{
	begin(3);
	struct nvml *nvml = nvml_create(tree_procfs, tree_sysfs);
	struct nvml_use use;

	put_pci("0000:01:00.0", "power/runtime_status", "suspended\n");
	nvml_want(nvml, true);
	nvml_begin(nvml);
	CHECK_INT(nvml_wait(nvml, 100, &use), STATE_ASLEEP);
	CHECK_INT(nvml_state(nvml), STATE_ASLEEP);
	CHECK(!nvml_knows(nvml, 100));
	nvml_destroy(nvml);
	CHECK_INT(driver->loads, 0);
}

TEST(it_is_shut_down_when_nobody_asks)
{
	begin(3);
	struct nvml *nvml = nvml_create(tree_procfs, tree_sysfs);
	struct nvml_use use;

	nvml_set_unused(nvml, 50 * 1000000);
	add_process(0, 100, DRIVER_COMPUTE, 10 * MIB);
	nvml_want(nvml, true);
	nvml_begin(nvml);
	CHECK_INT(nvml_wait(nvml, 100, &use), STATE_OK);
	await(&driver->shutdowns, 1);
	await(&driver->unloads, 1);
	CHECK(nvml_knows(nvml, 100));
	nvml_begin(nvml);
	CHECK_INT(nvml_wait(nvml, 100, &use), STATE_OK);
	CHECK_INT(driver->inits, 2);
	nvml_destroy(nvml);
	CHECK_INT(driver->bad_calls, 0);
}

TEST(a_hanging_driver_hangs_nobody)
{
	begin(3);
	int before = threads_before();
	struct nvml *nvml = nvml_create(tree_procfs, tree_sysfs);
	struct nvml_use use;

	add_process(0, 100, DRIVER_COMPUTE, 10 * MIB);
	driver->hangs = 1;
	nvml_want(nvml, true);
	uint64_t start_ns = clock_now_ns();
	nvml_begin(nvml);
	CHECK(clock_now_ns() - start_ns < 100 * 1000000);
	CHECK_INT(nvml_wait(nvml, 100, &use), STATE_FAILED);
	uint64_t waited_ns = clock_now_ns() - start_ns;
	CHECK(waited_ns >= 200 * 1000000 && waited_ns < SECOND_NS);

	/* All others are told at once, for as long as it hangs. */
	start_ns = clock_now_ns();
	for (int i = 0; i < 100; i++) {
		nvml_begin(nvml);
		CHECK_INT(nvml_wait(nvml, 100, &use), STATE_FAILED);
		CHECK_INT(nvml_state(nvml), STATE_FAILED);
	}
	CHECK(clock_now_ns() - start_ns < 100 * 1000000);

	/* Who comes and goes meanwhile starts no second thread. */
	for (int i = 0; i < 100; i++) {
		nvml_want(nvml, false);
		nvml_want(nvml, true);
		nvml_begin(nvml);
	}
	CHECK_INT(threads(), before + 1);

	/* And when it comes back all is well, but for what was asked too early. */
	driver->hangs = 0;
	int state = STATE_FAILED;
	for (int i = 0; i < 100 && state != STATE_OK; i++) {
		nvml_begin(nvml);
		state = nvml_wait(nvml, 100, &use);
	}
	CHECK_INT(state, STATE_OK);
	CHECK_INT(use.memory, 10 * MIB);

	/* The end does not wait for it either. */
	driver->hangs = 1;
	nvml_begin(nvml);
	start_ns = clock_now_ns();
	nvml_destroy(nvml);
	CHECK(clock_now_ns() - start_ns < SECOND_NS);
	driver->hangs = 0;
	await_threads(before);
	CHECK_INT(driver->inits, driver->shutdowns);
	CHECK_INT(driver->loads, driver->unloads);
	CHECK_INT(driver->bad_calls, 0);
}

TEST(who_wants_it_again_waits_anew)
{
	begin(3);
	struct nvml *nvml = nvml_create(tree_procfs, tree_sysfs);
	struct nvml_use use;

	add_process(0, 100, DRIVER_COMPUTE, 10 * MIB);
	nvml_want(nvml, true);
	nvml_begin(nvml);
	nvml_want(nvml, false); /* nobody gets the answer */
	usleep(1000 * (NVML_WAIT_MS + 50));
	nvml_want(nvml, true);
	nvml_begin(nvml);
	CHECK(nvml_state(nvml) != STATE_FAILED);
	CHECK_INT(nvml_wait(nvml, 100, &use), STATE_OK);
	nvml_destroy(nvml);
}

TEST(a_job_may_outlive_the_platform)
{
	begin(3);
	struct nvml *nvml = nvml_create(tree_procfs, tree_sysfs);
	struct nvml *held = nvml_hold(nvml);
	struct nvml_use use;

	nvml_want(nvml, true);
	nvml_begin(nvml);
	nvml_destroy(nvml);
	CHECK_INT(nvml_wait(held, 100, &use), STATE_FAILED);
	nvml_release(held);
}

TESTS(CASE(stride_is_what_was_written),
	CASE(stride_of_a_cleared_buffer_is_where_pids_make_sense), CASE(what_a_record_can_say),
	CASE(lists_of_2016), CASE(lists_of_2020), CASE(lists_of_today), CASE(lists_of_535),
	CASE(lists_in_a_cleared_buffer), CASE(lists_of_535_in_a_cleared_buffer),
	CASE(lists_grow), CASE(memory_in_several_lists_counts_once),
	CASE(memory_that_the_driver_does_not_know_is_absent),
	CASE(records_that_cannot_be_true_are_left_out),
	CASE(memory_shared_with_the_cpu_has_no_bound), CASE(several_devices_are_summed),
	CASE(percentages_become_time), CASE(work_followed_by_idleness_is_not_lost),
	CASE(a_period_longer_than_the_interval_is_counted_whole), CASE(idle_adds_nothing),
	CASE(samples_that_cannot_be_true), CASE(a_clock_that_is_set_back),
	CASE(a_used_pid_inherits_nothing), CASE(who_leaves_one_of_two_gpus_keeps_his_sum),
	CASE(a_driver_without_times), CASE(times_that_are_refused),
	CASE(a_partitioned_gpu_has_memory_but_no_times), CASE(a_sleeping_gpu_is_never_touched),
	CASE(what_does_not_sleep_is_not_waited_for), CASE(an_idle_gpu_is_let_go),
	CASE(who_comes_and_goes_is_no_idleness),
	CASE(a_rest_ends_when_somebody_else_wakes_the_gpu),
	CASE(a_rest_ends_when_somebody_opens_the_driver),
	CASE(work_during_a_rest_is_counted_and_ends_it), CASE(a_gpu_that_never_sleeps_is_kept),
	CASE(a_lost_gpu_is_tried_again), CASE(a_gpu_that_is_lost_from_the_start_hides_no_other),
	CASE(an_update_of_the_driver), CASE(a_confined_server_has_it),
	CASE(a_library_that_is_gone), CASE(a_library_that_is_another), CASE(the_source_has_it),
	CASE(a_process_of_another_user_is_found_at_once),
	CASE(a_broken_driver_is_no_reason_where_descriptors_are_denied),
	CASE(what_is_missing_is_said), CASE(sentences_stay),
	CASE(nothing_happens_unless_it_is_wanted), CASE(the_thread_samples_for_all),
	CASE(asleep_is_answered_without_waiting), CASE(it_is_shut_down_when_nobody_asks),
	CASE(a_hanging_driver_hangs_nobody), CASE(who_wants_it_again_waits_anew),
	CASE(a_job_may_outlive_the_platform))
