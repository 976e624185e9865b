/* Each source against a second one: the kernel's files by hand, getrusage, system calls. */
#include <dirent.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

#include "linux/process/process.h"
#include "linux_watch.h"

static struct watch *open_and_tick(const char *without)
{
	struct watch *watch = watch_open(without, NULL, NULL);

	watch_tick(watch);
	return watch;
}

static bool is_close(uint64_t a, uint64_t b, uint64_t difference)
{
	return a > b ? a - b <= difference : b - a <= difference;
}

/* -------------------------------------------------------------------------- identity */

TEST(identity_is_the_pidfd_inode)
{
	struct watch *watch = open_and_tick(NULL);
	struct linux_identity identity;
	struct stat inode;
	int pidfd = (int)syscall(SYS_pidfd_open, getpid(), 0);

	watch_sample(watch, getpid(), SOURCE_identity, &identity);
	CHECK_INT(identity.pid, getpid());
	CHECK(pidfd >= 0 && fstat(pidfd, &inode) == 0);
	close(pidfd);
	if (!host_has(watch->provider->context, FEATURE_PIDFD_INODE))
		test_skip("no pidfd inodes here");
	CHECK(identity.unique_id == inode.st_ino);
	watch_close(watch);
}

TEST(identity_by_start_time_is_stable_and_distinct)
{
	struct watch *first = open_and_tick("pidfd-ino"), *second = open_and_tick("pidfd");
	uint32_t slot = watch_find(first, getpid());

	CHECK(first->rows[slot].identity ==
		second->rows[watch_find(second, getpid())].identity);
	CHECK(first->rows[slot].identity >> 62 == 1); /* apart from inodes and from states */
	watch_close(first);
	watch_close(second);
}

/* ------------------------------------------------------------------------------ stat */

TEST(stat_is_what_system_calls_say)
{
	struct watch *watch = open_and_tick(NULL);
	struct linux_stat stat;
	struct rusage usage;

	watch_sample(watch, getpid(), SOURCE_stat, &stat);
	CHECK_INT(stat.ppid, getppid());
	CHECK_INT(stat.pgid, getpgrp());
	CHECK_INT(stat.sid, getsid(0));
	CHECK_INT(stat.nice, getpriority(PRIO_PROCESS, 0));
	CHECK_INT(stat.priority, 20 + getpriority(PRIO_PROCESS, 0));
	CHECK_INT(stat.policy, sched_getscheduler(0));
	CHECK_INT(stat.threads, 1);
	CHECK_INT(stat.status, 2);
	CHECK_TEXT(watch_text(&stat.state), "R");
	CHECK(stat.last_cpu < (uint64_t)sysconf(_SC_NPROCESSORS_CONF));
	CHECK_INT(getrusage(RUSAGE_SELF, &usage), 0);
	CHECK(is_close(stat.faults, (uint64_t)(usage.ru_minflt + usage.ru_majflt), 50));
	CHECK_INT(stat.faults_major, usage.ru_majflt);
	watch_close(watch);
}

static void rename_itself(void)
{
	prctl(PR_SET_NAME, ") R 1 1\n\xff");
}

TEST(comm_is_passed_on_as_it_is)
{
	pid_t child = child_start(rename_itself);
	struct watch *watch = open_and_tick(NULL);
	struct linux_stat stat;

	watch_sample(watch, child, SOURCE_stat, &stat);
	CHECK_TEXT(watch_text(&stat.comm), ") R 1 1\n\xff");
	CHECK_INT(stat.ppid, getpid());
	child_end(child);
	watch_close(watch);
}

static uint64_t now_ns(clockid_t clock)
{
	struct timespec time;

	clock_gettime(clock, &time);
	return (uint64_t)time.tv_sec * SECOND_NS + (uint64_t)time.tv_nsec;
}

TEST(start_times)
{
	pid_t child = child_start(NULL);
	uint64_t boot_ns = now_ns(CLOCK_BOOTTIME), real_ns = now_ns(CLOCK_REALTIME);
	struct watch *watch = open_and_tick(NULL);
	struct linux_stat stat, again;

	watch_sample(watch, child, SOURCE_stat, &stat);
	CHECK(is_close(stat.start_boottime_ns, boot_ns, SECOND_NS / 2));
	CHECK(is_close(stat.start_realtime_ns, real_ns, SECOND_NS / 2));
	pause_ms(3);
	watch_sample(watch, child, SOURCE_stat, &again);
	CHECK(again.start_realtime_ns == stat.start_realtime_ns);
	child_end(child);
	watch_close(watch);
}

