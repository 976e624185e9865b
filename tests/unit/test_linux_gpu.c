/* Source gpu on a substitute tree: which descriptors are GPUs, who is charged, what sleeps. */
#include "linux/process/gpu/gpu.h"
#include "linux_tree.h"

#define MS  UINT64_C(1000000)
#define MIB (UINT64_C(1024) * 1024)

static struct watch *watch;
static struct linux_gpu sample;

/* ----------------------------------------------------------------------------- the tree */

static void put_device(const char *node, const char *driver, const char *address)
{
	char path[128], text[128];

	snprintf(path, sizeof path, "sys/class/%s/device/uevent", node);
	snprintf(text, sizeof text, "DRIVER=%s\nPCI_SLOT_NAME=%s\n", driver, address);
	tree_put(path, text);
	snprintf(path, sizeof path, "sys/class/%s/device/power/runtime_status", node);
	tree_put(path, "active\n");
}

static void put_power(const char *state)
{
	tree_put("sys/class/drm/renderD128/device/power/runtime_status", state);
}

static void put_fd(int pid, int fd, const char *target)
{
	char path[64];

	snprintf(path, sizeof path, "proc/%d/fd/%d", pid, fd);
	tree_link(path, target);
}

static void put_fdinfo(int pid, int fd, const char *text)
{
	char path[64];

	snprintf(path, sizeof path, "proc/%d/fdinfo/%d", pid, fd);
	tree_put(path, text);
}

/* A client of amdgpu, behind renderD128. */
static void put_client(int pid, int fd, int id, uint64_t gfx_ns, int vram_mib)
{
	char text[256];

	snprintf(text, sizeof text,
		"drm-driver:\tamdgpu\ndrm-client-id:\t%d\ndrm-pdev:\t0000:03:00.0\n"
		"drm-resident-vram:\t%d MiB\ndrm-resident-gtt:\t1 MiB\n"
		"drm-shared-gtt:\t512 KiB\ndrm-engine-gfx:\t%" PRIu64 " ns\n",
		id, vram_mib, gfx_ns);
	put_fd(pid, fd, "/dev/dri/renderD128");
	put_fdinfo(pid, fd, text);
}

static void begin(void)
{
	tree_begin();
	put_device("drm/renderD128", "amdgpu", "0000:03:00.0");
}

static void put_process(int pid, int start)
{
	tree_put_process(pid, "S", start);
	put_fd(pid, 0, "/dev/null");
	put_fd(pid, 1, "pipe:[1]");
	put_fd(pid, 2, "/dev/driver");
}

static void tick(void)
{
	if (!watch)
		watch = watch_open(NULL, tree_procfs, tree_sysfs);
	watch_tick(watch);
}

static int ask(int pid)
{
	return watch_read(watch, pid, SOURCE_gpu, &sample);
}

static void check_time(int pid, uint64_t time_ns)
{
	CHECK_INT(ask(pid), STATE_OK);
	CHECK_INT(sample.time_ns, time_ns);
	CHECK_INT(sample.time_render_ns, time_ns);
}

static void end(void)
{
	watch_close(watch);
}

/* -------------------------------------------------------------------------- one process */

TEST(a_process_without_a_gpu_has_none)
{
	begin();
	put_process(7, 100);
	tick();
	CHECK_INT(ask(7), STATE_NONE);
	tree_put_process(8, "S", 100); /* without a folder fd: a kernel thread in a tree */
	tick();
	CHECK_INT(ask(8), STATE_NONE);
	end();
}

TEST(all_that_one_client_tells)
{
	begin();
	put_process(7, 100);
	put_client(7, 5, 41, 30 * MS, 64);
	tick();
	check_time(7, 30 * MS);
	CHECK_INT(sample.time_compute_ns, 0);
	CHECK_INT(sample.memory, 65 * MIB);
	CHECK_INT(sample.memory_device, 64 * MIB);
	CHECK_INT(sample.memory_system, MIB);
	CHECK_INT(sample.memory_shared, MIB / 2);
	CHECK_INT(sample.garbage, 0);
	CHECK_TEXT(watch_text(&sample.devices), "0000:03:00.0");
	CHECK_TEXT(watch_text(&sample.source), "fdinfo");
	put_client(7, 5, 41, 50 * MS, 32);
	tick();
	check_time(7, 50 * MS);
	CHECK_INT(sample.memory_device, 32 * MIB);
	end();
}

TEST(several_clients_add_up_and_duplicates_do_not)
{
	begin();
	put_device("drm/card0", "amdgpu", "0000:03:00.0");
	put_process(7, 100);
	put_client(7, 5, 41, 30 * MS, 64);
	put_client(7, 6, 41, 30 * MS, 64);
	put_client(7, 9, 42, 4 * MS, 8);
	put_fd(7, 9, "/dev/dri/card0");
	tick();
	check_time(7, 34 * MS);
	CHECK_INT(sample.memory_device, 72 * MIB);
	CHECK_TEXT(watch_text(&sample.devices), "0000:03:00.0");
	end();
}

