/* Table CPU: its parsers, and what it makes of trees of files. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "linux/cpu/cpu.h"
#include "linux_tree.h"

static struct watch *open_cpus(const char *procfs, const char *sysfs)
{
	struct watch *watch = watch_open_table(TABLE_CPU, procfs, sysfs);

	return watch;
}

static struct watch *open_tree(void)
{
	return open_cpus(tree_procfs, tree_sysfs);
}

/* The slot of a core, by its identity; NO_ROW. */
static uint32_t slot_of(const struct watch *watch, uint32_t number)
{
	for (uint32_t i = 0; i < watch->count; i++)
		if (watch->rows[i].alive && watch->rows[i].identity == (uint64_t)number + 1)
			return i;
	return NO_ROW;
}

static int read_source(struct watch *watch, uint32_t number, uint32_t source, void *sample)
{
	uint32_t slot = slot_of(watch, number);

	CHECK(slot != NO_ROW);
	memset(sample, 0, watch->provider->sources[source].sample_size);
	return watch->provider->read(watch->handle, slot, source, sample);
}

static int run_source(struct watch *watch, uint32_t number, uint32_t source, void *sample)
{
	static char text[1024];
	struct job job = {.slot = slot_of(watch, number),
		.source = source,
		.provider = watch->provider,
		.sample = sample,
		.text = text};

	CHECK(job.slot != NO_ROW && watch->provider->sources[source].text_size <= sizeof text);
	memset(sample, 0, watch->provider->sources[source].sample_size);
	return watch_run_job(watch, &job);
}

static const char *reason(const struct watch *watch, uint32_t source)
{
	enum cell_state state;

	return watch->provider->unsupported(watch->provider->context, source, &state);
}

#define CPUS "sys/devices/system/cpu/"

/* ------------------------------------------------------------------------------ parsers */

static int64_t parse_lines(const char *text, struct cpu_line *lines, bool *ret_more)
{
	memset(lines, 0, 4 * sizeof *lines);
	return cpu_lines_parse(text, strlen(text), lines, 4, ret_more);
}

TEST(lines_of_cores_are_found)
{
	struct cpu_line lines[4];
	bool more;

	CHECK_INT(parse_lines("cpu  9 9 9 9 9 9 9 9 9 9\ncpu0 1 2 3 4 5 6 7 8 9 10\n"
			      "cpu12 21 22 23 24 25 26 27 28 11 12\nintr 5 0 0\ncpu7 1 2 3 4\n",
			  lines, &more),
		2);
	CHECK(!more);
	CHECK_INT(lines[0].number, 0);
	CHECK_INT(lines[1].number, 12);
	CHECK_INT(lines[1].times.user, 21);
	CHECK_INT(lines[1].times.nice, 22);
	CHECK_INT(lines[1].times.system, 23);
	CHECK_INT(lines[1].times.idle, 24);
	CHECK_INT(lines[1].times.iowait, 25);
	CHECK_INT(lines[1].times.irq, 26);
	CHECK_INT(lines[1].times.softirq, 27);
	CHECK_INT(lines[1].times.steal, 28);
	CHECK_INT(lines[1].times.guest, 11);
	CHECK_INT(lines[1].times.guest_nice, 12);
}

TEST(a_bad_line_spoils_no_other)
{
	struct cpu_line lines[4];
	bool more;

	CHECK_INT(parse_lines("cpu0 1 2 x 4\ncpu1 1 2 3\ncpu2 -1 2 3 4 5 6 7 8 9 10\n"
			      "cpux 1 2 3 4\ncpu5 1 2 3 4\nintr\n",
			  lines, &more),
		4);
	CHECK(!lines[0].good && !lines[1].good && !lines[2].good);
	CHECK_INT(lines[3].number, 5);
	CHECK(lines[3].good);
	CHECK_INT(lines[3].times.idle, 4);
	CHECK_INT(lines[3].times.steal, 0);
}

