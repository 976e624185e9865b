/*
 * Power: table POWER: meters of power and energy, batteries and adapters. One file a source.
 *
 *	power.c     the table, what a row is, and what a worker gets of it
 *	rapl.c      which meters there are in processors
 *	hwmon.c     which ones are on the board
 *	supply.c    which batteries and adapters there are
 *	meter.c     energy from one reading after the other
 *
 * The scans read what the kernel has in memory: names and types. All else may ask a chip by a
 * slow bus, or firmware, and is left to workers.
 */
#ifndef LINUX_POWER_H
#define LINUX_POWER_H

#include "../host.h"
#include "devices.h"
#include "meter.h"

/* In the order in which the table has them. */
enum power_source_index {
	SOURCE_power_meter,
	SOURCE_power_energy,
	SOURCE_power_draw,
	SOURCE_power_limits,
	SOURCE_battery_charge,
	SOURCE_battery_details,
	SOURCE_adapter_state,
	POWER_SOURCE_COUNT,
};

struct linux_power_meter {
	struct sample_text name, kind, part_of;
	uint64_t in_total;
};

struct linux_power_energy {
	uint64_t total_nj;
};

struct linux_power_draw {
	uint64_t now_uw;
};

struct linux_power_limits {
	uint64_t limit_uw, short_uw;
};

/* Energies in nJ, times in s. */
struct linux_battery_charge {
	struct sample_text status;
	uint64_t energy, full, design;
	double level;
	uint64_t until_empty, until_full;
};

struct linux_battery_details {
	struct sample_text health, technology, manufacturer, model;
	uint64_t cycles;
};

struct linux_adapter_state {
	uint64_t online;
};

/* ---------------------------------------------------------------------------- rows */

enum power_kind {
	POWER_RAPL,
	POWER_HWMON_POWER,
	POWER_HWMON_ENERGY,
	POWER_BATTERY,
	POWER_DEVICE_BATTERY,
	POWER_ADAPTER,
};

#define POWER_IS(kind)  (UINT32_C(1) << POWER_##kind)
#define POWER_BATTERIES (POWER_IS(BATTERY) | POWER_IS(DEVICE_BATTERY))

enum { POWER_NAME_SIZE = 128, POWER_PATH_SIZE = 512, CHANNEL_SIZE = 24 };

/* What a scan found. */
struct power_finding {
	enum power_kind kind;
	const char *path;    /* of the directory that has its files */
	const char *channel; /* "power1", "energy2": how these begin; "" */
	const char *name, *part_of;
	const char *status; /* path of the file that is looked at first; NULL: never sleeps */
	uint64_t in_total;  /* 1, 0 or STATE_NONE */
	uint64_t range;     /* µJ; see rapl.h */
};

/* Each calls visit() for all that it finds. */
void power_scan_rapl(const struct host *host,
	void (*visit)(void *context, const struct power_finding *finding), void *context);
void power_scan_hwmon(const struct host *host,
	void (*visit)(void *context, const struct power_finding *finding), void *context);
void power_scan_supplies(const struct host *host,
	void (*visit)(void *context, const struct power_finding *finding), void *context);

struct power_row {
	enum power_kind kind;
	char path[POWER_PATH_SIZE], channel[CHANNEL_SIZE];
	uint64_t inode; /* of that directory: if it differs, it is another device's */
	char name[POWER_NAME_SIZE], part_of[POWER_NAME_SIZE];
	char *status; /* see struct power_finding */
	uint64_t in_total;
	uint64_t range;
	struct meter meter;
};

/* What a worker has of a row. */
struct power_job {
	enum power_kind kind;
	int directory;
	char channel[CHANNEL_SIZE];
	char *status;     /* see struct power_finding */
	uint64_t read_ns; /* when it read */
};

/* prepare() and release() of the slow sources: the first says STATE_NONE of rows of other kinds
 * (bit mask). */
int power_job_prepare(const struct power_row *row, uint32_t kinds, void **ret_data);
void power_job_release(void *data);
/* Does the hardware sleep? Then run() opens nothing of it. */
bool power_job_asleep(const struct power_job *job);
/* The file of a channel: "power1" and "_input" for a sensor. */
struct power_file {
	char name[CHANNEL_SIZE + 32];
};
struct power_file power_channel_file(const struct power_job *job, const char *ending);

/* Is there anything of these kinds (bit mask) on this host? */
bool power_host_has(const struct host *host, uint32_t kinds);

extern const struct device_source power_meter_source, power_energy_source, power_draw_source,
	power_limits_source, battery_charge_source, battery_details_source,
	adapter_state_source;
extern const struct device_table power_table;

/* --------------------------------------------------------------------- arithmetic */

/* What cannot be is STATE_FAILED: more than any such device has, or less than nothing. */

/* In µW. The sign of a battery's power or current is left out: some drivers count what goes in
 * as positive, some what comes out, some neither. */
uint64_t power_of_battery(int64_t power);
uint64_t power_of_current(int64_t current, int64_t voltage); /* µA, µV */
uint64_t power_of_sensor(int64_t power);
/* In nJ, from µWh, or from µAh and µV. */
uint64_t energy_of_energy(int64_t amount);
uint64_t energy_of_charge(int64_t amount, int64_t voltage);

#endif
