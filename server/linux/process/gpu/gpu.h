/*
 * GPU: the inside of source gpu.
 *
 *	gpu.c          the source: what is read in the tick, what by a worker, and what a row gets
 *	gpu_job.c      what only workers may read
 *	gpu_scan.c     which descriptors of a process are GPUs
 *	gpu_links.c    reading where these point to
 *	gpu_file.c     reading what the kernel tells of one
 *	gpu_client.c   clients of GPU drivers: who holds them, and who they are charged to
 *	gpu_device.c   which GPU a device file is, and whether it sleeps
 *	gpu_sample.c   the sums of a row; gpu_words.c: its texts
 *	drm.c          one text of fdinfo; drm_meter.c: time from one text after the other
 *	kfd.c          AMD's compute queues, which are not in fdinfo
 *	nvml.c ..      NVIDIA
 *
 * A tick begins with the first row that is read. First the descriptors of all rows are brought
 * up to date, so that it is known who holds which client; only then is work credited.
 */
#ifndef LINUX_GPU_H
#define LINUX_GPU_H

#include "../../nvml/nvml.h"
#include "../process.h"
#include "drm.h"
#include "gpu_device.h"
#include "kfd.h"

/*
 * A client of a GPU driver: an open file in the kernel. Descriptors of several processes may
 * refer to it (fork, passed descriptors). It counts once: for the holder that started first.
 */
struct gpu_client {
	struct gpu_client *next; /* in its bucket */
	char device[GPU_NAME_SIZE];
	uint64_t id;
	struct drm_meter meter;
	struct drm_memory memory;
	uint64_t tick_ns; /* in which it was read last */
	uint64_t credited_ns[GPU_CLASSES], credited_garbage;
	bool credited;    /* once, to anybody */
	uint64_t told_ns; /* the tick in which a row was last told of it */
	bool disputed;    /* another holder started first: it is his from the next tick on */
	bool rebase;      /* what it did until its next reading is credited to nobody */
	uint32_t charged; /* slot; NONE */
	uint32_t *holders, holder_count, holder_capacity; /* slots, each once a descriptor */
};

enum gpu_file_flag {
	FILE_WAITED = 1, /* it was there in an earlier tick, and could not be read */
	FILE_SILENT = 2, /* its driver tells nothing by fdinfo */
	FILE_STALE = 4,  /* it is not what it was */
	FILE_FAILED = 8, /* reading it failed */
};

/* A descriptor of a GPU. */
struct gpu_file {
	uint32_t fd;
	uint32_t device;
	struct gpu_client *client; /* NULL: not known yet, or silent */
	uint8_t flags;
};

enum gpu_row_flag {
	GPU_SCANNED = 1,   /* its descriptors are known */
	GPU_SCANNING = 2,  /* a scan ran out of its budget: it goes on at `position` */
	GPU_RESCAN = 4,    /* a descriptor is not what it was */
	GPU_RAN = 8,       /* it ran when last looked at */
	GPU_MOVED = 16,    /* it ran since it was last scanned */
	GPU_DENIED = 32,   /* its descriptors are not for us */
	GPU_NVIDIA = 64,   /* it has one of NVIDIA's devices open */
	GPU_KFD = 128,     /* it has AMD's compute device open */
	GPU_ANSWERED = 256 /* it was given a value */
};

/* What only rows that use a GPU need. */
struct gpu_use {
	struct gpu_file *files;
	uint32_t count, capacity;
	uint64_t time_ns[GPU_CLASSES]; /* credited */
	bool timed[GPU_CLASSES];       /* somebody tells of it */
	uint64_t garbage;
	struct nvml_use nvml; /* as last told, and with which state */
	int nvml_state;       /* STATE_NONE: it uses none */
	struct kfd_use kfd;
	int kfd_state;
};

/* A set of descriptor numbers. */
struct gpu_numbers {
	uint64_t *words;
	uint32_t count; /* of words */
};

/* What a scan came across. */
struct gpu_finding {
	bool whole;                 /* it looks at all links, not only at new ones */
	uint32_t flags;             /* GPU_NVIDIA, GPU_KFD */
	struct gpu_numbers numbers; /* of all descriptors */
	uint32_t count, capacity;
	struct gpu_file *files;
};

struct gpu_row {
	uint64_t clock;                 /* CPU clock when last looked at */
	uint64_t looked_ns, scanned_ns; /* when */
	uint64_t open;                  /* descriptors, at the last scan */
	int64_t position;               /* of the directory, for a scan that goes on */
	uint64_t seen;                  /* descriptors so far, of such a scan */
	uint32_t flags;                 /* enum gpu_row_flag */
	struct gpu_use *use;            /* NULL: it has not used a GPU */
	struct gpu_finding *found;      /* by a scan that goes on */
	struct gpu_numbers known;       /* at the last scan, if these were many */
};

enum { GPU_BUCKETS = 256, GPU_TEXTS_SIZE = 1024 };