TEST(lines_may_be_cut_anywhere)
{
	static const char text[] = "cpu  1 2 3 4 5 6 7 8 9 10\ncpu0 1 2 3 4 5 6 7 8 9 10\n"
				   "cpu1 99999999999999999999999 2 3 4 5 6 7 8 9 10\nintr 1\n";
	struct cpu_line lines[4];
	bool more;

	for (size_t length = 0; length < sizeof text; length++) {
		char *copy = malloc(length + 1);
		memcpy(copy, text, length);
		int64_t count = cpu_lines_parse(copy, length, lines, 4, &more);
		CHECK(count >= 0 && count <= 2);
		CHECK_INT(more, length < sizeof text - 1 - strlen("r 1\n"));
		free(copy);
	}
	CHECK_INT(lines[1].times.user, NUMBER_LIMIT);
}

TEST(each_time_is_counted_once)
{
	struct cpu_line line = {.good = true,
		.times = {.user = 100,
			.nice = 50,
			.system = 30,
			.idle = 1000,
			.iowait = 200,
			.irq = 3,
			.softirq = 4,
			.steal = 60,
			.guest = 20,
			.guest_nice = 5}};
	struct linux_cpu_times times;

	CHECK(cpu_times_of(&line, &times));
	CHECK_INT(times.user, 80);
	CHECK_INT(times.nice, 45);
	CHECK_INT(times.busy, 100 + 50 + 30 + 3 + 4);
	CHECK_INT(times.busy, times.user + times.nice + times.system + times.irq +
				      times.softirq + times.guest + times.guest_nice);
	/* The kernel adds to one after the other. */
	line.times.guest = 101;
	CHECK(cpu_times_of(&line, &times));
	CHECK_INT(times.user, 0);
	line.times = (struct linux_cpu_times){0};
	CHECK(!cpu_times_of(&line, &times));
}

TEST(a_counter_that_begins_anew_goes_on)
{
	struct cpu_counter counter = {0};

	CHECK_INT(cpu_counter_follow(&counter, 100000, 200), 100000);
	CHECK_INT(cpu_counter_follow(&counter, 99990, 200), 99990); /* the core holds it */
	CHECK_INT(cpu_counter_follow(&counter, 50, 200), 99990 + 50);
	CHECK_INT(cpu_counter_follow(&counter, 60, 200), 99990 + 60);
	CHECK_INT(cpu_counter_follow(&counter, 500, 200), 99990 + 500);
}

TEST(lists_of_cores)
{
	static const char *const bad[] = {
		"", "x", "-1", "5-3", "0-4294967295", "0-99999999", "3-x"};
	uint32_t first, last;

	CHECK(cpu_list_has("0-3,8,10-11", 3) && cpu_list_has("0-3,8,10-11", 8));
	CHECK(cpu_list_has("0-3,8,10-11", 11) && !cpu_list_has("0-3,8,10-11", 9));
	CHECK(!cpu_list_has("0-3,8,10-11", 12) && !cpu_list_has("", 0));
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct scan scan = {bad[i], bad[i] + strlen(bad[i])};
		CHECK(!cpu_list_next(&scan, &first, &last));
	}
}

static const char *model(const char *bytes, uint32_t number)
{
	static char copy[256], text[64];
	const char *found;
	size_t length = cpu_model_parse(bytes, strlen(bytes), number, text, &found);

	CHECK(length < sizeof copy);
	if (length)
		memcpy(copy, found, length);
	copy[length] = '\0';
	return copy;
}

TEST(models_are_those_of_their_core)
{
	static const char x86[] = "processor\t: 0\ncpu family\t: 6\nmodel\t\t: 154\n"
				  "model name\t: A: Core(TM)\ncpu MHz\t\t: 1\n\n"
				  "processor\t: 10\nmodel name\t: B\n\n";
	static const char arm[] =
		"processor\t: 0\nCPU implementer\t: 0x41\nCPU variant\t: 0x4\n"
		"CPU part\t: 0xd0b\n\nprocessor\t: 1\nCPU part\t: 0xd05\n\n";

	CHECK_TEXT(model(x86, 0), "A: Core(TM)");
	CHECK_TEXT(model(x86, 10), "B");
	CHECK_TEXT(model(x86, 1), "");
	CHECK_TEXT(model(arm, 0), "0x41/0xd0b");
	CHECK_TEXT(model("processor: 3\ncpu\t\t: POWER9, altivec supported\n", 3),
		"POWER9, altivec supported");
	CHECK_TEXT(model("processor\t: 0\nmodel name\t:", 0), "");
	CHECK_TEXT(model("processor\t: 0 0\nmodel name\t: x\n", 0), "");
	CHECK_TEXT(model("model name\t: x\n", 0), "");
	CHECK_TEXT(model("", 0), "");
	for (size_t length = 0; length < sizeof arm; length++) {
		char *copy = malloc(length + 1), text[64];
		const char *found;
		memcpy(copy, arm, length);
		cpu_model_parse(copy, length, 0, text, &found);
		free(copy);
	}
}

