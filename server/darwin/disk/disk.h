/*
 * Disk: table DISK, a row for each medium in the IORegistry: whole disks, their partitions, the
 * containers of APFS that are made of them, and the volumes and snapshots in those.
 *
 *	disk.c        the table, and what a row is
 *	find.c        which there are, and what is known of one from the beginning
 *	io.c          traffic and errors
 *	mount.c       where a volume is mounted, and its room
 *
 * The media of a disk stand below each other: IOBlockStorageDevice, IOBlockStorageDriver, IOMedia (the
 * whole disk), a partition scheme, IOMedia (the partitions), AppleAPFSContainerScheme, IOMedia
 * (a whole disk again, which APFS makes up), AppleAPFSContainer, AppleAPFSVolume,
 * AppleAPFSSnapshot. Only the driver of a whole disk sees all of its traffic, and each level below sees the
 * same once more.
 */
#ifndef DARWIN_DISK_H
#define DARWIN_DISK_H

#include "../host.h"
#include "../registry.h"
#include "devices.h"

/* In the order in which the table has them. */
enum disk_source_index {
	SOURCE_disk_device,
	SOURCE_disk_io,
	SOURCE_disk_facts,
	SOURCE_disk_mount,
	SOURCE_disk_space,
	DISK_SOURCE_COUNT,
};

struct darwin_disk_device {
	struct sample_text name, number, kind, lower;
	uint64_t counted, size;
};

struct darwin_disk_facts {
	struct sample_text model, label, serial, wwid;
	uint64_t rotational, removable, read_only;
};

struct darwin_disk_io {
	uint64_t read_bytes, reads, read_ns, read_errors, read_retries;
	uint64_t write_bytes, writes, write_ns, write_errors, write_retries;
	uint64_t errors, retries; /* of both */
};

struct darwin_disk_mount {
	struct sample_text point, filesystem;
};

struct darwin_disk_space {
	uint64_t total, used, available;
};

/* ------------------------------------------------------------------------------ rows */

enum disk_kind {
	DISK_WHOLE,
	DISK_PARTITION,
	DISK_IMAGE,
	DISK_MEMORY,
	DISK_OPTICAL,
	DISK_CONTAINER,
	DISK_VOLUME,
	DISK_SNAPSHOT,
	DISK_MAPPED,
	DISK_RAID,
};

enum { DISK_NAME = 32, DISK_TEXT = 128, DISK_POINT = 1024 };

/* What counts, from when the row is there: a driver that begins anew goes on from where it was. */
struct disk_count {
	uint64_t last, lost;
};

enum { DISK_COUNTS = 10 };

struct disk {
	enum disk_kind kind;
	char name[DISK_NAME], number[24], lower[DISK_TEXT];
	char model[DISK_TEXT], serial[DISK_TEXT], wwid[64], label[DISK_TEXT];
	uint64_t size, rotational, removable, read_only;
	io_registry_entry_t statistics; /* the entry that counts its traffic; 0: nobody does */
	struct disk_count counts[DISK_COUNTS];
	uint64_t mount_round; /* when it was seen to be mounted */
	char point[DISK_POINT], filesystem[16];
};

struct disks {
	struct devices devices; /* first */
	struct disk_mounts *mounts;
};

extern const struct device_source disk_io_source, disk_mount_source, disk_space_source;
extern const struct device_table disk_table;

int disk_find(struct devices *devices);
/* What the registry tells of a medium. False: it is none that has a name. */
bool disk_describe(struct disk *self, io_registry_entry_t media);
/* Traffic of it is counted with no other disk. */
bool disk_is_counted(const struct disk *self);

void disk_mounts_free(struct disks *self);

#endif
