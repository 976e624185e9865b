/* What is summed up over the threads of a process: CPU time, running threads, children. */
#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include "linux/process/process.h"
#include "linux_watch.h"

enum { NOBODY = 65534, ZOMBIES = 900 };

static struct watch *open_and_tick(void)
{
	struct watch *watch = watch_open(getenv("PROCMON_WITHOUT"), NULL, NULL);

	watch_tick(watch);
	return watch;
}

static struct linux_threads threads_of(struct watch *watch, pid_t pid)
{
	struct linux_threads sample;

	watch_sample(watch, pid, SOURCE_threads, &sample);
	return sample;
}

/* --------------------------------------------------------------------------- CPU time */

/* Until that much CPU time of the thread is used. Some of it in the kernel. */
static void burn_ms(long milliseconds)
{
	struct timespec time = {0};

	while (time.tv_sec * 1000 + time.tv_nsec / 1000000 < milliseconds)
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
}

static long long own_thread_us(void)
{
	struct rusage usage;

	CHECK_INT(getrusage(RUSAGE_THREAD, &usage), 0);
	return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000LL +
	       usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
}

static pthread_barrier_t burned, looked;

static void *burn_and_end(void *unused)
{
	(void)unused;
	burn_ms(200);
	return NULL;
}

static void *burn_and_stay(void *ret_us)
{
	burn_ms(80);
	*(long long *)ret_us = own_thread_us();
	pthread_barrier_wait(&burned);
	pthread_barrier_wait(&looked);
	return NULL;
}

static void check_time(struct watch *watch, long long microseconds, int threads)
{
	struct linux_threads sample = threads_of(watch, getpid());
	long long got = (long long)(sample.user + sample.system) * 10000;

	/* Each number is cut to 10 ms; a little was used since. */
	if (got > microseconds + 15000 || got < microseconds - 20000 * threads)
		test_fail(__FILE__, __LINE__, "%lld us of CPU time, expected about %lld", got,
			microseconds);
}

TEST(time_of_living_threads)
{
	struct watch *watch = open_and_tick();
	long long first = 0, second = 0;
	pthread_t thread, other;
	struct linux_stat stat;

	CHECK_INT(sysconf(_SC_CLK_TCK), 100);
	pthread_barrier_init(&burned, NULL, 3);
	pthread_barrier_init(&looked, NULL, 3);
	pthread_create(&thread, NULL, burn_and_end, NULL);
	pthread_join(thread, NULL);
	burn_ms(50);
	check_time(watch, own_thread_us(), 1);
	watch_gate(watch);
	watch_sample(watch, getpid(), SOURCE_stat, &stat);
	CHECK(stat.cpu_user_ns + stat.cpu_system_ns > 230000000); /* that knows the ended one */

	pthread_create(&thread, NULL, burn_and_stay, &first);
	pthread_create(&other, NULL, burn_and_stay, &second);
	pthread_barrier_wait(&burned);
	check_time(watch, own_thread_us() + first + second, 3);
	pthread_barrier_wait(&looked);
	pthread_join(thread, NULL);
	pthread_join(other, NULL);
	check_time(watch, own_thread_us(), 1);
	watch_close(watch);
}

/* ---------------------------------------------------------------------------- running */

static void *spin(void *unused)
{
	(void)unused;
	for (volatile unsigned i = 0;; i = i + 1)
		;
	return NULL;
}

static void *wait_for_ever(void *unused)
{
	(void)unused;
	for (;;)
		pause();
	return NULL;
}

static void start_threads(void)
{
	pthread_t thread;

	for (int i = 0; i < 5; i++)
		CHECK_INT(pthread_create(&thread, NULL, i < 3 ? spin : wait_for_ever, NULL), 0);
}

TEST(running_threads)
{
	pid_t busy = child_start(start_threads), idle = child_start(NULL);
	struct watch *watch = open_and_tick();
	uint64_t running = 0;

	wait_for_state(
		busy, 'S'); /* the first one; the kernel may not have put it to sleep yet */
	for (int i = 0; i < 200 && (running = threads_of(watch, busy).running) != 3; i++)
		pause_ms(5);
	CHECK_INT(running, 3);
	wait_for_state(idle, 'S');
	CHECK_INT(threads_of(watch, idle).running, 0);
	child_end(busy);
	child_end(idle);
	watch_close(watch);
}

static void *end_first_thread(void *first)
{
	pthread_join(*(pthread_t *)first, NULL);
	for (;;)
		pause();
	return NULL;
}

/* The first thread ends, another one lives on. */
TEST(process_without_its_first_thread)
{
	pid_t child = fork();
	struct linux_threads sample;
	struct watch *watch;

	if (child == 0) {
		static pthread_t first, thread;
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		first = pthread_self();
		burn_ms(100);
		pthread_create(&thread, NULL, end_first_thread, &first);
		pthread_exit(NULL);
	}
	wait_for_state(child, 'Z');
	watch = open_and_tick();
	sample = threads_of(watch, child);
	CHECK(sample.user + sample.system < 5); /* not the 100 ms of the one that ended */
	child_end(child);
	watch_close(watch);
}