TEST(a_closed_duplicate_changes_nothing)
{
	begin();
	put_process(7, 100);
	put_client(7, 5, 41, 30 * MS, 64);
	tick();
	check_time(7, 30 * MS);
	put_client(7, 8, 41, 31 * MS, 64);
	tree_remove("proc/7/fd/5");
	tree_remove("proc/7/fdinfo/5");
	tree_remove("proc/7/fd/0");
	tick();
	check_time(7, 31 * MS);
	end();
}

TEST(a_gpu_opened_later_is_found_by_the_number_of_descriptors)
{
	begin();
	put_process(7, 100);
	tick();
	CHECK_INT(ask(7), STATE_NONE);
	put_client(7, 5, 41, 30 * MS, 64);
	tick();
	check_time(7, 30 * MS);
	end();
}

TEST(a_gpu_that_was_closed_leaves_its_time)
{
	begin();
	put_process(7, 100);
	put_client(7, 5, 41, 30 * MS, 64);
	tick();
	check_time(7, 30 * MS);
	tree_remove("proc/7/fd/5");
	tick();
	check_time(7, 30 * MS);
	CHECK(sample.memory == ABSENT_U64(STATE_NONE));
	CHECK(!sample.devices.bytes && sample.devices.state == STATE_NONE);
	/* Another client begins at 0. */
	put_client(7, 5, 44, 2 * MS, 64);
	tick();
	check_time(7, 32 * MS);
	end();
}

TEST(a_number_used_again_is_another_client)
{
	begin();
	put_process(7, 100);
	put_client(7, 5, 41, 30 * MS, 64);
	tick();
	check_time(7, 30 * MS);
	put_client(7, 5, 42, 3 * MS, 16);
	tick();
	check_time(7, 33 * MS);
	CHECK_INT(sample.memory_device, 16 * MIB);
	put_fd(7, 5, "socket:[9]"); /* its fdinfo must not be read */
	tick();
	check_time(7, 33 * MS);
	CHECK(sample.memory == ABSENT_U64(STATE_NONE));
	end();
}

TEST(a_zombie_holds_nothing)
{
	begin();
	put_process(7, 100);
	put_client(7, 5, 41, 30 * MS, 64);
	tick();
	check_time(7, 30 * MS);
	tree_put_process(7, "Z", 100);
	tree_remove("proc/7/fd");
	tree_remove("proc/7/fdinfo");
	tick();
	check_time(7, 30 * MS);
	CHECK(sample.memory == ABSENT_U64(STATE_NONE));
	end();
}

TEST(impossible_values_are_cut_and_counted)
{
	begin();
	put_process(7, 100);
	put_client(7, 5, 41, 30 * MS, 64);
	tick();
	check_time(7, 30 * MS);
	put_client(7, 5, 41, UINT64_C(1) << 60, 64);
	tick();
	CHECK_INT(ask(7), STATE_OK);
	CHECK(sample.time_ns >= 30 * MS && sample.time_ns < 20000 * MS);
	CHECK_INT(sample.garbage, 1);
	end();
}

TEST(descriptors_of_others_are_denied)
{
	char path[512];

	begin();
	put_process(7, 100);
	put_client(7, 5, 41, 30 * MS, 64);
	snprintf(path, sizeof path, "%s", tree_path("proc/7/fd"));
	become_nobody();
	CHECK(chmod(path, 0) == 0);
	tick();
	CHECK_INT(ask(7), STATE_DENIED);
	CHECK(chmod(path, 0755) == 0);
	end();
}

TEST(descriptors_that_can_only_be_listed)
{
	pid_t child;

	begin();
	child = child_start(NULL);
	give_up_ptrace();
	watch = watch_open(NULL, NULL, tree_sysfs);
	watch_tick(watch);
	CHECK_INT(ask(child), STATE_DENIED);
	child_end(child);
	end();
}

/* --------------------------------------------------------------------- several processes */

TEST(a_shared_client_is_charged_to_the_oldest)
{
	begin();
	put_process(7, 300); /* the younger one is asked first */
	put_process(8, 200);
	put_process(9, 400);
	for (int pid = 7; pid <= 9; pid++)
		put_client(pid, 5, 41, 30 * MS, 64);
	tick();
	check_time(7, 0);
	CHECK_INT(sample.memory, 0);
	CHECK_INT(sample.memory_shared, 0);
	CHECK_TEXT(watch_text(&sample.devices), "0000:03:00.0");
	check_time(8, 30 * MS);
	CHECK_INT(sample.memory_device, 64 * MIB);
	check_time(9, 0);
	end();
}