/* -------------------------------------------------------------------------------- rows */

TEST(a_core_is_a_row_while_it_is_online)
{
	struct watch *watch;

	tree_begin();
	tree_put(CPUS "online", "0-2,7\n");
	watch = open_tree();
	watch_list(watch);
	CHECK_INT(watch->births, 4);
	CHECK(slot_of(watch, 7) != NO_ROW);
	tree_put(CPUS "online", "0,2,7\n");
	watch_list(watch);
	CHECK_INT(watch->births, 0);
	CHECK_INT(watch->deaths, 1);
	CHECK(slot_of(watch, 1) == NO_ROW);
	tree_put(CPUS "online", "0-2,7\n");
	watch_list(watch);
	CHECK_INT(watch->births, 1);
	CHECK(slot_of(watch, 1) != NO_ROW);
	watch_close(watch);
}

TEST(without_a_sysfs_the_rows_are_those_of_stat)
{
	struct linux_cpu_times times;
	struct linux_cpu_name name;
	struct watch *watch;

	tree_begin();
	tree_put("proc/stat",
		"cpu  5 0 0 0\ncpu3 1 2 3 4 5 6 7 8 0 0\ncpu4 0 0 0 0 0 0 0 0 0 0\n"
		"intr 1\nprocesses 100\n");
	watch = open_tree();
	watch_list(watch);
	CHECK_INT(watch->births, 2);
	CHECK_INT(read_source(watch, 3, SOURCE_cpu_name, &name), STATE_OK);
	CHECK_TEXT(watch_text(&name.name), "cpu3");
	CHECK_INT(name.number, 3);
	CHECK_INT(read_source(watch, 3, SOURCE_cpu_times, &times), STATE_OK);
	CHECK_INT(times.busy, 1 + 2 + 3 + 6 + 7);
	/* Nothing is counted, not even idling. */
	CHECK_INT(read_source(watch, 4, SOURCE_cpu_times, &times), STATE_UNSUPPORTED);
	CHECK(reason(watch, SOURCE_cpu_topology) && reason(watch, SOURCE_cpu_frequency));
	CHECK(reason(watch, SOURCE_cpu_idle) && reason(watch, SOURCE_cpu_throttle));
	CHECK(reason(watch, SOURCE_cpu_temperature));
	watch_close(watch);
}

TEST(stat_is_read_once_a_round_however_long_it_is)
{
	enum { CORES = 700 };
	static char text[CORES * 64 + 4096];
	struct linux_cpu_times times;
	struct watch *watch;
	size_t length = 0;

	for (int i = 0; i < CORES; i++)
		length += (size_t)snprintf(text + length, sizeof text - length,
			"cpu%d %d 0 0 1 0 0 0 0 0 0\n", i, i + 1);
	snprintf(text + length, sizeof text - length, "intr 1\n");
	tree_begin();
	tree_put("proc/stat", text);
	tree_put(CPUS "online", "0-699\n");
	watch = open_tree();
	watch_list(watch);
	CHECK_INT(watch->births, CORES);
	for (uint32_t i = 0; i < CORES; i++) {
		CHECK_INT(read_source(watch, i, SOURCE_cpu_times, &times), STATE_OK);
		CHECK_INT(times.user, i + 1);
	}
	tree_remove("proc/stat");
	CHECK_INT(read_source(watch, 9, SOURCE_cpu_times, &times), STATE_OK);
	watch_list(watch);
	CHECK_INT(read_source(watch, 9, SOURCE_cpu_times, &times), STATE_NONE);
	tree_put("proc/stat", "cpu9 1 1 1 1 1 1 1");
	watch_list(watch);
	CHECK_INT(read_source(watch, 9, SOURCE_cpu_times, &times), STATE_FAILED);
	watch_close(watch);
}

