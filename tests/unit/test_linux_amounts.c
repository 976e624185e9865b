/* Flags, and what is counted besides the usual: faults of children, cancelled writes,
 * pages in common. Against getrusage and the kernel's files by hand. */
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "linux/process/process.h"
#include "linux_watch.h"

static struct watch *open_and_tick(void)
{
	struct watch *watch = watch_open(NULL, NULL, NULL);

	watch_tick(watch);
	return watch;
}

/* --------------------------------------------------------------------------- flags */

static void check_flags(struct watch *watch, pid_t pid, const char *expected)
{
	struct linux_stat stat;

	watch_sample(watch, pid, SOURCE_stat, &stat);
	CHECK_TEXT(watch_text(&stat.flags), expected);
	CHECK(*expected || (!stat.flags.bytes && stat.flags.state == STATE_NONE));
}

static int terminal;

static void lead(void)
{
	setsid();
}

static void lead_a_terminal(void)
{
	setsid();
	CHECK(open(ptsname(terminal), O_RDWR) >= 0);
}

TEST(flags_are_words)
{
	pid_t plain, leader, both;
	struct watch *watch;

	setsid(); /* or the terminal of whoever runs the test is everybody's */
	terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (terminal < 0 || grantpt(terminal) < 0 || unlockpt(terminal) < 0)
		test_skip("no pseudo-terminals here");
	plain = child_start(NULL);
	leader = child_start(lead);
	both = child_start(lead_a_terminal);
	watch = open_and_tick();
	check_flags(watch, plain, "");
	check_flags(watch, leader, "leader");
	check_flags(watch, both, "leader,terminal");
	kill(plain, SIGKILL);
	kill(leader, SIGKILL);
	wait_for_state(plain, 'Z');
	wait_for_state(leader, 'Z');
	check_flags(watch, plain, "exiting");
	check_flags(watch, leader, "leader,exiting");
	if (watch_find(watch, 2) != NO_ROW && strcmp(proc_field(2, 4), "0") == 0)
		check_flags(watch, 2, "kernel");
	waitpid(plain, NULL, 0);
	waitpid(leader, NULL, 0);
	child_end(both);
	close(terminal);
	watch_close(watch);
}

static void *live_on(void *barrier)
{
	pthread_barrier_wait(barrier);
	for (;;)
		pause();
	return NULL;
}

/* The first thread has ended, but the process has not. */
TEST(a_process_that_lost_its_first_thread_is_not_exiting)
{
	pid_t child = fork();
	struct watch *watch;

	CHECK(child >= 0);
	if (child == 0) {
		static pthread_barrier_t barrier;
		pthread_t thread;
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		pthread_barrier_init(&barrier, NULL, 2);
		pthread_create(&thread, NULL, live_on, &barrier);
		pthread_barrier_wait(&barrier);
		pthread_exit(NULL);
	}
	wait_for_state(child, 'Z');
	watch = open_and_tick();
	CHECK(strtol(proc_field(child, 9), NULL, 10) & 4); /* PF_EXITING, of that thread */
	struct linux_stat stat;
	watch_sample(watch, child, SOURCE_stat, &stat);
	CHECK(!strstr(watch_text(&stat.flags), "exiting"));
	child_end(child);
	watch_close(watch);
}

/* --------------------------------------------------------------------------- counters */

