/*
 * Coalition: table COALITION, whose rows are the cgroups that can be seen: the directories of
 * the hierarchy that PROCESS's attribute cgroup shows (cgroup_mount.h), which is the unified one
 * wherever there is one. A row's identity is the inode number of its directory, as is
 * PROCESS's attribute coalition. One file a source.
 *
 * Values come from the cgroup's own files, and where a controller is bound to one of the older
 * hierarchies, from the directory of the same path there (cgroups(7), hybrid).
 */
#ifndef LINUX_COALITION_H
#define LINUX_COALITION_H

#include <sys/types.h>

#include "../cgroup_mount.h"
#include "../host.h"
#include "devices.h"
#include "flat.h"
#include "label.h"

/* In the order in which the table has them. */
enum coalition_source_index {
	SOURCE_coalition_identity,
	SOURCE_coalition_state,
	SOURCE_coalition_processes,
	SOURCE_coalition_tasks,
	SOURCE_coalition_cpu,
	SOURCE_coalition_usage,
	SOURCE_coalition_memory,
	SOURCE_coalition_peaks,
	SOURCE_coalition_failures,
	SOURCE_coalition_io,
	SOURCE_coalition_pressure_cpu,
	SOURCE_coalition_pressure_memory,
	SOURCE_coalition_pressure_io,
	SOURCE_coalition_limits,
	SOURCE_coalition_container,
	COALITION_SOURCE_COUNT,
};

/* ------------------------------------------------------------------- samples */

struct linux_coalition_identity {
	uint64_t id, parent, user;
	struct sample_text name, kind, path, app, container, runtime, pod;
};

struct linux_coalition_state {
	uint64_t populated, frozen;
};

struct linux_coalition_processes {
	uint64_t count;
};

struct linux_coalition_tasks {
	uint64_t count;
};

/* Times in ns. */
struct linux_coalition_cpu {
	uint64_t total, user, system;
	uint64_t periods, throttled_periods, throttled;
};

struct linux_coalition_usage {
	uint64_t bytes;
};

struct linux_coalition_memory {
	uint64_t anonymous, file, kernel, shared, slab, reclaimable, page_tables, sockets;
	uint64_t compressed, dirty, faults, faults_major;
	uint64_t swap, footprint;
};

struct linux_coalition_peaks {
	uint64_t memory, swap, tasks;
};

struct linux_coalition_failures {
	uint64_t low, high, limit, out, killed;
};

struct linux_coalition_io {
	uint64_t read, written, discarded; /* bytes */
	uint64_t reads, writes, discards;
};

/* One struct for each of the three files of the kind. */
struct coalition_pressure {
	uint64_t some, full; /* ns in all */
	double some_10s, full_10s;
};

struct linux_coalition_pressure_cpu {
	struct coalition_pressure value;
};

struct linux_coalition_pressure_memory {
	struct coalition_pressure value;
};

struct linux_coalition_pressure_io {
	struct coalition_pressure value;
};

struct linux_coalition_limits {
	double cores;
	uint64_t weight, tasks;
	uint64_t memory, high, low, min, swap;
};

struct linux_coalition_container {
	struct sample_text name;
};

/* --------------------------------------------------------------- hierarchies */

/* Controllers that may be bound to an older hierarchy. */
enum controller {
	CONTROLLER_CPU,
	CONTROLLER_CPUACCT,
	CONTROLLER_MEMORY,
	CONTROLLER_BLKIO,
	CONTROLLER_PIDS,
	CONTROLLER_FREEZER,
	CONTROLLERS,
};

struct hierarchies {
	struct cgroup_mount meant;              /* whose directories are the rows */
	struct cgroup_mount older[CONTROLLERS]; /* point NULL: there is none */
};

/*
 * Finds where they are mounted. In a substitute tree self/cgroup and self/mountinfo below
 * host->procfs say it, and what is mounted below /sys is looked for below host->sysfs.
 */
void hierarchies_find(struct hierarchies *self, const struct host *host);
void hierarchies_release(struct hierarchies *self);

static inline bool hierarchies_unified(const struct hierarchies *self)
{
	return self->meant.controllers && !*self->meant.controllers;
}

/* Why there are no rows; NULL: there are some. */
const char *coalition_unsupported(const struct host *host, enum cell_state *ret_state);
/* The same, or why no row has anything of a controller: that of the unified hierarchy, and
 * that of an older one (CONTROLLERS: none). */
const char *controller_unsupported(
	const struct host *host, const char *unified, enum controller older);

/* --------------------------------------------------------------------- the table */

enum { COALITION_BUFFER = 32 << 10 };