TEST(idle_time_that_was_lost_with_a_hotplug_is_not_lost)
{
	struct linux_cpu_times times;
	struct watch *watch;

	tree_begin();
	tree_put(CPUS "online", "0\n");
	tree_put("proc/stat", "cpu0 1 0 0 90000 7000 0 0 0 0 0\nintr\n");
	watch = open_tree();
	watch_list(watch);
	CHECK_INT(read_source(watch, 0, SOURCE_cpu_times, &times), STATE_OK);
	tree_put("proc/stat", "cpu0 1 0 0 11 2 0 0 0 0 0\nintr\n");
	watch_list(watch);
	CHECK_INT(read_source(watch, 0, SOURCE_cpu_times, &times), STATE_OK);
	CHECK_INT(times.idle, 90011);
	CHECK_INT(times.iowait, 7002);
	watch_close(watch);
}

/* ---------------------------------------------------------------------------- topology */

static const char *type_of(struct watch *watch, uint32_t number)
{
	struct linux_cpu_topology topology;

	CHECK_INT(read_source(watch, number, SOURCE_cpu_topology, &topology), STATE_OK);
	return watch_text(&topology.type);
}

static void put_capacities(const char *a, const char *b, const char *c)
{
	tree_put(CPUS "online", "0-2\n");
	tree_put(CPUS "cpu0/cpu_capacity", a);
	tree_put(CPUS "cpu1/cpu_capacity", b);
	tree_put(CPUS "cpu2/cpu_capacity", c);
}

TEST(types_by_capacity)
{
	struct watch *watch;

	tree_begin();
	put_capacities("1024\n", "1024\n", "1009\n");
	watch = open_tree();
	watch_list(watch);
	CHECK_TEXT(type_of(watch, 0), "");
	CHECK_TEXT(type_of(watch, 2), "");
	put_capacities("326\n", "828\n", "1024\n");
	watch_list(watch);
	CHECK_TEXT(type_of(watch, 0), "efficiency");
	CHECK_TEXT(type_of(watch, 1), "middle");
	CHECK_TEXT(type_of(watch, 2), "performance");
	put_capacities("garbage\n", "828\n", "1024\n");
	watch_list(watch);
	CHECK_TEXT(type_of(watch, 0), "");
	CHECK_TEXT(type_of(watch, 1), "efficiency");
	watch_close(watch);
}

TEST(types_by_the_units_of_intel_come_first)
{
	struct watch *watch;

	tree_begin();
	put_capacities("1024\n", "700\n", "400\n");
	tree_put("sys/devices/cpu_core/cpus", "0-1\n");
	tree_put("sys/devices/cpu_atom/cpus", "2\n");
	watch = open_tree();
	watch_list(watch);
	CHECK_TEXT(type_of(watch, 1), "performance");
	CHECK_TEXT(type_of(watch, 2), "efficiency");
	watch_close(watch);
}

TEST(a_place_that_the_kernel_does_not_know_is_none)
{
	struct linux_cpu_topology topology;
	struct watch *watch;

	tree_begin();
	tree_put(CPUS "online", "0\n");
	tree_put(CPUS "cpu0/topology/physical_package_id", "-1\n");
	tree_put(CPUS "cpu0/topology/cluster_id", "65535\n");
	tree_put(CPUS "cpu0/topology/die_id", "x\n");
	tree_put(CPUS "cpu0/topology/core_id", "36\n");
	watch = open_tree();
	watch_list(watch);
	CHECK_INT(read_source(watch, 0, SOURCE_cpu_topology, &topology), STATE_OK);
	CHECK(topology.socket == ABSENT_U64(STATE_NONE));
	CHECK(topology.cluster == ABSENT_U64(STATE_NONE));
	CHECK(topology.die == ABSENT_U64(STATE_FAILED));
	CHECK(topology.node == ABSENT_U64(STATE_NONE));
	CHECK(topology.capacity == ABSENT_U64(STATE_NONE));
	CHECK_INT(topology.core, 36);
	CHECK_INT(topology.siblings.state, STATE_NONE);
	watch_close(watch);
}