static const char *terminal_path;

static void take_terminal(void)
{
	setsid();
	CHECK(open(terminal_path, O_RDWR) >= 0);
}

TEST(terminal)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	struct watch *watch;
	struct linux_stat stat;
	struct stat device;
	pid_t child;

	if (master < 0 || grantpt(master) < 0 || unlockpt(master) < 0)
		test_skip("no pseudo-terminals here");
	terminal_path = ptsname(master);
	child = child_start(take_terminal);
	watch = open_and_tick(NULL);
	watch_sample(watch, child, SOURCE_stat, &stat);
	CHECK(strncmp(terminal_path, "/dev/", 5) == 0);
	CHECK_TEXT(watch_text(&stat.tty_name), terminal_path + 5);
	CHECK(lstat(terminal_path, &device) == 0);
	CHECK_INT(stat.tty_device, major(device.st_rdev) << 8 | minor(device.st_rdev));
	CHECK_INT(stat.tty_pgid, child);
	child_end(child);
	close(master);
	child = child_start((void (*)(void))setsid);
	watch_tick(watch);
	watch_sample(watch, child, SOURCE_stat, &stat);
	CHECK(stat.tty_device == ABSENT_U64(STATE_NONE));
	CHECK(!stat.tty_name.bytes && stat.tty_name.state == STATE_NONE);
	CHECK(stat.tty_pgid == ABSENT_U64(STATE_NONE));
	child_end(child);
	watch_close(watch);
}

/* ------------------------------------------------------------------------------- CPU */

static void burn_user(long milliseconds)
{
	volatile unsigned long sum = 0;
	uint64_t end = now_ns(CLOCK_PROCESS_CPUTIME_ID) + (uint64_t)milliseconds * 1000000;

	while (now_ns(CLOCK_PROCESS_CPUTIME_ID) < end)
		for (int i = 0; i < 100000; i++)
			sum = sum + (unsigned long)i;
}

static void *burn_thread(void *unused)
{
	(void)unused;
	burn_user(30);
	return NULL;
}

/* Ended threads count, too. */
TEST(cpu_time_is_that_of_getrusage)
{
	static const char *const lacks[] = {NULL, "clock"};
	pthread_t thread;

	CHECK_INT(pthread_create(&thread, NULL, burn_thread, NULL), 0);
	pthread_join(thread, NULL);
	burn_user(50);
	for (int i = 0; i < 2; i++) {
		struct watch *watch = open_and_tick(lacks[i]);
		struct linux_clock clock;
		struct linux_stat stat;
		struct rusage usage;
		uint64_t total_ns;
		watch_gate(watch);
		watch_sample(watch, getpid(), SOURCE_clock, &clock);
		watch_sample(watch, getpid(), SOURCE_stat, &stat);
		getrusage(RUSAGE_SELF, &usage);
		total_ns =
			((uint64_t)usage.ru_utime.tv_sec + (uint64_t)usage.ru_stime.tv_sec) *
				SECOND_NS +
			((uint64_t)usage.ru_utime.tv_usec + (uint64_t)usage.ru_stime.tv_usec) *
				1000;
		CHECK(is_close(clock.total_ns, total_ns, 25 * 1000000));
		CHECK(clock.total_ns >= 60 * 1000000);
		CHECK(stat.cpu_user_ns + stat.cpu_system_ns >= clock.total_ns);
		CHECK(is_close(stat.cpu_user_ns + stat.cpu_system_ns, clock.total_ns,
			i ? 20 * 1000000 : 0));
		CHECK(is_close(stat.cpu_user_ns, (uint64_t)usage.ru_utime.tv_usec * 1000,
			30 * 1000000));
		watch_close(watch);
	}
}

TEST(user_and_system_time_only_grow)
{
	struct watch *watch = open_and_tick(NULL);
	struct linux_stat stat;
	struct linux_clock clock;
	uint64_t user_ns = 0, system_ns = 0;

	for (int i = 0; i < 30; i++) {
		if (i % 2)
			burn_user(3);
		else
			for (int k = 0; k < 5000; k++)
				getppid();
		watch_gate(watch);
		watch_sample(watch, getpid(), SOURCE_clock, &clock);
		watch_sample(watch, getpid(), SOURCE_stat, &stat);
		CHECK(stat.cpu_user_ns >= user_ns && stat.cpu_system_ns >= system_ns);
		user_ns = stat.cpu_user_ns;
		system_ns = stat.cpu_system_ns;
		CHECK(user_ns + system_ns == clock.total_ns);
	}
	watch_close(watch);
}

