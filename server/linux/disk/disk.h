/*
 * Disk: table DISK, a row for each block device: whole disks, their partitions, and what is
 * stacked on them. One file a source.
 */
#ifndef LINUX_DISK_H
#define LINUX_DISK_H

#include "../parse.h"
#include "device_files.h"

/* In the order in which the table has them. */
enum disk_source_index {
	SOURCE_disk_device,
	SOURCE_disk_io,
	SOURCE_disk_errors,
	SOURCE_disk_facts,
	SOURCE_disk_raid,
	SOURCE_disk_mount,
	SOURCE_disk_space,
	DISK_SOURCE_COUNT,
};

/* ------------------------------------------------------------------- samples */

struct linux_disk_device {
	struct sample_text name, number, kind, lower;
	uint64_t counted, sectors;
};

/* In the order of the kernel's file: Documentation/admin-guide/iostats.rst. */
struct linux_disk_io {
	uint64_t reads, reads_merged, sectors_read, read_ms;
	uint64_t writes, writes_merged, sectors_written, write_ms;
	uint64_t in_flight, busy_ms, queue_ms;
	uint64_t discards, discards_merged, sectors_discarded, discard_ms; /* since 4.18 */
	uint64_t flushes, flush_ms;                                        /* since 5.5 */
};

struct linux_disk_errors {
	uint64_t errors, timeouts;
};

struct linux_disk_facts {
	struct sample_text model, serial, wwid, label;
	uint64_t rotational, removable, read_only;
};

struct linux_disk_raid {
	struct sample_text level, state, action;
	uint64_t disks, missing;
	double progress;
};

struct linux_disk_mount {
	struct sample_text point, filesystem;
};

struct linux_disk_space {
	uint64_t total, used, available;
};

extern const struct device_source disk_device_source, disk_io_source, disk_errors_source,
	disk_facts_source, disk_raid_source, disk_mount_source, disk_space_source;
extern const struct device_table disk_table;

/* ------------------------------------------------------------------- the table */

enum { DISK_NAME_SIZE = 64, DISK_LOWER_SIZE = 256 };
enum { DISK_COUNTS = sizeof(struct linux_disk_io) / sizeof(uint64_t) };

enum disk_kind {
	DISK_UNKNOWN, /* without sysfs */
	DISK_WHOLE,
	DISK_PARTITION,
	DISK_RAID,
	DISK_MAPPED,
	DISK_LOOP,
	DISK_MEMORY,
	DISK_OPTICAL,
	DISK_FLOPPY,
	DISK_PATH,
};

/* A row. */
struct disk {
	char name[DISK_NAME_SIZE];
	char place[2 * DISK_NAME_SIZE]; /* below /sys/block: sda, sda/sda1; "": it is not */
	uint32_t major, minor;
	char number[24];
	enum disk_kind kind;
	char alias[DISK_NAME_SIZE + 8]; /* of device mapper, below /dev: mapper/NAME */
	char lower[DISK_LOWER_SIZE];
	uint64_t counted, sectors;
	bool has_errors; /* it counts them */
	uint64_t counts[DISK_COUNTS];
	struct unwrap unwrap[DISK_COUNTS];
	char *mount;         /* NULL: nowhere */
	bool mount_is_whole; /* it shows the root of the filesystem */
	int64_t mount_id;
	uint32_t mount_major, mount_minor; /* of the filesystem, as mountinfo has them */
	char filesystem[32];
};

struct disks {
	struct devices devices;
	struct whole_file stats;
	struct disk_look *looks; /* by line of the file */
	uint32_t look_capacity;
	uint64_t looked_ns;
	struct whole_file mounts;
	uint64_t mounts_round; /* when they were taken last */
	int mounts_error;
};

/* Of all rows, once a round. */
int disk_find(struct devices *devices);
int disk_mounts_take(struct disks *self);
/* The directory of a row in sysfs, for a worker; NULL: there is none. */
char *disk_directory(const struct devices *self, const struct disk *row);

/* ------------------------------------------------------------------- parsers */

/* A line of /proc/diskstats. */
struct disk_line {
	char name[DISK_NAME_SIZE];
	uint32_t major, minor;
	uint64_t counts[DISK_COUNTS]; /* what is missing or no number says so */
};

/* false: it is none. */
bool disk_line_parse(struct scan line, struct disk_line *ret_line);

/* A line of mountinfo, proc(5). The texts point into it, \ooo for blanks as they are. */
struct mount_line {
	int64_t id;
	uint32_t major, minor;
	struct scan root, point, type, source;
};
bool mount_line_parse(struct scan line, struct mount_line *ret_line);
/* The text with each \ooo as the byte that it is. */
char *mount_unescape(struct scan text);

/* "0x1f", as the SCSI layer writes its counters. */
int disk_hex_parse(const char *bytes, size_t length, uint64_t *ret_number);
/* The serial number in a page 0x80 of SCSI's vital product data; false: there is none. */
bool disk_vpd_parse(const char *bytes, size_t length, char *serial, size_t size);
/* "123 / 456" of md's sync_completed; NaN where nothing is going on. */
double disk_progress_parse(const char *text);

#endif