/* -------------------------------------------------------------------- frequency and idle */

TEST(a_frequency_is_right_or_absent)
{
	struct linux_cpu_frequency frequency;
	struct linux_cpu_policy policy;
	struct watch *watch;

	tree_begin();
	tree_put(CPUS "online", "0-1\n");
	tree_put(CPUS "cpu0/cpufreq/scaling_cur_freq", "0\n");
	tree_put(CPUS "cpu0/cpufreq/cpuinfo_avg_freq", "99999999999\n");
	tree_put(CPUS "cpu0/cpufreq/scaling_min_freq", "<unknown>\n");
	tree_put(CPUS "cpu0/cpufreq/scaling_max_freq", "2400000\n");
	tree_put(CPUS "cpu0/cpufreq/scaling_governor", "schedutil\n");
	tree_put(CPUS "cpu0/acpi_cppc/nominal_freq", "0\n");
	tree_put(CPUS "cpu1/online", "1\n");
	watch = open_tree();
	watch_list(watch);
	CHECK_INT(run_source(watch, 0, SOURCE_cpu_frequency, &frequency), STATE_OK);
	CHECK(frequency.now == ABSENT_U64(STATE_FAILED));
	CHECK(frequency.average == ABSENT_U64(STATE_FAILED));
	CHECK_INT(run_source(watch, 0, SOURCE_cpu_policy, &policy), STATE_OK);
	CHECK(policy.min == ABSENT_U64(STATE_FAILED));
	CHECK_INT(policy.max, 2400000);
	CHECK(policy.hardware_max == ABSENT_U64(STATE_NONE));
	CHECK(policy.base == ABSENT_U64(STATE_NONE));
	CHECK_TEXT(watch_text(&policy.governor), "schedutil");
	CHECK_INT(policy.driver.state, STATE_NONE);
	tree_put(CPUS "cpu0/acpi_cppc/nominal_freq", "1900\n");
	CHECK_INT(run_source(watch, 0, SOURCE_cpu_policy, &policy), STATE_OK);
	CHECK_INT(policy.base, 1900000);
	CHECK_INT(run_source(watch, 1, SOURCE_cpu_frequency, &frequency), STATE_NONE);
	CHECK(!reason(watch, SOURCE_cpu_frequency));
	watch_close(watch);
}

TEST(idle_states_are_added_up)
{
	struct linux_cpu_idle idle;
	struct linux_cpu_idle_counts counts;
	struct linux_cpu_idle_states states;
	struct watch *watch;
	char path[128];

	tree_begin();
	tree_put(CPUS "online", "0\n");
	for (int i = 0; i < 10; i++) {
		char text[32];
		snprintf(path, sizeof path, CPUS "cpu0/cpuidle/state%d/time", i);
		snprintf(text, sizeof text, "%d\n", 1 << i);
		tree_put(path, text);
		snprintf(path, sizeof path, CPUS "cpu0/cpuidle/state%d/usage", i);
		tree_put(path, "2\n");
		snprintf(path, sizeof path, CPUS "cpu0/cpuidle/state%d/name", i);
		snprintf(text, sizeof text, "C%d\n", i);
		tree_put(path, text);
	}
	watch = open_tree();
	watch_list(watch);
	CHECK_INT(read_source(watch, 0, SOURCE_cpu_idle, &idle), STATE_OK);
	CHECK_INT(idle.total, 1023);
	CHECK_INT(idle.deepest, 512);
	CHECK_INT(idle.state0, 1);
	CHECK_INT(idle.state7, 128);
	CHECK_INT(read_source(watch, 0, SOURCE_cpu_idle_counts, &counts), STATE_OK);
	CHECK_INT(counts.entries, 20);
	CHECK(counts.too_deep == ABSENT_U64(STATE_NONE)); /* before Linux 5.0 */
	CHECK_INT(read_source(watch, 0, SOURCE_cpu_idle_states, &states), STATE_OK);
	CHECK_TEXT(watch_text(&states.names), "C0,C1,C2,C3,C4,C5,C6,C7,C8,C9");
	CHECK_TEXT(watch_text(&states.deepest), "C9");
	/* One that cannot be read is missing in the sum. */
	tree_put(CPUS "cpu0/cpuidle/state2/time", "x\n");
	CHECK_INT(read_source(watch, 0, SOURCE_cpu_idle, &idle), STATE_OK);
	CHECK(idle.state2 == ABSENT_U64(STATE_FAILED) &&
		idle.total == ABSENT_U64(STATE_FAILED));
	CHECK_INT(idle.state3, 8);
	CHECK_INT(idle.deepest, 512);
	watch_close(watch);
}