/* Files that are read at every tick while somebody wants their source, and stay open then. */
enum kept_file {
	KEPT_STATE,
	KEPT_TASKS,
	KEPT_CPU,
	KEPT_USAGE,
	KEPT_MEMORY,
	KEPT_SWAP,
	KEPT_IO,
	KEPT_PRESSURE_CPU,
	KEPT_PRESSURE_MEMORY,
	KEPT_PRESSURE_IO,
	KEPT_FILES,
	NOT_KEPT = KEPT_FILES,
};

/* What one device has done for one cgroup. */
struct device_share {
	uint64_t device; /* major << 32 | minor */
	uint64_t values[IO_VALUES];
};

struct coalition {
	uint64_t id, parent; /* parent 0: the uppermost that can be seen */
	char *path;          /* as in /proc/PID/cgroup */
	uint32_t below;      /* where in the path that begins which is below the mount point */
	uint32_t slot, parent_slot;
	uint32_t children;    /* met by the find that is going on */
	uint32_t links;       /* of the directory */
	uint64_t met;         /* by this find, at this path */
	int kept[KEPT_FILES]; /* descriptor + 1; 0: not open */
	struct label label;
	/* Growth of all devices so far: one that is unplugged takes nothing back. */
	struct device_share *shares;
	uint32_t share_count;
	uint64_t io[IO_VALUES];
};

/* A block device: does it carry another one, by which the same bytes were counted already? */
struct block_device {
	uint64_t device;
	bool carries;
};

struct coalitions {
	struct devices devices;
	struct hierarchies hierarchies;
	int root; /* the mount point */
	/*
	 * The directory of one row, for it is asked source after source. Its inode was compared:
	 * a new cgroup of an old name is another row.
	 */
	int lent;
	uint64_t lent_id;
	uint32_t kept, kept_max; /* open files of all rows */
	bool namespaced;         /* the uppermost is not the machine's own root */
	struct block_device *block_devices;
	uint32_t block_device_count;
	uint64_t block_devices_round;
	char buffer[COALITION_BUFFER];
};

static inline struct coalitions *coalitions_of(struct devices *devices)
{
	return (struct coalitions *)(void *)devices;
}

/* All of the cgroup's own file, into table->buffer; its length or a negative errno: -ENOENT
 * where there is no such file. */
ssize_t coalition_read(
	struct coalitions *table, struct coalition *row, const char *name, enum kept_file kept);
/* The same of the directory in an older hierarchy. */
ssize_t coalition_read_older(struct coalitions *table, const struct coalition *row,
	enum controller controller, const char *file);
/* Whichever of the two has the controller. */
ssize_t coalition_read_either(struct coalitions *table, struct coalition *row, const char *file,
	enum kept_file kept, enum controller controller, const char *older);
/* Closes what is kept open of a row but is not of these sources (bit mask). */
void coalition_close_kept(struct coalitions *table, struct coalition *row, uint32_t wanted);
/* How many files may be kept open. */
uint32_t coalition_kept_max(void);
/* Opens its directory; the descriptor stays the table's. */
int coalition_directory(struct coalitions *table, const struct coalition *row);
/* The state of what could not be read. */
enum cell_state coalition_state_of(ssize_t error);
/* A file that is one number, "max" being STATE_NONE, of what coalition_read*() returned. */
uint64_t coalition_number(const struct coalitions *table, ssize_t length);

static inline bool coalition_has_older(
	const struct coalitions *table, enum controller controller)
{
	return table->hierarchies.older[controller].point;
}

/* The text behind a key, quotes and colon included in it, of a JSON file; podman's name of the
 * container with that id. -ENOENT: there is none; -EBADMSG. */
int json_text_find(const char *bytes, size_t length, const char *key, const char **ret_text,
	size_t *ret_length);
int podman_name_find(const char *bytes, size_t length, const char *id, const char **ret_name,
	size_t *ret_length);

/* Adds up what was read of io.stat, by what each device grew. */
void io_add_up(struct coalitions *table, struct coalition *row, struct io_reader *reader);

extern const struct device_table coalition_table;
extern const struct device_source coalition_identity_source, coalition_state_source,
	coalition_processes_source, coalition_tasks_source, coalition_cpu_source,
	coalition_usage_source, coalition_memory_source, coalition_peaks_source,
	coalition_failures_source, coalition_io_source, coalition_pressure_cpu_source,
	coalition_pressure_memory_source, coalition_pressure_io_source, coalition_limits_source,
	coalition_container_source;

#define REMEDY_CGROUP                                                                          \
	"the directories of cgroups are closed to your user: open them, or run procmond as "   \
	"root"

#endif