TEST(ids_are_of_a_device)
{
	begin();
	put_device("drm/renderD129", "amdgpu", "0000:04:00.0");
	put_process(7, 300);
	put_process(8, 200);
	put_client(7, 5, 41, 30 * MS, 64);
	put_fd(8, 5, "/dev/dri/renderD129");
	put_fdinfo(8, 5,
		"drm-driver:\tamdgpu\ndrm-client-id:\t41\ndrm-pdev:\t0000:04:00.0\n"
		"drm-engine-gfx:\t7000000 ns\n");
	tick();
	check_time(7, 30 * MS);
	check_time(8, 7 * MS);
	end();
}

static void put_shared(uint64_t time_ns)
{
	put_client(7, 5, 41, time_ns, 64);
	put_client(8, 5, 41, time_ns, 64);
}

TEST(when_the_holder_ends_the_next_one_goes_on_from_there)
{
	begin();
	put_process(7, 300);
	put_process(8, 200);
	put_shared(1000 * MS);
	tick();
	check_time(7, 0);
	check_time(8, 1000 * MS);
	put_shared(1010 * MS);
	tick();
	check_time(8, 1010 * MS);
	tree_remove("proc/8");
	put_client(7, 5, 41, 1020 * MS, 64);
	tick();
	check_time(7, 0); /* nothing of before */
	CHECK_INT(sample.memory_device, 64 * MIB);
	put_client(7, 5, 41, 1025 * MS, 64);
	tick();
	check_time(7, 5 * MS);
	end();
}

TEST(when_the_holder_closes_the_next_one_goes_on_from_there)
{
	begin();
	put_process(7, 300);
	put_process(8, 200);
	put_shared(1000 * MS);
	tick();
	check_time(8, 1000 * MS);
	tree_remove("proc/8/fd/5");
	put_client(7, 5, 41, 1020 * MS, 64);
	tick();
	check_time(7, 0);
	check_time(8, 1000 * MS);
	put_client(7, 5, 41, 1025 * MS, 64);
	tick();
	check_time(7, 5 * MS);
	check_time(8, 1000 * MS);
	end();
}

TEST(an_older_process_that_gets_the_descriptor_later_takes_over)
{
	begin();
	put_process(7, 300);
	put_process(8, 200);
	put_client(7, 5, 41, 1000 * MS, 64);
	tick();
	check_time(7, 1000 * MS);
	CHECK_INT(ask(8), STATE_NONE);
	put_shared(1003 * MS);
	tick();
	check_time(7, 1000 * MS);
	CHECK_INT(sample.memory, 0);
	check_time(8, 0);
	CHECK_INT(sample.memory_device, 64 * MIB);
	put_shared(1005 * MS);
	tick();
	check_time(7, 1000 * MS);
	check_time(8, 2 * MS);
	end();
}

TEST(another_process_of_the_same_pid_begins_anew)
{
	begin();
	put_process(7, 300);
	put_client(7, 5, 41, 1000 * MS, 64);
	tick();
	check_time(7, 1000 * MS);
	put_process(7, 301);
	put_client(7, 5, 55, 2 * MS, 64);
	tick();
	check_time(7, 2 * MS);
	end();
}

/* -------------------------------------------------------------------------------- power */

TEST(a_device_that_sleeps_is_not_read)
{
	char path[512];

	begin();
	put_process(7, 100);
	put_client(7, 5, 41, 30 * MS, 64);
	/* Would be read as a file that never ends. */
	snprintf(path, sizeof path, "%s", tree_path("proc/7/fdinfo/5"));
	CHECK(unlink(path) == 0 && mkfifo(path, 0600) == 0);
	put_power("suspended\n");
	tick();
	CHECK_INT(ask(7), STATE_ASLEEP);
	put_power("suspending\n");
	tick();
	CHECK_INT(ask(7), STATE_ASLEEP);
	put_power("resuming\n");
	tick();
	CHECK_INT(ask(7), STATE_ASLEEP);
	CHECK(unlink(path) == 0);
	put_client(7, 5, 41, 30 * MS, 64);
	put_power("active\n");
	tick();
	check_time(7, 30 * MS);
	end();
}

TEST(a_counter_keeps_what_it_had_before_the_sleep)
{
	begin();
	put_process(7, 100);
	put_client(7, 5, 41, 30 * MS, 64);
	tick();
	check_time(7, 30 * MS);
	put_power("suspended\n");
	tick();
	CHECK_INT(ask(7), STATE_ASLEEP);
	put_power("active\n");
	put_client(7, 5, 41, 34 * MS, 64);
	tick();
	check_time(7, 34 * MS);
	end();
}