/* ------------------------------------------------------------------------- temperature */

static void put_core(int number, const char *socket, const char *core)
{
	char path[96];

	snprintf(path, sizeof path, CPUS "cpu%d/topology/physical_package_id", number);
	tree_put(path, socket);
	snprintf(path, sizeof path, CPUS "cpu%d/topology/core_id", number);
	tree_put(path, core);
}

static void put_sensor(int device, int number, const char *label, const char *value)
{
	char path[96];

	snprintf(path, sizeof path, "sys/class/hwmon/hwmon%d/name", device);
	tree_put(path, "coretemp\n");
	snprintf(path, sizeof path, "sys/class/hwmon/hwmon%d/temp%d_label", device, number);
	tree_put(path, label);
	snprintf(path, sizeof path, "sys/class/hwmon/hwmon%d/temp%d_input", device, number);
	tree_put(path, value);
}

static int temperature(struct watch *watch, uint32_t number, int64_t *ret_mc)
{
	struct linux_cpu_temperature sample;
	int result = run_source(watch, number, SOURCE_cpu_temperature, &sample);

	*ret_mc = sample.now;
	return result;
}

TEST(a_sensor_belongs_to_the_core_of_its_socket)
{
	struct watch *watch;
	int64_t mc;

	tree_begin();
	tree_put(CPUS "online", "0-3\n");
	put_core(0, "0\n", "4\n");
	put_core(1, "1\n", "4\n");
	put_core(2, "1\n", "5\n");
	put_core(3, "1\n", "6\n");
	put_sensor(2, 1, "Package id 1\n", "70000\n");
	put_sensor(2, 6, "Core 4\n", "61000\n");
	put_sensor(2, 7, "Core 6\n", "9000000\n");
	put_sensor(5, 6, "Core 4\n", "51000\n");
	put_sensor(5, 1, "Package id 0\n", "71000\n");
	tree_put("sys/class/hwmon/hwmon1/name", "k10temp\n");
	tree_put("sys/class/hwmon/hwmon1/temp1_label", "Core 5\n");
	watch = open_tree();
	watch_list(watch);
	CHECK(!reason(watch, SOURCE_cpu_temperature));
	CHECK_INT(temperature(watch, 0, &mc), STATE_OK);
	CHECK_INT(mc, 51000);
	CHECK_INT(temperature(watch, 1, &mc), STATE_OK);
	CHECK_INT(mc, 61000);
	CHECK_INT(temperature(watch, 2, &mc), STATE_NONE);
	CHECK_INT(temperature(watch, 3, &mc), STATE_FAILED);
	watch_close(watch);
}

TEST(sensors_that_may_be_of_another_core_are_of_none)
{
	struct watch *watch;
	int64_t mc;

	tree_begin();
	tree_put(CPUS "online", "0\n");
	put_core(0, "0\n", "0\n");
	put_sensor(0, 2, "Core 0\n", "40000\n");
	watch = open_tree();
	watch_list(watch);
	/* An old one does not name its socket. */
	CHECK_INT(temperature(watch, 0, &mc), STATE_OK);
	CHECK_INT(mc, 40000);
	watch_close(watch);
	/* Two dies, each with a core 0. */
	put_sensor(0, 1, "Package id 0\n", "41000\n");
	put_sensor(1, 1, "Package id 0\n", "42000\n");
	put_sensor(1, 2, "Core 0\n", "43000\n");
	watch = open_tree();
	watch_list(watch);
	CHECK_INT(temperature(watch, 0, &mc), STATE_NONE);
	watch_close(watch);
}