TEST(faults_of_children_are_those_of_getrusage)
{
	struct linux_stat stat;
	struct rusage usage;
	struct watch *watch;
	pid_t child = fork();

	if (child == 0) {
		char *memory = mmap(NULL, 4 << 20, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		madvise(memory, 4 << 20, MADV_NOHUGEPAGE);
		for (int i = 0; i < 4 << 20; i += 4096)
			memory[i] = 1;
		_exit(0);
	}
	CHECK_INT(waitpid(child, NULL, 0), child);
	watch = open_and_tick();
	watch_sample(watch, getpid(), SOURCE_stat, &stat);
	CHECK_INT(getrusage(RUSAGE_CHILDREN, &usage), 0);
	CHECK_INT(stat.children_faults, usage.ru_minflt + usage.ru_majflt);
	CHECK_INT(stat.children_faults_major, usage.ru_majflt);
	CHECK(stat.children_faults >= 1024);
	watch_close(watch);
}

static void write_and_throw_away(void)
{
	static char block[1 << 20];
	int file = open("/var/tmp", O_TMPFILE | O_RDWR, 0600);

	if (file < 0)
		return;
	for (int i = 0; i < 4; i++)
		if (write(file, block, sizeof block) < 0)
			return;
	if (ftruncate(file, 1 << 20) < 0) /* three of the four never reach the disk */
		return;
}

/* The kernel adds what ended children did when they are waited for. */
TEST(what_children_read_and_wrote)
{
	struct watch *watch = open_and_tick();
	struct linux_io before, unwaited, after;
	pid_t child = fork();

	CHECK(child >= 0);
	if (child == 0) {
		static char block[1 << 20];
		int zeros = open("/dev/zero", O_RDONLY), nothing = open("/dev/null", O_WRONLY);
		_exit(read(zeros, block, sizeof block) != sizeof block ||
			write(nothing, block, sizeof block) != sizeof block);
	}
	watch_sample(watch, getpid(), SOURCE_io, &before);
	wait_for_state(child, 'Z');
	watch_sample(watch, getpid(), SOURCE_io, &unwaited);
	CHECK(unwaited.read_bytes - before.read_bytes < 1 << 20);
	CHECK_INT(waitpid(child, NULL, 0), child);
	watch_sample(watch, getpid(), SOURCE_io, &after);
	CHECK(after.read_bytes - unwaited.read_bytes >= 1 << 20);
	CHECK(after.written_bytes - unwaited.written_bytes >= 1 << 20);
	watch_close(watch);
}

TEST(what_was_written_and_what_was_cancelled)
{
	pid_t child = child_start(write_and_throw_away);
	struct watch *watch = open_and_tick();
	struct linux_io io;
	uint64_t left;

	watch_sample(watch, child, SOURCE_io, &io);
	CHECK_INT(io.logical_written, proc_number(child, "io", "write_bytes:"));
	CHECK_INT(io.cancelled, proc_number(child, "io", "cancelled_write_bytes:"));
	left = io.logical_written > io.cancelled ? io.logical_written - io.cancelled : 0;
	CHECK(io.disk_written == left);
	child_end(child);
	watch_close(watch);
}

TEST(time_ready_to_run_is_time_on_a_core_and_without_one)
{
	pid_t child = child_start(NULL);
	struct watch *watch = open_and_tick();
	struct linux_schedstat schedstat;
	unsigned long long on_cpu_ns, delay_ns;
	char text[128];

	wait_for_state(child, 'S');
	watch_sample(watch, child, SOURCE_schedstat, &schedstat);
	CHECK(proc_text(child, "schedstat", text, sizeof text) > 0);
	CHECK(sscanf(text, "%llu %llu", &on_cpu_ns, &delay_ns) == 2);
	CHECK(schedstat.run_delay_ns == delay_ns);
	CHECK(schedstat.runnable_ns == on_cpu_ns + delay_ns);
	child_end(child);
	watch_close(watch);
}

/* ---------------------------------------------------------------------------- memory */

static void check_sizes(const struct linux_status *status, pid_t pid)
{
	CHECK_INT(status->virtual_peak, proc_number(pid, "status", "VmPeak:"));
	CHECK_INT(status->data, proc_number(pid, "status", "VmData:"));
	CHECK_INT(status->stack, proc_number(pid, "status", "VmStk:"));
	CHECK_INT(status->code, proc_number(pid, "status", "VmExe:"));
	CHECK_INT(status->libraries, proc_number(pid, "status", "VmLib:"));
	CHECK_INT(status->pinned, proc_number(pid, "status", "VmPin:"));
	CHECK_INT(status->anonymous_total,
		proc_number(pid, "status", "RssAnon:") + proc_number(pid, "status", "VmSwap:"));
}

TEST(sizes_are_those_of_status)
{
	pid_t child = child_start(NULL);
	struct watch *watch = open_and_tick();
	struct linux_status status;

	wait_for_state(child, 'S');
	for (int i = 0; i < 3; i++) { /* read, and remembered */
		watch_tick(watch);
		watch_sample(watch, child, SOURCE_status, &status);
		check_sizes(&status, child);
	}
	CHECK(status.virtual_peak >= status.virtual && status.code > 0 && status.stack > 0);
	child_end(child);
	watch_close(watch);
}

static bool is_close(uint64_t a, uint64_t b)
{
	return a > b ? a - b <= 64 : b - a <= 64;
}

/* With a megabyte that both map, and one that only the child has. */
static char *shared;

static void touch_memory(void)
{
	char *own =
		mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	memset(shared, 1, 1 << 20);
	memset(own, 1, 1 << 20);
}

TEST(pages_in_common_and_pages_alone)
{
	static const char *const lacks[] = {NULL, "smaps-rollup"};
	pid_t child;

	shared = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(shared != MAP_FAILED);
	memset(shared, 2, 1 << 20);
	child = child_start(touch_memory);
	wait_for_state(child, 'S');
	for (int i = 0; i < 2; i++) {
		struct watch *watch = watch_open(lacks[i], NULL, NULL);
		struct linux_smaps smaps;
		struct linux_status status;
		watch_tick(watch);
		watch_sample(watch, child, SOURCE_smaps, &smaps);
		watch_sample(watch, child, SOURCE_status, &status);
		/* The last other user of a library's page may just be gone. */
		CHECK(is_close(smaps.common,
			(uint64_t)(proc_number(child, "smaps_rollup", "Shared_Clean:") +
				   proc_number(child, "smaps_rollup", "Shared_Dirty:"))));
		CHECK(smaps.common >= 1024 && smaps.unique >= 1024);
		CHECK(is_close(smaps.common + smaps.unique, status.resident));
		watch_close(watch);
	}
	child_end(child);
}

TESTS(CASE(flags_are_words), CASE(a_process_that_lost_its_first_thread_is_not_exiting),
	CASE(what_children_read_and_wrote), CASE(faults_of_children_are_those_of_getrusage),
	CASE(what_was_written_and_what_was_cancelled),
	CASE(time_ready_to_run_is_time_on_a_core_and_without_one),
	CASE(sizes_are_those_of_status), CASE(pages_in_common_and_pages_alone))