TEST(one_of_two_devices_sleeps)
{
	begin();
	put_device("drm/renderD129", "i915", "0000:00:02.0");
	put_process(7, 100);
	put_client(7, 5, 41, 30 * MS, 64);
	put_fd(7, 6, "/dev/dri/renderD129");
	put_fdinfo(7, 6,
		"drm-driver:\ti915\ndrm-client-id:\t41\ndrm-pdev:\t0000:00:02.0\n"
		"drm-engine-render:\t7000000 ns\ndrm-resident-system0:\t3 MiB\n");
	put_power("suspended\n");
	tick();
	check_time(7, 7 * MS);
	CHECK_INT(sample.memory, 3 * MIB);
	CHECK_TEXT(watch_text(&sample.devices), "0000:03:00.0,0000:00:02.0");
	/* When it wakes up, its past is no jump of the row. */
	put_power("active\n");
	tick();
	check_time(7, 7 * MS);
	put_client(7, 5, 41, 32 * MS, 64);
	tick();
	check_time(7, 9 * MS);
	CHECK_INT(sample.memory, 68 * MIB);
	end();
}

TEST(without_power_management_a_device_is_awake)
{
	begin();
	put_process(7, 100);
	put_client(7, 5, 41, 30 * MS, 64);
	tree_remove("sys/class/drm/renderD128/device/power");
	tick();
	check_time(7, 30 * MS);
	put_power("unsupported\n");
	tick();
	check_time(7, 30 * MS);
	end();
}

TEST(a_device_that_sysfs_does_not_know_is_not_read)
{
	begin();
	put_process(7, 100);
	put_client(7, 5, 41, 30 * MS, 64);
	put_fd(7, 5, "/dev/dri/renderD200");
	tick();
	CHECK_INT(ask(7), STATE_OK);
	CHECK(sample.time_ns == ABSENT_U64(STATE_UNSUPPORTED));
	CHECK(sample.memory == ABSENT_U64(STATE_UNSUPPORTED));
	CHECK_TEXT(watch_text(&sample.devices), "renderD200");
	CHECK(!sample.source.bytes);
	end();
}

TEST(a_driver_that_tells_nothing)
{
	begin();
	put_process(7, 100);
	put_fd(7, 5, "/dev/dri/renderD128");
	put_fdinfo(7, 5, "pos:\t0\nflags:\t02\nmnt_id:\t3\n");
	tick();
	CHECK_INT(ask(7), STATE_OK);
	CHECK(sample.time_ns == ABSENT_U64(STATE_UNSUPPORTED));
	CHECK_TEXT(watch_text(&sample.devices), "0000:03:00.0");
	end();
}

/* --------------------------------------------------------------------------------- slow */

static const char xe_text[] = "drm-driver:\txe\ndrm-client-id:\t3\ndrm-pdev:\t0000:05:00.0\n"
			      "drm-resident-vram0:\t8 MiB\ndrm-cycles-rcs:\t%" PRIu64
			      "\ndrm-total-cycles-rcs:\t%" PRIu64 "\n";

static void put_xe(int pid, uint64_t cycles, uint64_t total)
{
	char text[256];

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	snprintf(text, sizeof text, xe_text, cycles, total);
#pragma GCC diagnostic pop
	put_fd(pid, 5, "/dev/dri/renderD130");
	put_fdinfo(pid, 5, text);
}

TEST(xe_is_read_by_a_worker)
{
	uint64_t start_ns, elapsed_ns, first_ns;

	begin();
	put_device("drm/renderD130", "xe", "0000:05:00.0");
	put_process(7, 100);
	put_xe(7, 1000, 50000);
	tick();
	CHECK_INT(
		watch->provider->read(watch->handle, watch_find(watch, 7), SOURCE_gpu, &sample),
		SAMPLE_LATER);
	start_ns = clock_now_ns();
	check_time(7, 0);
	first_ns = clock_now_ns();
	CHECK_INT(sample.memory_device, 8 * MIB);
	CHECK_TEXT(watch_text(&sample.devices), "0000:05:00.0");
	pause_ms(50);
	put_xe(7, 2000, 54000); /* a quarter of the time */
	tick();
	uint64_t before_ns = clock_now_ns();
	CHECK_INT(ask(7), STATE_OK);
	elapsed_ns = clock_now_ns() - start_ns;
	CHECK(sample.time_ns <= elapsed_ns / 4 && sample.time_ns >= (before_ns - first_ns) / 4);
	CHECK_INT(sample.garbage, 0);
	end();
}

