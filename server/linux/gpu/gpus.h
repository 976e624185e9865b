/*
 * GPUs: table GPU. A row for each GPU and each accelerator that sysfs has, for each of NVIDIA's
 * on the PCI bus, and for each instance of one that is partitioned (MIG).
 *
 *	gpus.c          the table: which rows there are
 *	gpus_find.c     looking for them
 *	gpus_state.c    what the kernel answers from memory: identity, power state
 *	gpus_rest.c     when a GPU is left alone, so that it can fall asleep
 *	gpus_job.c      what all slow sources share: is it awake, who is asked
 *	gpus_name.c     its name for people
 *	gpus_load.c     work and frequencies
 *	gpus_memory.c, gpus_power.c, gpus_limits.c, gpus_link.c
 *	gpus_parse.c    the formats of drivers
 *	sysfs.c         files that hold one value
 *
 * The promise: a suspended GPU is never woken, and none is kept awake. Of a device nothing is
 * opened but its uevent and what is below power/, which the kernel answers from memory, unless it
 * was seen to be awake just before; and one that seems unused is left alone for as long as it
 * would take to fall asleep.
 *
 * What is NVIDIA's driver's is asked from its library (../nvml), everything else is in sysfs.
 */
#ifndef LINUX_GPUS_H
#define LINUX_GPUS_H

#include <string.h>

#include "../host.h"
#include "../nvml/nvml.h"
#include "devices.h"

/* In the order in which the table has them. */
enum gpus_source_index {
	SOURCE_gpu_identity,
	SOURCE_gpu_state,
	SOURCE_gpu_name,
	SOURCE_gpu_load,
	SOURCE_gpu_memory,
	SOURCE_gpu_power,
	SOURCE_gpu_limits,
	SOURCE_gpu_link,
	GPUS_SOURCE_COUNT,
};

struct linux_gpu_identity {
	struct sample_text kind, address, driver, node, pci_id;
};

struct linux_gpu_state {
	struct sample_text state;
	uint64_t active_ms, suspended_ms;
};

struct linux_gpu_name {
	struct sample_text name, uuid;
};

struct linux_gpu_load {
	double busy, busy_memory, busy_video, busy_encoder, busy_decoder;
	uint64_t busy_ns, idle_ns;
	uint64_t frequency_hz, frequency_memory_hz, frequency_video_hz;
	uint64_t performance;
};

/* Bytes. */
struct linux_gpu_memory {
	uint64_t used, total, reserved;
	uint64_t visible_used, visible_total;
	uint64_t system_used, system_total;
};

struct linux_gpu_power {
	uint64_t power_mw, energy_nj, voltage_mv;
	int64_t temperature_mc, temperature_hot_mc, temperature_memory_mc;
	uint64_t fan_rpm;
	double fan;
};

struct linux_gpu_limits {
	uint64_t frequency_hz, frequency_memory_hz, power_mw;
};

struct linux_gpu_link {
	uint64_t speed, speed_max; /* transfers a second, of one lane */
	uint64_t width, width_max; /* lanes */
};

/* ------------------------------------------------------------------------------- its rows */

enum gpus_kind { GPUS_GPU, GPUS_ACCELERATOR, GPUS_INSTANCE };

enum {
	GPUS_PATH = 512,
	GPUS_ADDRESS = 128,
	GPUS_WORD = 64,
	GPUS_MAX = 128,  /* devices of sysfs */
	GPUS_TOLD = 160, /* GPUs and instances of NVIDIA's driver */
};

/* A GPU, and where its files are. */
struct gpus_place {
	enum gpus_kind kind;
	char address[GPUS_ADDRESS]; /* of PCI, else the path below /sys/devices */
	char uuid[NVML_TEXT];       /* of an instance: NVIDIA's; else "" */
	char name[NVML_TEXT];       /* likewise */
	char driver[GPUS_WORD];     /* "": none */
	char pci_id[GPUS_WORD];     /* "1002:744c"; "": no PCI device */
	char compatible[GPUS_WORD]; /* of a device tree: "brcm,2711-v3d" */
	char node[GPUS_WORD];       /* "card0,renderD128" */
	char device[GPUS_PATH];     /* its directory, or "" where sysfs hides it */
	char card[GPUS_PATH];       /* that of its card, "/sys/class/drm/card0", or "" */
};

/* When it is left alone; gpus_rest.c. */
struct gpus_rest {
	uint64_t active_ns;   /* when it was seen to work last */
	uint64_t rest_ns;     /* resting since; 0: not */
	uint64_t free_ns;     /* until then it is known that somebody else keeps it awake */
	uint64_t distance_ns; /* to the next rest */
};

/* What the table keeps of a row. */
struct gpus_row {
	struct gpus_place place;
	struct gpus_rest rest;
	uint64_t round; /* when `state` was found out */
	enum cell_state state;
	char name[NVML_TEXT], uuid[NVML_TEXT]; /* as told, which is kept while it sleeps */
	bool named;                            /* there is no better name to be had */
	char text[64];                         /* of its power state */
	uint64_t read_ns, busy_ns, idle_ns;    /* the latest reading of its load */
};

struct gpus {
	struct devices devices; /* first */
	struct gpus_place *places;
	uint32_t count, capacity;
	uint64_t found_ns;               /* when these were looked for; 0: never */
	struct nvml_gpu told[GPUS_TOLD]; /* by NVIDIA's library */
	uint32_t told_count;
	uint64_t asked[NVML_PARTS]; /* in which round NVIDIA's library was asked last */
	bool nvml;                  /* it is wanted */
};

/* Looks for them. Opens nothing that could wake a device. */
void gpus_find(struct gpus *self);
/* What was found at that address; NULL: nothing. */
struct gpus_place *gpus_place_of(struct gpus *self, const char *address);

