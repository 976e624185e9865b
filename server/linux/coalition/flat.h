/*
 * Flat: the text formats of the files of a cgroup; Documentation/admin-guide/cgroup-v2.rst,
 * "Format". All pure: they accept any garbage, and what is no number is STATE_FAILED.
 */
#ifndef LINUX_COALITION_FLAT_H
#define LINUX_COALITION_FLAT_H

#include "../parse.h"

/*
 * Lines "KEY NUMBER". values[i] gets that of keys[i], and stays as it is where there is no such
 * line. Keys that are looked for should be in the order of the file.
 */
void flat_read(const char *bytes, size_t length, const char *const *keys, uint32_t count,
	uint64_t *values);

/* One number, alone; "max", and what the older hierarchies have for it, is STATE_NONE. */
uint64_t flat_number(const char *bytes, size_t length);

/* cpu.max, "QUOTA PERIOD", in cores; NaN: no limit, or garbage. */
double flat_cores(const char *bytes, size_t length);

/* A line "some avg10=0.00 avg60=0.00 avg300=0.00 total=0" of pressure: its total in us, and
 * its average as a ratio. STATE_NONE: there is no such line. */
void flat_pressure(const char *bytes, size_t length, const char *line, uint64_t *ret_total_us,
	double *ret_10s);

/* ----------------------------------------------------------------------------- io.stat */

enum io_value {
	IO_READ, /* bytes */
	IO_WRITTEN,
	IO_READS, /* operations */
	IO_WRITES,
	IO_DISCARDED, /* bytes */
	IO_DISCARDS,
	IO_VALUES,
};

/* What is left of io.stat, or of a file of blkio. */
struct io_reader {
	struct scan rest;
	uint64_t device; /* major << 32 | minor */
	enum io_value value;
	uint64_t number;
	bool known;             /* a device was named */
	bool older, operations; /* the format of blkio, and which of its files */
	uint32_t broken;        /* bit mask: values of which there was garbage */
};

/* "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6". */
void io_reader_init(struct io_reader *self, const char *bytes, size_t length);
/* "8:0 Read 1" of blkio.throttle.io_service_bytes_recursive, or of io_serviced_recursive. */
void io_reader_init_older(
	struct io_reader *self, const char *bytes, size_t length, bool operations);
/* The next device, value and number; false: no more. */
bool io_reader_next(struct io_reader *self);

#endif