/* Workers find out one after the other who holds it: no tick counts it twice. */
TEST(a_client_shared_by_slow_rows_counts_once)
{
	uint64_t young, old;

	begin();
	put_device("drm/renderD130", "xe", "0000:05:00.0");
	put_process(7, 100);
	put_process(8, 200);
	put_xe(7, 1000, 50000);
	put_xe(8, 1000, 50000);
	tick();
	CHECK_INT(ask(8), STATE_OK);
	young = sample.memory_device;
	CHECK_INT(ask(7), STATE_OK);
	CHECK_INT(young + sample.memory_device, 8 * MIB);
	for (int i = 0; i < 2; i++) {
		tick();
		CHECK_INT(ask(8), STATE_OK);
		young = sample.memory_device;
		CHECK_INT(ask(7), STATE_OK);
		old = sample.memory_device;
		CHECK_INT(old, 8 * MIB);
		CHECK_INT(young, 0);
	}
	end();
}

TEST(a_sleeping_xe_is_not_even_a_job)
{
	begin();
	put_device("drm/renderD130", "xe", "0000:05:00.0");
	tree_put("sys/class/drm/renderD130/device/power/runtime_status", "suspended\n");
	put_process(7, 100);
	put_xe(7, 1000, 50000);
	tick();
	CHECK_INT(
		watch->provider->read(watch->handle, watch_find(watch, 7), SOURCE_gpu, &sample),
		STATE_ASLEEP);
	end();
}

TEST(an_xe_that_falls_asleep_before_its_job_is_not_read)
{
	char path[512], text[GPU_TEXTS_SIZE];
	struct job job = {.source = SOURCE_gpu, .sample = &sample, .text = text};

	begin();
	put_device("drm/renderD130", "xe", "0000:05:00.0");
	put_process(7, 100);
	put_xe(7, 1000, 50000);
	tick();
	job.slot = watch_find(watch, 7);
	job.provider = watch->provider;
	CHECK_INT(watch->provider->read(watch->handle, job.slot, SOURCE_gpu, &sample),
		SAMPLE_LATER);
	CHECK_INT(watch->provider->job_prepare(watch->handle, &job), STATE_OK);
	snprintf(path, sizeof path, "%s", tree_path("proc/7/fdinfo/5"));
	CHECK(unlink(path) == 0 && mkfifo(path, 0600) == 0);
	tree_put("sys/class/drm/renderD130/device/power/runtime_status", "suspended\n");
	CHECK_INT(watch->provider->job_run(&job), STATE_OK);
	CHECK_INT(watch->provider->job_finish(watch->handle, &job, STATE_OK), STATE_ASLEEP);
	watch->provider->job_release(&job);
	end();
}

TEST(a_job_may_outlive_its_row_and_its_table)
{
	char text[GPU_TEXTS_SIZE];
	struct job job = {.source = SOURCE_gpu, .sample = &sample, .text = text};

	begin();
	put_device("drm/renderD130", "xe", "0000:05:00.0");
	put_process(7, 100);
	put_xe(7, 1000, 50000);
	tick();
	job.slot = watch_find(watch, 7);
	job.provider = watch->provider;
	CHECK_INT(watch->provider->read(watch->handle, job.slot, SOURCE_gpu, &sample),
		SAMPLE_LATER);
	CHECK_INT(watch->provider->job_prepare(watch->handle, &job), STATE_OK);
	watch->provider->close(watch->handle);
	CHECK_INT(watch->provider->job_run(&job), STATE_OK);
	watch->provider->job_release(&job);
	platform_destroy(watch->platform);
	free(watch);
}

/* Its job comes back when the source is not wanted any more, and when it is again. */
TEST(a_job_that_nobody_wants_any_more_begins_nothing)
{
	char text[GPU_TEXTS_SIZE];
	struct job job = {.source = SOURCE_gpu, .sample = &sample, .text = text};
	const struct processes *processes;

	begin();
	put_device("drm/renderD130", "xe", "0000:05:00.0");
	put_process(7, 100);
	put_xe(7, 1000, 50000);
	tick();
	processes = watch->handle;
	job.slot = watch_find(watch, 7);
	job.provider = watch->provider;
	CHECK_INT(watch->provider->read(watch->handle, job.slot, SOURCE_gpu, &sample),
		SAMPLE_LATER);
	CHECK_INT(watch->provider->job_prepare(watch->handle, &job), STATE_OK);
	CHECK_INT(watch->provider->job_run(&job), STATE_OK);
	watch->provider->want(watch->handle, 0);
	CHECK_INT(watch->provider->job_finish(watch->handle, &job, STATE_OK), STATE_PENDING);
	CHECK(!processes->gpu);
	/* The first device of the new list is another one, behind the same number. */
	put_client(7, 5, 41, 30 * MS, 64);
	watch->provider->want(watch->handle, UINT32_C(1) << SOURCE_gpu);
	tick();
	check_time(7, 30 * MS);
	CHECK_INT(watch->provider->job_finish(watch->handle, &job, STATE_OK), STATE_OK);
	CHECK_INT(sample.memory_device, 64 * MIB);
	CHECK(!(processes->gpu->rows[job.slot].flags & GPU_RESCAN));
	watch->provider->job_release(&job);
	end();
}

