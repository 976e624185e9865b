/*
 * Cpu: table CPU, which has a row for each logical core that is online. One file a source.
 *
 * A core is known by its number, which the kernel gives to no other one. What is taken offline
 * leaves the table; when it comes back it is the same core, with the same identity.
 */
#ifndef LINUX_CPU_H
#define LINUX_CPU_H

#include "../host.h"
#include "../parse.h"
#include "../sysfs.h"
#include "devices.h"

/* In the order in which the table has them. */
enum cpu_source_index {
	SOURCE_cpu_name,
	SOURCE_cpu_topology,
	SOURCE_cpu_model,
	SOURCE_cpu_times,
	SOURCE_cpu_frequency,
	SOURCE_cpu_policy,
	SOURCE_cpu_idle,
	SOURCE_cpu_idle_counts,
	SOURCE_cpu_idle_states,
	SOURCE_cpu_throttle,
	SOURCE_cpu_temperature,
	CPU_SOURCE_COUNT,
};

struct linux_cpu_name {
	struct sample_text name;
	uint64_t number;
};

struct linux_cpu_topology {
	uint64_t socket, die, cluster, core, node, capacity;
	struct sample_text siblings, type;
};

struct linux_cpu_model {
	struct sample_text text;
};

/* Clock ticks. Each is counted once: guests are in none of the others but busy. */
struct linux_cpu_times {
	uint64_t busy;
	uint64_t user, nice, system, idle, iowait, irq, softirq, steal, guest, guest_nice;
};

/* kHz */
struct linux_cpu_frequency {
	uint64_t now, average;
};

/* kHz */
struct linux_cpu_policy {
	uint64_t min, max, hardware_min, hardware_max, base;
	struct sample_text governor, driver, preference;
};

/* Microseconds. States are numbered from the shallowest on. */
enum { IDLE_COLUMNS = 8 };
struct linux_cpu_idle {
	uint64_t total, deepest;
	uint64_t state0, state1, state2, state3, state4, state5, state6, state7;
};

struct linux_cpu_idle_counts {
	uint64_t entries, too_deep, too_shallow, rejected;
};

struct linux_cpu_idle_states {
	struct sample_text names, deepest;
};

/* Times in milliseconds. */
struct linux_cpu_throttle {
	uint64_t count, time, socket_count, socket_time;
};

/* Millidegrees Celsius. */
struct linux_cpu_temperature {
	int64_t now;
};

/* ----------------------------------------------------------------------- the table */

struct cpuinfo;
struct core_sensor;

struct cpus {
	struct devices devices;
	int directory; /* .../system/cpu of the sysfs; -1: it is hidden */
	/* /proc/stat of the latest round in which it was read. */
	struct cpu_line *lines;
	uint32_t line_count, line_capacity;
	uint64_t lines_round;
	int lines_error; /* 0 or a negative errno */
	char *buffer;
	size_t buffer_size;
	/* The largest and the smallest capacity, in this round. */
	uint64_t capacities_round, capacity_max, capacity_min;
	struct cpuinfo *cpuinfo;     /* of source model; NULL: not wanted in this round */
	struct core_sensor *sensors; /* of source temperature */
	uint32_t sensor_count;
	uint64_t sensors_ns; /* when they were looked for; 0: not yet */
	/* Texts of samples, each until its source is read again. */
	char name[16], siblings[512], state_names[256], deepest[32];
};

/* A counter that may begin anew. */
struct cpu_counter {
	uint64_t seen, base;
};

struct cpu {
	uint32_t number;
	struct cpu_counter idle, iowait;
};

static inline struct cpus *cpus_of(struct devices *devices)
{
	return (struct cpus *)(void *)devices;
}

extern const struct device_table cpu_table;
extern const struct device_source cpu_topology_source, cpu_model_source, cpu_times_source;
extern const struct device_source cpu_frequency_source, cpu_policy_source;
extern const struct device_source cpu_idle_source, cpu_idle_counts_source;
extern const struct device_source cpu_idle_states_source, cpu_throttle_source;
extern const struct device_source cpu_temperature_source;

/* Where what is said of cores is kept from users. */
#define REMEDY_CPU                                                                             \
	"this system hides the files of its processors from users: run procmond as root"

enum { CPU_PATH = 80 };
/* "cpu3/NAME" into `path`, which is below cpus.directory. */
const char *cpu_path(const struct cpu *cpu, const char *name, char path[CPU_PATH]);
/* Has any core such a file? */
bool cpus_have(const struct host *host, const char *name);
/* Why the sysfs cannot tell of cores on this host; NULL: it can. */
const char *cpus_hidden(const struct host *host, enum cell_state *ret_state);

/* Reads /proc/stat, if that was not done in this round. 0 or a negative errno. */
int cpus_read_lines(struct cpus *self);
/* What was read for the workers of one round is forgotten, as soon as they are done with it. */
void cpus_forget_model(struct cpus *self);
void cpus_forget_sensors(struct cpus *self);

/* ------------------------------------------------------------------------- parsers */

/* The next range of a list as "0-3,8"; false: there is no more of it, or it is none. */
bool cpu_list_next(struct scan *scan, uint32_t *ret_first, uint32_t *ret_last);
bool cpu_list_has(const char *text, uint32_t number);

/* A line cpuN of /proc/stat. */
struct cpu_line {
	uint32_t number;
	bool good;
	struct linux_cpu_times times; /* as the kernel has them: guests in user and nice too */
};

/*
 * The lines of cores at the beginning of /proc/stat, `capacity` of them at most. Returns how many
 * there are; *ret_more: the bytes end among them.
 */
int64_t cpu_lines_parse(const char *bytes, size_t length, struct cpu_line *lines,
	uint32_t capacity, bool *ret_more);
/* Each time counted once. False: all are 0, so that nothing is counted. */
bool cpu_times_of(const struct cpu_line *line, struct linux_cpu_times *ret_times);
/* A counter that begins anew goes on from what it was; small steps back are not that. */
uint64_t cpu_counter_follow(struct cpu_counter *self, uint64_t value, uint64_t step);

/* What /proc/cpuinfo calls core `number`; points into the bytes, or into `text`. Its length, 0:
 * it does not say. */
size_t cpu_model_parse(const char *bytes, size_t length, uint32_t number, char text[64],
	const char **ret_model);

#endif