static void have_a_busy_child(void)
{
	pid_t child = fork();

	if (child == 0) {
		burn_user(60);
		_exit(0);
	}
	waitpid(child, NULL, 0);
}

TEST(children_that_were_waited_for)
{
	pid_t child = child_start(have_a_busy_child);
	struct watch *watch = open_and_tick(NULL);
	struct linux_stat stat;

	watch_sample(watch, child, SOURCE_stat, &stat);
	CHECK(stat.children_user + stat.children_system >= 4); /* clock ticks of 10 ms */
	CHECK(stat.children_user + stat.children_system <= 12);
	child_end(child);
	watch_close(watch);
}

/* ------------------------------------------------------------------------------ status */

/* A megabyte of a file that the parent takes away while the child sleeps. */
static char *shared_memory;

static void touch_shared_memory(void)
{
	memset(shared_memory, 1, 1 << 20);
}

/* A sleeper's status is not read anew while its statm stands still; nobody must notice. */
TEST(the_memory_of_a_sleeper_is_looked_at)
{
	int file = memfd_create("test", MFD_CLOEXEC);
	struct watch *watch = watch_open(NULL, NULL, NULL);
	struct linux_status first, status;
	pid_t child;

	CHECK(file >= 0 && ftruncate(file, 1 << 20) == 0);
	shared_memory = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	CHECK(shared_memory != MAP_FAILED);
	child = child_start(touch_shared_memory);
	wait_for_state(child, 'S');
	for (int i = 0; i < 6; i++) {
		watch_tick(watch);
		watch_sample(watch, child, SOURCE_status, i ? &status : &first);
		if (i)
			CHECK(memcmp(&status, &first, sizeof status) == 0);
	}
	CHECK(status.shared >= 1024);
	CHECK_INT(status.uid, geteuid());
	CHECK(ftruncate(file, 0) == 0);
	watch_tick(watch);
	watch_sample(watch, child, SOURCE_status, &status);
	CHECK_INT(status.shared, first.shared - 1024);
	CHECK_INT(status.resident, proc_number(child, "status", "VmRSS:"));
	child_end(child);
	munmap(shared_memory, 1 << 20);
	close(file);
	watch_close(watch);
}

static char *spare_memory;
static volatile sig_atomic_t spare_used;

static void on_signal_grow(int signal)
{
	(void)signal;
	for (int i = 0; i < 1 << 20; i += 4096)
		spare_memory[spare_used + i] = 1;
	spare_used += 1 << 20;
}

static void grow_on_signal(void)
{
	spare_memory = mmap(
		NULL, 16 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	madvise(spare_memory, 16 << 20, MADV_NOHUGEPAGE);
	signal(SIGUSR1, on_signal_grow);
}

TEST(the_memory_of_a_sleeper_that_woke_up)
{
	pid_t child = child_start(grow_on_signal);
	struct watch *watch = watch_open(NULL, NULL, NULL);
	struct linux_status status;
	uint64_t anonymous = 0;

	for (int i = 0; i < 8; i++) {
		if (i > 3)
			kill(child, SIGUSR1);
		pause_ms(20);
		wait_for_state(child, 'S');
		watch_tick(watch);
		watch_sample(watch, child, SOURCE_status, &status);
		CHECK_INT(status.anonymous, proc_number(child, "status", "RssAnon:"));
		CHECK(i <= 3 || status.anonymous >= anonymous + 1000);
		anonymous = status.anonymous;
	}
	child_end(child);
	watch_close(watch);
}

/* --------------------------------------------------------------------------- threads */

static volatile bool threads_stop;
static pthread_barrier_t threads_ready;

static void *nap_often(void *unused)
{
	(void)unused;
	for (int i = 0; i < 50; i++)
		usleep(100);
	pthread_barrier_wait(&threads_ready);
	while (!threads_stop)
		usleep(1000);
	return NULL;
}

static uint64_t sum_of_tasks(const char *file, const char *key, int word)
{
	DIR *tasks = opendir("/proc/self/task");
	const struct dirent *entry;
	uint64_t sum = 0;

	CHECK(tasks);
	while ((entry = readdir(tasks))) {
		char path[300], text[8192];
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof path, "task/%s/%s", entry->d_name, file);
		CHECK(proc_text(getpid(), path, text, sizeof text) > 0);
		const char *at = *key ? strstr(text, key) : text;
		CHECK(at);
		at += strlen(key);
		for (int i = 0; i < word; i++)
			at += strcspn(at, " ") + 1;
		sum += strtoull(at, NULL, 10);
	}
	closedir(tasks);
	return sum;
}