/* ----------------------------------------------------------------------------- fixtures */

struct fixture {
	const char *driver, *node;
	uint64_t time_ns, device, system; /* as test_linux_drm.c has them */
	const char *label;
};

/* Each driver's text and its part of sysfs: the row of a process that has it open. */
static void check_fixture(const struct fixture *fixture)
{
	char command[1024], link[64];

	snprintf(command, sizeof command,
		"cp -r tests/fixtures/gpu/%s/sys '%s' && mkdir -p '%s/proc/7/fdinfo' && "
		"cp tests/fixtures/gpu/%s/fdinfo '%s/proc/7/fdinfo/5'",
		fixture->driver, tree_root, tree_root, fixture->driver, tree_root);
	if (access("tests/fixtures/gpu", F_OK) != 0)
		test_skip("run it where tests/fixtures is");
	CHECK_INT(system(command), 0);
	snprintf(link, sizeof link, "/dev/%s", fixture->node);
	put_process(7, 100);
	put_fd(7, 5, link);
	tick();
	CHECK_INT(ask(7), STATE_OK);
	CHECK_INT(sample.time_ns, fixture->time_ns);
	if (fixture->device || fixture->system) {
		CHECK_INT(sample.memory_device, fixture->device);
		CHECK_INT(sample.memory_system, fixture->system);
	}
	CHECK_TEXT(watch_text(&sample.devices), fixture->label);
	CHECK_TEXT(watch_text(&sample.source), "fdinfo");
	end();
	watch = NULL;
	tree_remove("sys/class");
	tree_remove("proc/7");
}

TEST(every_driver_s_row)
{
	static const struct fixture fixtures[] = {
		{"amdgpu", "dri/renderD128", 4568261407, 503316480, 19005440, "0000:08:00.0"},
		{"amdgpu-legacy", "dri/renderD128", 107322799, 2117632, 8388608,
			"0000:08:00.0"},
		{"i915", "dri/renderD128", 11323935908, 0, 109051904, "0000:00:02.0"},
		{"i915-local", "dri/renderD129", 10500001400, 941621248, 4194304,
			"0000:03:00.0"},
		{"xe", "dri/renderD128", 0, 24567808, 196608, "0000:03:00.0"},
		{"msm", "dri/renderD128", 4215388213, 0, 41943040, "msm_dpu"},
		{"panfrost", "dri/renderD128", 1918517119, 0, 37371904, "panfrost"},
		{"panthor", "dri/renderD128", 111110952750, 0, 16875520, "panthor"},
		{"v3d", "dri/renderD128", 2532481604, 0, 21790720, "v3d"},
		{"etnaviv", "dri/renderD128", 8357000111, 0, 0, "etnaviv"},
		{"amdxdna", "accel/accel0", 0, 0, 0, "0000:c5:00.1"},
	};

	tree_begin();
	for (size_t i = 0; i < sizeof fixtures / sizeof *fixtures; i++)
		check_fixture(&fixtures[i]);
}

/* ------------------------------------------------------------------------------- budget */

TEST(of_many_descriptors_the_new_ones_are_looked_at)
{
	begin();
	put_process(7, 100);
	for (int fd = 3; fd < 100; fd++)
		put_fd(7, fd, "/x");
	tick();
	CHECK_INT(ask(7), STATE_NONE);
	pause_ms(20); /* so many are listed every 10 ms at most */
	put_client(7, 120, 41, 30 * MS, 64);
	tick();
	check_time(7, 30 * MS);
	/* It stays when others come and go. */
	pause_ms(20);
	put_fd(7, 130, "/x");
	put_client(7, 120, 41, 31 * MS, 64);
	tick();
	check_time(7, 31 * MS);
	pause_ms(20);
	tree_remove("proc/7/fd/120");
	tick();
	check_time(7, 31 * MS);
	CHECK(sample.memory == ABSENT_U64(STATE_NONE));
	end();
}

/* Rows that did not run are looked at every 30 s, and not all in the same few ticks. */
TEST(quiet_rows_are_looked_at_in_turn)
{
	enum { ROWS = 40, THIRDS = 3 };
	uint32_t in_third[THIRDS] = {0};
	const struct gpu *gpu;

	begin();
	for (int pid = 10; pid < 10 + ROWS; pid++)
		put_process(pid, 100);
	tick();
	CHECK_INT(ask(10), STATE_NONE);
	gpu = ((const struct processes *)watch->handle)->gpu;
	for (int pid = 10; pid < 10 + ROWS; pid++) {
		uint64_t ago_ns = gpu->tick_ns - gpu->rows[watch_find(watch, pid)].looked_ns;
		CHECK(ago_ns < 60 * SECOND_NS);
		in_third[ago_ns / (20 * SECOND_NS)]++;
	}
	for (int i = 0; i < THIRDS; i++)
		CHECK(in_third[i] >= ROWS / THIRDS / 2);
	end();
}