/* ----------------------------------------------------------------------------- is it awake */

/* By the directory of the device: can it be read without waking it up? Any thread. */
bool gpus_awake(const char *device);

/* Is it NVIDIA's library that is asked? */
static inline bool gpus_is_library_row(const struct gpus *self, const struct gpus_row *row)
{
	return self->nvml && strcmp(row->place.driver, "nvidia") == 0;
}

/* May it be read now? STATE_OK, or STATE_ASLEEP, also while it is left alone. */
enum cell_state gpus_row_state(struct gpus *self, struct gpus_row *row);

/* It is awake: may it be read, or is it left alone for a while? */
bool gpus_rest_allows(struct gpus_rest *self, const struct gpus_place *place, uint64_t now_ns);
/* It works. */
void gpus_rest_active(struct gpus_rest *self, uint64_t now_ns);
/* It sleeps. */
void gpus_rest_asleep(struct gpus_rest *self, uint64_t now_ns);

/* ------------------------------------------------------------------------------- the jobs */

/* Folders of a device that have one entry of any name, mostly. */
enum gpus_folder { GPUS_HWMON, GPUS_DEVFREQ, GPUS_FOLDERS };

/* All that a worker needs. */
struct gpus_job {
	struct gpus_place place;
	struct nvml *nvml; /* it is asked; NULL: sysfs is */
	enum nvml_part part;
	struct nvml_gpu gpu; /* what it answered */
	int directory;       /* of the device, while the job runs */
	bool failed;         /* something could not be read */
	bool looked[GPUS_FOLDERS];
	char folders[GPUS_FOLDERS][GPUS_WORD]; /* "hwmon/hwmon3"; "" if there is none */
};

/* Fills a sample, for which the job has an answer of NVIDIA's library, or an open device. */
typedef void gpus_fill(struct gpus_job *job, void *sample);

/* Asks NVIDIA's library for a part: all rows of a round get the same answer. */
void gpus_ask_library(struct gpus *self, enum nvml_part part);
/* As device_source.prepare: `part` is what NVIDIA's library is asked for; NVML_PARTS: nothing. */
int gpus_job_prepare(struct devices *table, void *row, enum nvml_part part, void **ret_job);
/* As device_source.run. */
int gpus_job_run(
	struct gpus_job *self, gpus_fill *of_library, gpus_fill *of_sysfs, void *sample);
void gpus_job_release(void *data);

/* Where a file is that has a number, and what that has to be multiplied by. */
struct gpus_file {
	enum { GPUS_OF_DEVICE, GPUS_OF_CARD, GPUS_OF_HWMON, GPUS_OF_DEVFREQ } where;
	const char *path; /* NULL ends a list */
	uint64_t scale;
};

/*
 * The number of the first of these files that is there, as what it is multiplied to; failed if
 * that is below 0 or above `most`.
 */
uint64_t gpus_number(struct gpus_job *self, const struct gpus_file *files, uint64_t most);
/* A text file of the device, of up to `size` bytes; the length or a negative errno. */
int gpus_read(struct gpus_job *self, const char *path, char *text, size_t size);
/* The levels of a clock in such a file, in MHz; see gpus_parse_levels(). STATE_OK or why not. */
enum cell_state gpus_read_levels(
	struct gpus_job *self, const char *path, uint64_t *ret_now, uint64_t *ret_most);
/* The first line of a file of its hwmon; "" if there is none. */
void gpus_hwmon_text(struct gpus_job *self, const char *file, char *text, size_t size);
/* What a negative errno of a file means. */
enum cell_state gpus_state_of(int error);

static inline bool gpus_is_known(uint64_t number)
{
	return number < ABSENT_U64(STATE_END);
}

/* A percentage as a ratio, or why there is none. */
double gpus_ratio(uint64_t percent);
/* A number in another unit. */
uint64_t gpus_scaled(uint64_t number, uint64_t scale);

/* ---------------------------------------------------------------------------- the sources */

extern const struct device_source gpu_identity_source;
extern const struct device_source gpu_state_source;
extern const struct device_source gpu_name_source;
extern const struct device_source gpu_load_source;
extern const struct device_source gpu_memory_source;
extern const struct device_source gpu_power_source;
extern const struct device_source gpu_limits_source;
extern const struct device_source gpu_link_source;
extern const struct device_table gpu_table;

#define GPUS_REMEDY                                                                            \
	"the driver tells it to root alone on this machine: run procmond as root, or let its " \
	"user read the files of the device in sysfs"

/* Of all of them: why there is nothing on this host. */
const char *gpus_unsupported(const struct host *host, enum cell_state *ret_state);

/* ------------------------------------------------------------------------------- parsers */

/*
 * A table of amdgpu's levels: "1: 2482Mhz *", the star at the one in use. Either result may be
 * UINT64_MAX: not said. Returns 0 or -EBADMSG: no line is one.
 */
int gpus_parse_levels(
	const char *bytes, size_t length, uint64_t *ret_now_mhz, uint64_t *ret_max_mhz);
/* The sum of the last column, ns, of v3d's table of queues; -EBADMSG. */
int gpus_parse_queues(const char *bytes, size_t length, uint64_t *ret_busy_ns);
/* "8.0 GT/s PCIe" in transfers a second; -ENODATA: "Unknown"; -EBADMSG. */
int gpus_parse_speed(const char *text, uint64_t *ret_speed);
/* The name of "1002:744c" in a list of PCI devices as pciutils has it; false: it has none. */
bool gpus_parse_pci_ids(const char *bytes, size_t length, const char *id, char name[NVML_TEXT]);

#endif