TEST(threads_are_summed_up)
{
	enum { THREADS = 4 };
	pthread_t threads[THREADS];
	struct linux_schedstat schedstat;
	struct linux_switches switches;
	struct linux_stat stat;
	uint64_t voluntary, forced, delay_ns;
	struct watch *watch;

	pthread_barrier_init(&threads_ready, NULL, THREADS + 1);
	for (int i = 0; i < THREADS; i++)
		CHECK_INT(pthread_create(&threads[i], NULL, nap_often, NULL), 0);
	pthread_barrier_wait(&threads_ready);
	watch = open_and_tick(NULL);
	watch_sample(watch, getpid(), SOURCE_stat, &stat);
	CHECK_INT(stat.threads, THREADS + 1);
	voluntary = sum_of_tasks("status", "\nvoluntary_ctxt_switches:", 0);
	forced = sum_of_tasks("status", "nonvoluntary_ctxt_switches:", 0);
	delay_ns = sum_of_tasks("schedstat", "", 1);
	watch_sample(watch, getpid(), SOURCE_switches, &switches);
	watch_sample(watch, getpid(), SOURCE_schedstat, &schedstat);
	CHECK(switches.voluntary >= voluntary && switches.voluntary < voluntary + 500);
	CHECK(switches.voluntary >= THREADS * 50);
	CHECK(switches.forced >= forced && switches.forced < forced + 500);
	CHECK(switches.total == switches.voluntary + switches.forced);
	CHECK(schedstat.run_delay_ns >= delay_ns);
	CHECK(schedstat.run_delay_ns < delay_ns + SECOND_NS);
	threads_stop = true;
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	pthread_barrier_destroy(&threads_ready);
	watch_close(watch);
}

TEST(a_single_thread)
{
	pid_t child = child_start(NULL);
	struct watch *watch = open_and_tick(NULL);
	struct linux_switches switches;
	struct linux_schedstat schedstat;
	unsigned long long on_cpu, delay_ns;
	char text[128];

	watch_sample(watch, child, SOURCE_switches, &switches);
	CHECK_INT(switches.voluntary, proc_number(child, "status", "voluntary_ctxt_switches:"));
	CHECK_INT(switches.forced, proc_number(child, "status", "nonvoluntary_ctxt_switches:"));
	watch_sample(watch, child, SOURCE_schedstat, &schedstat);
	CHECK(proc_text(child, "schedstat", text, sizeof text) > 0);
	CHECK(sscanf(text, "%llu %llu", &on_cpu, &delay_ns) == 2);
	CHECK(schedstat.run_delay_ns == delay_ns);
	child_end(child);
	watch_close(watch);
}

/* The first thread of the process ends; another lives, with memory. */
static void *live_on(void *barrier)
{
	pthread_barrier_wait(barrier);
	for (;;)
		pause();
	return NULL;
}