TEST(what_the_budget_does_not_reach_is_pending)
{
	enum { FILES = 9000 };

	test_timeout(60);
	begin();
	put_process(7, 100);
	for (int fd = 3; fd < FILES; fd++)
		put_fd(7, fd, "/x");
	put_process(8, 100);
	put_client(8, 5, 42, 2 * MS, 64);
	put_client(7, FILES, 41, 30 * MS, 64);
	tick();
	/* Whichever is listed first: the one with the many descriptors is not through. */
	CHECK_INT(ask(7), STATE_PENDING);
	tick();
	check_time(7, 30 * MS);
	check_time(8, 2 * MS);
	tick();
	check_time(7, 30 * MS);
	end();
}

/* --------------------------------------------------------------------------------- host */

static const char *reason(void)
{
	enum cell_state state = STATE_OK;
	static char copy[512];
	const char *text;

	watch = watch_open(NULL, tree_procfs, tree_sysfs);
	text = watch->provider->unsupported(watch->provider->context, SOURCE_gpu, &state);
	CHECK(!text || state == STATE_UNSUPPORTED);
	snprintf(copy, sizeof copy, "%s", text ? text : "");
	watch_close(watch);
	return copy;
}

TEST(a_host_without_gpu_says_so)
{
	tree_begin();
	CHECK(strstr(reason(), "no GPU found"));
	tree_put("sys/class/drm/card0/x", ""); /* a screen without renderer */
	CHECK(strstr(reason(), "no GPU found"));
	tree_put("sys/class/drm/renderD128/x", "");
	CHECK_TEXT(reason(), "");
	tree_remove("sys/class/drm");
	tree_put("sys/class/accel/accel0/x", "");
	CHECK_TEXT(reason(), "");
	tree_remove("sys/class/accel");
	tree_put("sys/class/kfd/kfd/topology/nodes/0/gpu_id", "0\n");
	CHECK_TEXT(reason(), "");
}

/* ---------------------------------------------------------------------------------- KFD */

static void put_kfd(void)
{
	/* Bus 3, device 0, function 0. */
	tree_put("sys/class/kfd/kfd/topology/nodes/0/gpu_id", "0\n");
	tree_put("sys/class/kfd/kfd/topology/nodes/1/gpu_id", "45673\n");
	tree_put("sys/class/kfd/kfd/topology/nodes/1/properties",
		"cpu_cores_count 0\nlocation_id 768\ndomain 0\n");
	tree_put("sys/bus/pci/devices/0000:03:00.0/power/runtime_status", "active\n");
}

TEST(compute_queues_of_amd)
{
	begin();
	put_kfd();
	put_process(7, 100);
	put_fd(7, 4, "/dev/kfd");
	tree_put("sys/class/kfd/kfd/proc/7/vram_45673", "104857600\n");
	tree_put("sys/class/kfd/kfd/proc/7/sdma_45673", "2500\n");
	tree_put("sys/class/kfd/kfd/proc/7/pasid", "1\n");
	tick();
	CHECK_INT(ask(7), STATE_OK);
	CHECK_INT(sample.time_copy_ns, 2500000);
	CHECK_INT(sample.time_ns, 2500000);
	CHECK(sample.time_compute_ns == ABSENT_U64(STATE_UNSUPPORTED));
	CHECK_INT(sample.memory_device, 100 * MIB);
	CHECK(sample.memory_system == ABSENT_U64(STATE_UNSUPPORTED));
	CHECK_INT(sample.memory, 100 * MIB);
	CHECK_TEXT(watch_text(&sample.source), "kfd");
	CHECK_TEXT(watch_text(&sample.devices), "0000:03:00.0");
	/* The same memory as a DRM client's: once. */
	put_client(7, 5, 41, 30 * MS, 40);
	tick();
	CHECK_INT(ask(7), STATE_OK);
	CHECK_INT(sample.time_ns, 32500000);
	CHECK_INT(sample.memory_device, 100 * MIB);
	CHECK_TEXT(watch_text(&sample.source), "fdinfo,kfd");
	put_client(7, 5, 41, 30 * MS, 140);
	tick();
	CHECK_INT(ask(7), STATE_OK);
	CHECK_INT(sample.memory_device, 140 * MIB);
	/* Closed: its time stays. */
	tree_remove("proc/7/fd/4");
	tick();
	CHECK_INT(ask(7), STATE_OK);
	CHECK_INT(sample.time_copy_ns, 2500000);
	CHECK_TEXT(watch_text(&sample.source), "fdinfo");
	end();
}