/* ------------------------------------------------------------------------------- model */

TEST(models_are_read_for_all_that_wait)
{
	struct linux_cpu_model first, second;
	struct watch *watch;

	tree_begin();
	tree_put(CPUS "online", "0-1\n");
	tree_put("proc/cpuinfo", "processor\t: 0\nmodel name\t: A\n\nprocessor\t: 1\n"
				 "model name\t: B\n\n");
	watch = open_tree();
	watch_list(watch);
	CHECK_INT(run_source(watch, 0, SOURCE_cpu_model, &first), STATE_OK);
	CHECK_TEXT(watch_text(&first.text), "A");
	tree_remove("proc/cpuinfo");
	CHECK_INT(run_source(watch, 1, SOURCE_cpu_model, &second), STATE_OK);
	CHECK_TEXT(watch_text(&second.text), "B");
	watch_list(watch);
	CHECK_INT(run_source(watch, 1, SOURCE_cpu_model, &second), STATE_NONE);
	watch_close(watch);
}

/* Its worker may still be at it when nobody wants the table any more. */
TEST(a_model_is_read_though_the_table_is_closed)
{
	static char text[1024];
	struct linux_cpu_model sample = {0};
	struct job job = {.source = SOURCE_cpu_model, .sample = &sample, .text = text};
	struct watch *watch;

	tree_begin();
	tree_put(CPUS "online", "0\n");
	tree_put("proc/cpuinfo", "processor\t: 0\nmodel name\t: A\n");
	watch = open_tree();
	watch_list(watch);
	job.provider = watch->provider;
	CHECK_INT(watch->provider->job_prepare(watch->handle, &job), STATE_OK);
	watch->provider->close(watch->handle);
	CHECK_INT(watch->provider->job_run(&job), STATE_OK);
	CHECK_TEXT(watch_text(&sample.text), "A");
	watch->provider->job_release(&job);
	platform_destroy(watch->platform);
	free(watch);
}

TEST(this_machine_has_cores_that_were_busy)
{
	struct watch *watch = open_cpus(NULL, NULL);
	struct linux_cpu_times times;
	uint64_t busy = 0;

	watch_list(watch);
	CHECK(watch->births > 0);
	for (uint32_t number = 0; number < 1024; number++)
		if (slot_of(watch, number) != NO_ROW) {
			CHECK_INT(
				read_source(watch, number, SOURCE_cpu_times, &times), STATE_OK);
			busy += times.busy;
		}
	CHECK(busy > 0);
	watch_close(watch);
}

TESTS(CASE(lines_of_cores_are_found), CASE(a_bad_line_spoils_no_other),
	CASE(lines_may_be_cut_anywhere), CASE(each_time_is_counted_once),
	CASE(a_counter_that_begins_anew_goes_on), CASE(lists_of_cores),
	CASE(models_are_those_of_their_core), CASE(a_core_is_a_row_while_it_is_online),
	CASE(without_a_sysfs_the_rows_are_those_of_stat),
	CASE(stat_is_read_once_a_round_however_long_it_is),
	CASE(idle_time_that_was_lost_with_a_hotplug_is_not_lost), CASE(types_by_capacity),
	CASE(types_by_the_units_of_intel_come_first),
	CASE(a_place_that_the_kernel_does_not_know_is_none),
	CASE(a_frequency_is_right_or_absent), CASE(idle_states_are_added_up),
	CASE(a_sensor_belongs_to_the_core_of_its_socket),
	CASE(sensors_that_may_be_of_another_core_are_of_none),
	CASE(models_are_read_for_all_that_wait),
	CASE(a_model_is_read_though_the_table_is_closed),
	CASE(this_machine_has_cores_that_were_busy))