static pid_t child_without_leader(void)
{
	pid_t child = fork();

	CHECK(child >= 0);
	if (child == 0) {
		static pthread_barrier_t barrier;
		pthread_t thread;
		char *memory = mmap(NULL, 8 << 20, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		memset(memory, 1, 8 << 20);
		pthread_barrier_init(&barrier, NULL, 2);
		pthread_create(&thread, NULL, live_on, &barrier);
		pthread_barrier_wait(&barrier);
		pthread_exit(NULL);
	}
	wait_for_state(child, 'Z');
	return child;
}

/* What its threads share is seen of the living ones, by its owner, too. */
static void check_shared(struct watch *watch, pid_t child)
{
	struct linux_files files;
	struct linux_sockets sockets, own_sockets;
	struct linux_regions regions;
	struct linux_exe exe, own_exe;
	struct linux_links links;
	struct linux_name name;
	struct linux_cmdline cmdline;
	char text[4096];

	watch_sample(watch, child, SOURCE_files, &files);
	CHECK(files.open > 0);
	watch_sample(watch, child, SOURCE_exe, &exe);
	snprintf(text, sizeof text, "%s", watch_text(&exe.path));
	watch_sample(watch, getpid(), SOURCE_exe, &own_exe);
	CHECK_TEXT(text, watch_text(&own_exe.path));
	watch_sample(watch, child, SOURCE_name, &name);
	CHECK_TEXT(watch_text(&name.text), strrchr(text, '/') + 1);
	watch_sample(watch, child, SOURCE_links, &links);
	CHECK_TEXT(watch_text(&links.root), "/");
	watch_sample(watch, child, SOURCE_cmdline, &cmdline);
	CHECK(cmdline.text.length > 0);
	watch_sample(watch, child, SOURCE_regions, &regions);
	CHECK(regions.count > 5);
	if (!host_has(watch->provider->context, FEATURE_SOCKET_NAMES))
		return;
	watch_sample(watch, child, SOURCE_sockets, &sockets);
	watch_sample(watch, getpid(), SOURCE_sockets, &own_sockets);
	CHECK(sockets.open > 0 && sockets.open == own_sockets.open);
}

TEST(what_is_shared_is_seen_of_a_living_thread)
{
	static const char *const lacks[] = {NULL, "fd-size"};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	pid_t child;

	/* Only root may look into what belongs to root: the directories of a dead thread. */
	if (geteuid() == 0)
		CHECK(setresgid(65534, 65534, 65534) == 0 &&
			setresuid(65534, 65534, 65534) == 0);
	CHECK_INT(prctl(PR_SET_DUMPABLE, 1), 0);
	child = child_without_leader();
	for (int i = 0; i < 2; i++) {
		struct watch *watch = open_and_tick(lacks[i]);
		check_shared(watch, child);
		watch_close(watch);
	}
	child_end(child);
	close(fd);
}

/* No descriptor is left: nothing is known then, which is not the same as nothing. */
TEST(out_of_descriptors)
{
	pid_t child = child_without_leader();
	struct watch *watch = open_and_tick(NULL);
	struct rlimit limit;
	_Alignas(16) char sample[1024];
	rlim_t before;
	int next;

	getrlimit(RLIMIT_NOFILE, &limit);
	before = limit.rlim_cur;
	for (int left = 0; left < 2; left++) {
		next = dup(0);
		close(next);
		limit.rlim_cur = (rlim_t)(next + left);
		CHECK_INT(setrlimit(RLIMIT_NOFILE, &limit), 0);
		CHECK_INT(watch_read(watch, child, SOURCE_files, sample), STATE_FAILED);
		CHECK_INT(watch_read(watch, child, SOURCE_exe, sample), STATE_FAILED);
		CHECK_INT(watch_read(watch, child, SOURCE_status, sample), STATE_FAILED);
		CHECK_INT(watch_read(watch, child, SOURCE_schedstat, sample), STATE_FAILED);
		CHECK_INT(watch_read(watch, child, SOURCE_switches, sample), STATE_FAILED);
		CHECK_INT(watch_read(watch, child, SOURCE_threads, sample), STATE_FAILED);
		CHECK_INT(watch_read(watch, child, SOURCE_children, sample), STATE_FAILED);
		limit.rlim_cur = before;
		CHECK_INT(setrlimit(RLIMIT_NOFILE, &limit), 0);
	}
	child_end(child);
	watch_close(watch);
}

TEST(a_process_whose_first_thread_has_ended)
{
	pid_t child = child_without_leader();
	struct watch *watch = open_and_tick(NULL);
	struct linux_status status;
	struct linux_smaps smaps;
	struct linux_stat stat;

	watch_sample(watch, child, SOURCE_stat, &stat);
	CHECK_INT(stat.threads, 2);
	watch_sample(watch, child, SOURCE_status, &status);
	CHECK(status.anonymous >= 8 << 10 && status.footprint >= 8 << 10);
	CHECK_INT(status.uid, geteuid());
	watch_sample(watch, child, SOURCE_smaps, &smaps);
	CHECK(smaps.unique >= 8 << 10);
	watch_tick(watch);
	CHECK(!watch->rows[watch_find(watch, child)].touched); /* it is no zombie */
	child_end(child);
	watch_close(watch);
}

/* ---------------------------------------------------------------- files, io and others */

static void open_files(void)
{
	for (int i = 0; i < 37; i++)
		CHECK(open("/dev/null", O_RDONLY) >= 0);
}

TEST(open_files_are_counted)
{
	static const char *const lacks[] = {NULL, "fd-size"};
	pid_t child = child_start(open_files), plain = child_start(NULL);

	wait_for_state(child, 'S');
	wait_for_state(plain, 'S');
	for (int i = 0; i < 2; i++) {
		struct watch *watch = open_and_tick(lacks[i]);
		struct linux_files files, before;
		char path[64];
		uint64_t count = 0;
		DIR *directory;
		snprintf(path, sizeof path, "/proc/%d/fd", (int)child);
		directory = opendir(path);
		CHECK(directory);
		for (const struct dirent *entry; (entry = readdir(directory));)
			count += entry->d_name[0] != '.';
		closedir(directory);
		watch_sample(watch, child, SOURCE_files, &files);
		watch_sample(watch, plain, SOURCE_files, &before);
		CHECK_INT(files.open, count);
		CHECK_INT(files.open, before.open + 37);
		watch_close(watch);
	}
	child_end(child);
	child_end(plain);
}

static void write_file(void)
{
	static char block[1 << 20];
	int file = open("/var/tmp", O_TMPFILE | O_RDWR, 0600);

	if (file < 0)
		return;
	for (int i = 0; i < 4; i++)
		if (write(file, block, sizeof block) < 0)
			return;
	fsync(file);
	if (ftruncate(file, 1 << 20) < 0)
		return;
}

TEST(io_is_that_of_the_file)
{
	pid_t child = child_start(write_file);
	struct watch *watch = open_and_tick(NULL);
	struct linux_io io;
	long long written;

	watch_sample(watch, child, SOURCE_io, &io);
	CHECK_INT(io.read_bytes, proc_number(child, "io", "rchar:"));
	CHECK_INT(io.written_bytes, proc_number(child, "io", "wchar:"));
	CHECK_INT(io.read_calls, proc_number(child, "io", "syscr:"));
	CHECK_INT(io.write_calls, proc_number(child, "io", "syscw:"));
	CHECK_INT(io.disk_read, proc_number(child, "io", "read_bytes:"));
	written = proc_number(child, "io", "write_bytes:") -
		  proc_number(child, "io", "cancelled_write_bytes:");
	CHECK_INT(io.disk_written, written > 0 ? written : 0);
	CHECK(io.written_bytes >= 4 << 20);
	child_end(child);
	watch_close(watch);
}

static void become_nobody(void)
{
	CHECK(setgid(65534) == 0 && setuid(65533) == 0);
}

/* What the kernel refuses is denied, not 0 and not absent. */
TEST(of_others_io_is_denied)
{
	pid_t child, own = getpid();
	struct linux_status status;
	struct linux_io io;
	struct linux_exe exe;
	struct linux_smaps smaps;
	struct watch *watch;

	if (geteuid() != 0)
		test_skip("needs another user");
	child = child_start(NULL);
	become_nobody();
	watch = open_and_tick(NULL);
	CHECK_INT(watch_read(watch, child, SOURCE_io, &io), STATE_DENIED);
	CHECK_INT(watch_read(watch, child, SOURCE_exe, &exe), STATE_DENIED);
	CHECK_INT(watch_read(watch, child, SOURCE_smaps, &smaps), STATE_DENIED);
	watch_sample(watch, child, SOURCE_status, &status);
	CHECK_INT(status.uid, 0);
	CHECK(status.footprint > 0 && status.footprint < 1 << 20);
	watch_sample(watch, own, SOURCE_status, &status);
	CHECK_INT(status.uid, 65533);
	CHECK_INT(status.gid, 65534);
	watch_close(watch);
}

TEST(cgroup_and_oom_and_exe_and_cmdline)
{
	struct watch *watch = open_and_tick(NULL);
	struct linux_cgroup cgroup;
	struct linux_oom_score score;
	struct linux_oom_adjust adjust;
	struct linux_exe exe;
	struct linux_cmdline cmdline;
	char text[8192], path[4096] = "";

	watch_sample(watch, getpid(), SOURCE_cgroup, &cgroup);
	CHECK(proc_text(getpid(), "cgroup", text, sizeof text) > 0);
	CHECK(strstr(text, watch_text(&cgroup.path)));
	watch_sample(watch, getpid(), SOURCE_oom_score, &score);
	CHECK(is_close(score.score, (uint64_t)proc_number(getpid(), "oom_score", ""), 2));
	watch_sample(watch, getpid(), SOURCE_oom_adjust, &adjust);
	CHECK_INT(adjust.adjust, proc_number(getpid(), "oom_score_adj", ""));
	watch_sample(watch, getpid(), SOURCE_exe, &exe);
	CHECK(readlink("/proc/self/exe", path, sizeof path - 1) > 0);
	CHECK_TEXT(watch_text(&exe.path), path);
	watch_sample(watch, getpid(), SOURCE_cmdline, &cmdline);
	CHECK(proc_text(getpid(), "cmdline", text, sizeof text) > 0);
	CHECK(strncmp(watch_text(&cmdline.text), text, strlen(text)) == 0);
	watch_close(watch);
}

static void check_smaps(const char *without, bool parts)
{
	pid_t child = child_start(NULL);
	struct watch *watch = open_and_tick(without);
	struct linux_smaps smaps;

	watch_sample(watch, child, SOURCE_smaps, &smaps);
	/* Without the rollup each of some thirty mappings is rounded down. */
	CHECK(is_close(smaps.pss, (uint64_t)proc_number(child, "smaps_rollup", "Pss:"), 64));
	CHECK(is_close(smaps.unique,
		(uint64_t)(proc_number(child, "smaps_rollup", "Private_Clean:") +
			   proc_number(child, "smaps_rollup", "Private_Dirty:")),
		64));
	CHECK_INT(smaps.lazy_free, proc_number(child, "smaps_rollup", "LazyFree:"));
	CHECK_INT(smaps.swap_pss, proc_number(child, "smaps_rollup", "SwapPss:"));
	if (parts) {
		CHECK(is_close(smaps.pss_anonymous,
			(uint64_t)proc_number(child, "smaps_rollup", "Pss_Anon:"), 64));
		CHECK(is_close(smaps.pss_file,
			(uint64_t)proc_number(child, "smaps_rollup", "Pss_File:"), 64));
		CHECK_INT(smaps.pss_shared, proc_number(child, "smaps_rollup", "Pss_Shmem:"));
	} else {
		CHECK(smaps.pss_file == ABSENT_U64(STATE_UNSUPPORTED));
	}
	child_end(child);
	watch_close(watch);
}

TEST(smaps_are_those_of_the_rollup)
{
	check_smaps(NULL, true);
	check_smaps("smaps-rollup", false);
}

/* ------------------------------------------------------- what some processes have not */

TEST(a_kernel_thread_has_no_memory_and_no_program)
{
	struct watch *watch = open_and_tick(NULL);
	struct linux_status status;
	struct linux_cmdline cmdline;
	struct linux_smaps smaps;
	struct linux_exe exe;

	if (watch_find(watch, 2) == NO_ROW || strcmp(proc_field(2, 4), "0") != 0)
		test_skip("no kernel threads to be seen");
	watch_sample(watch, 2, SOURCE_status, &status);
	CHECK(status.resident == ABSENT_U64(STATE_NONE));
	CHECK(status.footprint == ABSENT_U64(STATE_NONE));
	CHECK_INT(status.uid, 0);
	CHECK_INT(watch_read(watch, 2, SOURCE_cmdline, &cmdline), STATE_NONE);
	CHECK_INT(watch_read(watch, 2, SOURCE_smaps, &smaps), STATE_NONE);
	if (geteuid() == 0)
		CHECK_INT(watch_read(watch, 2, SOURCE_exe, &exe), STATE_NONE);
	watch_close(watch);
}

TEST(a_zombie_has_no_memory_and_no_program)
{
	pid_t child = child_start(NULL);
	struct watch *watch;
	struct linux_status status;
	struct linux_cmdline cmdline;
	struct linux_smaps smaps;
	struct linux_exe exe;

	kill(child, SIGKILL);
	wait_for_state(child, 'Z');
	watch = open_and_tick(NULL);
	watch_sample(watch, child, SOURCE_status, &status);
	CHECK(status.resident == ABSENT_U64(STATE_NONE));
	CHECK(status.footprint == ABSENT_U64(STATE_NONE));
	CHECK_INT(status.uid, geteuid());
	CHECK_INT(watch_read(watch, child, SOURCE_cmdline, &cmdline), STATE_NONE);
	CHECK_INT(watch_read(watch, child, SOURCE_smaps, &smaps), STATE_NONE);
	CHECK_INT(watch_read(watch, child, SOURCE_exe, &exe), STATE_NONE);
	CHECK_INT(waitpid(child, NULL, 0), child);
	watch_close(watch);
}

/* ---------------------------------------------------------------------- the platform */

TEST(unknown_features_are_refused_with_a_list)
{
	struct platform_config config = {"/proc", "/sys", "clock,telepathy"};
	struct platform *platform;
	const char *error = "";

	CHECK_INT(platform_create(&config, &platform, &error), -EINVAL);
	CHECK(strstr(error, "telepathy"));
	CHECK(strstr(error, "pidfd-ino") && strstr(error, "fork-range"));
	free((void *)(uintptr_t)error);
}

TEST(a_version_stands_for_what_came_later)
{
	static const char *const names[] = {"6.1", "linux-6.1", "6.8,fd-size"};

	for (int i = 0; i < 3; i++) {
		struct watch *watch = watch_open(names[i], NULL, NULL);
		const struct host *host = watch->provider->context;
		CHECK(!host_has(host, FEATURE_PIDFD_INODE));
		CHECK(!host_has(host, FEATURE_FD_SIZE));
		CHECK(host_has(host, FEATURE_PIDFD) && host_has(host, FEATURE_CLOCK));
		CHECK(strstr(platform_describe(watch->platform), " pidfd"));
		CHECK(!strstr(platform_describe(watch->platform), "pidfd-ino"));
		watch_close(watch);
	}
}

TEST(every_attribute_is_bound_or_says_why_not)
{
	struct watch *watch = watch_open(NULL, NULL, NULL);

	for (int i = 0; i < ATTRIBUTE_COUNT; i++) {
		const struct binding *binding = &watch->platform->bindings[i];
		if (attributes[i].table != TABLE_PROCESS || attributes[i].kind == KIND_DERIVED)
			continue;
		CHECK(binding->bound != (binding->unsupported != NULL));
		if (binding->bound)
			CHECK(binding->offset <
				watch->provider->sources[binding->source].sample_size);
	}
	watch_close(watch);
}

TEST(the_limit_on_descriptors_is_raised)
{
	struct rlimit limit = {64, 256};
	struct watch *watch;

	CHECK_INT(setrlimit(RLIMIT_NOFILE, &limit), 0);
	watch = watch_open(NULL, NULL, NULL);
	CHECK_INT(getrlimit(RLIMIT_NOFILE, &limit), 0);
	CHECK_INT(limit.rlim_cur, 256);
	watch_close(watch);
}

TEST(gpu_attributes_say_why_not)
{
	struct watch *watch = watch_open(NULL, NULL, "/nonexistent");
	enum cell_state state = STATE_OK;
	const char *reason =
		watch->provider->unsupported(watch->provider->context, SOURCE_gpu, &state);

	CHECK(reason && state == STATE_UNSUPPORTED);
	CHECK(strstr(reason, "no GPU found"));
	CHECK(!watch->provider->unsupported(watch->provider->context, SOURCE_stat, &state));
	watch_close(watch);
}

TESTS(CASE(identity_is_the_pidfd_inode), CASE(identity_by_start_time_is_stable_and_distinct),
	CASE(stat_is_what_system_calls_say), CASE(comm_is_passed_on_as_it_is),
	CASE(start_times), CASE(terminal), CASE(cpu_time_is_that_of_getrusage),
	CASE(user_and_system_time_only_grow), CASE(children_that_were_waited_for),
	CASE(the_memory_of_a_sleeper_is_looked_at), CASE(the_memory_of_a_sleeper_that_woke_up),
	CASE(threads_are_summed_up), CASE(a_single_thread),
	CASE(a_process_whose_first_thread_has_ended),
	CASE(what_is_shared_is_seen_of_a_living_thread), CASE(out_of_descriptors),
	CASE(open_files_are_counted), CASE(io_is_that_of_the_file),
	CASE(of_others_io_is_denied), CASE(cgroup_and_oom_and_exe_and_cmdline),
	CASE(smaps_are_those_of_the_rollup), CASE(a_kernel_thread_has_no_memory_and_no_program),
	CASE(a_zombie_has_no_memory_and_no_program),
	CASE(unknown_features_are_refused_with_a_list),
	CASE(a_version_stands_for_what_came_later),
	CASE(every_attribute_is_bound_or_says_why_not),
	CASE(the_limit_on_descriptors_is_raised), CASE(gpu_attributes_say_why_not))