TEST(compute_queues_of_a_sleeping_gpu)
{
	char path[512];

	begin();
	put_kfd();
	tree_put("sys/bus/pci/devices/0000:03:00.0/power/runtime_status", "suspended\n");
	put_process(7, 100);
	put_fd(7, 4, "/dev/kfd");
	snprintf(path, sizeof path, "%s", tree_path("sys/class/kfd/kfd/proc/7/vram_45673"));
	CHECK(mkfifo(path, 0600) == 0);
	tick();
	CHECK_INT(ask(7), STATE_ASLEEP);
	end();
}

/* -------------------------------------------------------------------------------- NVIDIA */

TEST(what_nvml_tells_is_credited)
{
	struct gpu_use use = {.nvml_state = STATE_NONE};
	struct nvml_use told = {.time_render_ns = 5,
		.time_compute_ns = ABSENT_U64(STATE_UNSUPPORTED),
		.time_video_ns = 7,
		.time_other_ns = 0,
		.garbage = 2};

	gpu_take_nvml(&use, STATE_OK, &told);
	CHECK_INT(use.time_ns[GPU_RENDER], 5);
	CHECK_INT(use.time_ns[GPU_VIDEO], 7);
	CHECK(use.timed[GPU_OTHER] && !use.timed[GPU_COMPUTE] && !use.timed[GPU_COPY]);
	CHECK_INT(use.garbage, 2);
	told.time_render_ns = 9;
	gpu_take_nvml(&use, STATE_OK, &told);
	CHECK_INT(use.time_ns[GPU_RENDER], 9);
	CHECK_INT(use.time_ns[GPU_VIDEO], 7);
	/* It is gone and comes back from nothing. */
	gpu_take_nvml(&use, STATE_NONE, &told);
	told.time_render_ns = 3;
	told.time_compute_ns = 4;
	gpu_take_nvml(&use, STATE_OK, &told);
	CHECK_INT(use.time_ns[GPU_RENDER], 12);
	CHECK_INT(use.time_ns[GPU_COMPUTE], 4);
	CHECK_INT(use.garbage, 2);
}

TEST(nobody_wants_it_any_more)
{
	begin();
	put_process(7, 100);
	put_client(7, 5, 41, 30 * MS, 64);
	tick();
	check_time(7, 30 * MS);
	watch->provider->want(watch->handle, 0);
	tick();
	watch->provider->want(watch->handle, UINT32_C(1) << SOURCE_gpu);
	put_client(7, 5, 41, 33 * MS, 64);
	tick();
	check_time(7, 33 * MS);
	end();
}

TESTS(CASE(a_process_without_a_gpu_has_none), CASE(all_that_one_client_tells),
	CASE(several_clients_add_up_and_duplicates_do_not),
	CASE(a_closed_duplicate_changes_nothing),
	CASE(a_gpu_opened_later_is_found_by_the_number_of_descriptors),
	CASE(a_gpu_that_was_closed_leaves_its_time),
	CASE(a_number_used_again_is_another_client), CASE(a_zombie_holds_nothing),
	CASE(impossible_values_are_cut_and_counted), CASE(descriptors_of_others_are_denied),
	CASE(descriptors_that_can_only_be_listed),
	CASE(a_shared_client_is_charged_to_the_oldest), CASE(ids_are_of_a_device),
	CASE(when_the_holder_ends_the_next_one_goes_on_from_there),
	CASE(when_the_holder_closes_the_next_one_goes_on_from_there),
	CASE(an_older_process_that_gets_the_descriptor_later_takes_over),
	CASE(another_process_of_the_same_pid_begins_anew),
	CASE(a_device_that_sleeps_is_not_read),
	CASE(a_counter_keeps_what_it_had_before_the_sleep), CASE(one_of_two_devices_sleeps),
	CASE(without_power_management_a_device_is_awake),
	CASE(a_device_that_sysfs_does_not_know_is_not_read), CASE(a_driver_that_tells_nothing),
	CASE(xe_is_read_by_a_worker), CASE(a_client_shared_by_slow_rows_counts_once),
	CASE(a_sleeping_xe_is_not_even_a_job),
	CASE(an_xe_that_falls_asleep_before_its_job_is_not_read),
	CASE(a_job_may_outlive_its_row_and_its_table),
	CASE(a_job_that_nobody_wants_any_more_begins_nothing), CASE(every_driver_s_row),
	CASE(of_many_descriptors_the_new_ones_are_looked_at),
	CASE(quiet_rows_are_looked_at_in_turn), CASE(what_the_budget_does_not_reach_is_pending),
	CASE(a_host_without_gpu_says_so), CASE(compute_queues_of_amd),
	CASE(compute_queues_of_a_sleeping_gpu), CASE(what_nvml_tells_is_credited),
	CASE(nobody_wants_it_any_more))