struct gpu {
	uint64_t tick_ns;
	struct gpu_devices devices;
	struct kfd_topology kfd;
	bool kfd_pids;        /* KFD's pids are those of our procfs */
	bool nvml;            /* NVIDIA's driver is there */
	uint32_t own_pid;     /* in our procfs; 0: not there */
	struct gpu_row *rows; /* by slot */
	uint32_t capacity;
	uint32_t cursor; /* where the next tick's scan begins */
	bool waiting;    /* there are descriptors that could not be read yet */
	bool disputed;   /* there are clients that are */
	struct gpu_client *buckets[GPU_BUCKETS];
	char texts[GPU_TEXTS_SIZE];
};

/* The GPU part of an open table; made when it is first needed. */
struct gpu *gpu_get(struct processes *self);
/* What a row that uses a GPU needs; made when it is first needed. */
struct gpu_use *gpu_use_get(struct gpu *gpu, uint32_t slot);

/* ---------------------------------------------------------------------- gpu_scan.c */

/* Brings the descriptors of all rows up to date, as far as the budget of a tick goes. */
void gpu_scan(struct processes *self, struct gpu *gpu);
/* Scans one row now, whatever it costs. */
void gpu_scan_row(struct processes *self, struct gpu *gpu, uint32_t slot);
/* Forgets the descriptors of a row. */
void gpu_drop_files(struct processes *self, struct gpu *gpu, uint32_t slot);

/* --------------------------------------------------------------------- gpu_links.c */

/*
 * Looks at the links of an open directory fd/ of the row, from row->position on, and puts what
 * there is into row->found. True: to the end; false: the budget is spent; or a negative errno.
 */
int gpu_links_read(struct processes *self, struct gpu *gpu, struct gpu_row *row,
	int descriptors, uint32_t *budget);
void gpu_finding_destroy(struct gpu_finding *self);

/* ---------------------------------------------------------------------- gpu_file.c */

/*
 * Any thread: what the kernel tells of a descriptor. Returns 0; -ESTALE: it is not that of this
 * device file any more; -ENODATA: the driver tells nothing; or another negative errno.
 */
int gpu_fdinfo_read(
	int directory, uint32_t fd, const char *node, struct drm_client *ret_client);
/* Is its driver one that only workers may ask? */
bool gpu_file_slow(const struct gpu *gpu, const struct gpu_file *file);
/* Finds out which client it is, if that can be read now. */
void gpu_file_identify(
	struct processes *self, struct gpu *gpu, uint32_t slot, struct gpu_file *file);
/* The same, from a reading. */
void gpu_file_take(struct processes *self, struct gpu *gpu, uint32_t slot,
	struct gpu_file *file, const struct drm_client *reading, uint64_t now_ns);

/* ---------------------------------------------------------------------- gpu_client.c */

/* When the process of the row started, 1 + field 22 of stat; 0: it is gone. Only shared clients
 * and NVIDIA's need it. */
uint64_t gpu_row_start(struct processes *processes, uint32_t slot);
/* The client with that identity, made if need be. */
struct gpu_client *gpu_client_find(struct gpu *gpu, const struct drm_client *reading);
/* Is that still this client? */
bool gpu_client_is(const struct gpu_client *self, const struct drm_client *reading);
void gpu_client_hold(struct processes *processes, struct gpu_client *self, uint32_t slot);
/* One descriptor less; frees the client with its last one. */
void gpu_client_drop(
	struct processes *processes, struct gpu *gpu, struct gpu_client *self, uint32_t slot);
void gpu_client_read(struct gpu_client *self, const struct drm_client *reading, uint64_t now_ns,
	uint64_t tick_ns);
/* At the beginning of a tick: charges those that are disputed to whom they belong. */
void gpu_clients_settle(struct processes *processes, struct gpu *gpu);
/* Credits a row with what is new of the clients that are charged to it. */
void gpu_credit(struct gpu *gpu, uint32_t slot);
void gpu_clients_finish(struct gpu *gpu);

/* ---------------------------------------------------------------------- gpu_sample.c */

/* What the row is told: a state, for all of it or with a sample. The texts go to `texts`. */
int gpu_fill(
	struct gpu *gpu, uint32_t slot, char texts[GPU_TEXTS_SIZE], struct linux_gpu *sample);
/* Takes what NVIDIA's driver or KFD say of the row. */
void gpu_take_nvml(struct gpu_use *use, int state, const struct nvml_use *told);
void gpu_take_kfd(struct gpu_use *use, int state, const struct kfd_use *told);

/* ----------------------------------------------------------------------- gpu_words.c */

/* A list of words with commas, each once. */
struct gpu_words {
	char *text;
	uint32_t size, length;
};

/* `words` may be a list itself. What does not fit is left out. */
void gpu_words_add(struct gpu_words *self, const char *words);
/* Borrows the text. */
struct sample_text gpu_words_get(const struct gpu_words *self);

/* ------------------------------------------------------------------------- gpu_job.c */

/* Is there anything of the row that only a worker may read? */
bool gpu_must_wait(struct processes *self, struct gpu *gpu, uint32_t slot);
int gpu_job_prepare(struct processes *self, struct job *job);
int gpu_job_run(struct job *job);
int gpu_job_finish(struct processes *self, struct job *job, int result);
void gpu_job_release(struct job *job);

#endif