TEST(zombie_has_no_threads)
{
	pid_t child = fork();
	struct linux_threads sample;
	struct linux_children children;
	struct watch *watch;

	if (child == 0)
		_exit(0);
	wait_for_state(child, 'Z');
	watch = open_and_tick();
	CHECK_INT(watch_read(watch, child, SOURCE_threads, &sample), STATE_NONE);
	watch_sample(watch, child, SOURCE_children, &children);
	CHECK_INT(children.count, 0);
	CHECK_INT(waitpid(child, NULL, 0), child);
	CHECK_INT(watch_read(watch, child, SOURCE_threads, &sample), SAMPLE_GONE);
	watch_close(watch);
}

/* ---------------------------------------------------------------------------- children */

TEST(list_of_children_in_pieces)
{
	static const char list[] = "1 22 333 4444 \n";
	bool inside = false;

	CHECK_INT(children_count(list, sizeof list - 1, &inside), 4);
	CHECK(!inside);
	CHECK_INT(children_count("", 0, &inside), 0);
	for (size_t cut = 0; cut < sizeof list; cut++) {
		uint64_t count = children_count(list, cut, &inside);
		count += children_count(list + cut, sizeof list - 1 - cut, &inside);
		CHECK_INT(count, 4);
	}
	CHECK_INT(children_count("7", 1, &inside), 1);
	CHECK(inside);
}

static uint64_t children_of(struct watch *watch, pid_t pid)
{
	struct linux_children sample;

	watch_sample(watch, pid, SOURCE_children, &sample);
	return sample.count;
}

static void need_children(struct watch *watch)
{
	if (!host_has(watch->provider->context, FEATURE_CHILDREN))
		test_skip("the kernel was built without CONFIG_PROC_CHILDREN");
}

static pid_t start_zombie(void)
{
	pid_t child = fork();

	CHECK(child >= 0);
	if (child == 0)
		_exit(0);
	return child;
}

static void *fork_and_stay(void *ret_child)
{
	*(pid_t *)ret_child = start_zombie();
	pthread_barrier_wait(&burned);
	pthread_barrier_wait(&looked);
	return NULL;
}

static void make_child(void)
{
	child_start(NULL);
}

TEST(children_of_all_threads_and_their_zombies)
{
	struct watch *watch = open_and_tick();
	pid_t living, of_thread = 0, zombie;
	pthread_t thread;

	need_children(watch);
	CHECK_INT(children_of(watch, getpid()), 0);
	living = child_start(make_child);
	zombie = start_zombie();
	watch_tick(watch);
	CHECK_INT(children_of(watch, getpid()), 2); /* a grandchild is none */
	CHECK_INT(children_of(watch, living), 1);
	pthread_barrier_init(&burned, NULL, 2);
	pthread_barrier_init(&looked, NULL, 2);
	pthread_create(&thread, NULL, fork_and_stay, &of_thread);
	pthread_barrier_wait(&burned);
	CHECK_INT(children_of(watch, getpid()), 3);
	pthread_barrier_wait(&looked);
	pthread_join(thread, NULL);
	CHECK_INT(children_of(watch, getpid()), 3); /* the first thread has inherited it */
	CHECK_INT(waitpid(zombie, NULL, 0), zombie);
	CHECK_INT(waitpid(of_thread, NULL, 0), of_thread);
	CHECK_INT(children_of(watch, getpid()), 1);
	child_end(living);
	watch_close(watch);
}

/* More than the kernel writes at once. */
TEST(very_many_children)
{
	struct watch *watch = open_and_tick();

	need_children(watch);
	for (int i = 0; i < ZOMBIES; i++)
		start_zombie();
	CHECK_INT(children_of(watch, getpid()), ZOMBIES);
	while (wait(NULL) > 0)
		;
	CHECK_INT(children_of(watch, getpid()), 0);
	watch_close(watch);
}

TEST(another_users_threads_are_no_secret)
{
	struct watch *watch;
	pid_t child;

	if (geteuid() != 0)
		test_skip("it takes root to become another user");
	child = child_start(make_child);
	CHECK_INT(setresuid(NOBODY, NOBODY, NOBODY), 0);
	watch = open_and_tick();
	need_children(watch);
	CHECK_INT(children_of(watch, child), 1);
	CHECK_INT(threads_of(watch, child).running, 0);
	watch_close(watch);
}

TEST(kernel_without_lists_of_children)
{
	struct watch *watch = watch_open("children", NULL, NULL);
	enum cell_state state = STATE_OK;
	const char *reason =
		watch->provider->unsupported(watch->provider->context, SOURCE_children, &state);

	CHECK(reason && strstr(reason, "CONFIG_PROC_CHILDREN"));
	CHECK_INT(state, STATE_UNSUPPORTED);
	watch_close(watch);
}

/* clang-format off */
TESTS(
	CASE(time_of_living_threads),
	CASE(running_threads),
	CASE(process_without_its_first_thread),
	CASE(zombie_has_no_threads),
	CASE(list_of_children_in_pieces),
	CASE(children_of_all_threads_and_their_zombies),
	CASE(very_many_children),
	CASE(another_users_threads_are_no_secret),
	CASE(kernel_without_lists_of_children)
)
