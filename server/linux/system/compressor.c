/*
 * Source compressor: memory that holds other memory, compressed: zswap (/proc/meminfo) and zram
 * (/sys/block/zramN/mm_stat, Documentation/admin-guide/blockdev/zram.rst of the kernel).
 *
 * A zram device is a disk; only one that is swapped to (/proc/swaps) holds pages of programs. Its
 * numbers wait for whoever sets it up or empties it, so a worker reads them.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../read.h"
#include "alloc.h"
#include "fields.h"
#include "system.h"

enum { TEXT_SIZE = 8192 };

/* All that the worker needs. */
struct compressor_job {
	char *procfs, *sysfs;
};

/* What it has found so far. */
struct compressor {
	const struct compressor_job *job;
	char *text; /* TEXT_SIZE bytes */
	struct linux_compressor *sample;
};

/* "" of what cannot be read. */
static struct scan read_text(struct compressor *self, const char *root, const char *name)
{
	char path[4096];
	ssize_t length;

	snprintf(path, sizeof path, "%s/%s", root, name);
	length = read_file(AT_FDCWD, path, self->text, TEXT_SIZE);
	return (struct scan){self->text, self->text + (length > 0 ? length : 0)};
}

/* The lines of /proc/swaps begin with the path of the device, wherever it is below /dev. */
static bool is_swap(struct compressor *self, const char *name)
{
	struct scan text = read_text(self, self->job->procfs, "swaps"), line;
	char ending[32];
	int length = snprintf(ending, sizeof ending, "/%s", name);

	while (scan_line(&text, &line)) {
		const char *end = line.at;
		while (end < line.end && *end != ' ' && *end != '\t')
			end++;
		if (end - line.at > length && memcmp(end - length, ending, (size_t)length) == 0)
			return true;
	}
	return false;
}

static uint64_t scan_bytes(struct scan *scan)
{
	int64_t number;

	if (!scan_number(scan, &number) || number < 0 || number >= NUMBER_LIMIT)
		return ABSENT_U64(STATE_FAILED);
	return (uint64_t)number;
}

static void add_device(struct compressor *self, const char *name)
{
	struct linux_compressor *sample = self->sample;
	char path[64];
	struct scan text;
	uint64_t original, compressed, memory;

	snprintf(path, sizeof path, "block/%.15s/mm_stat", name);
	text = read_text(self, self->job->sysfs, path);
	original = scan_bytes(&text);
	compressed = scan_bytes(&text);
	memory = scan_bytes(&text);
	sample->zram_original = number_plus(sample->zram_original, original);
	sample->zram_compressed = number_plus(sample->zram_compressed, compressed);
	sample->zram_memory = number_plus(sample->zram_memory, memory);
	if (is_swap(self, name)) {
		sample->original = number_plus(sample->original, original);
		sample->compressed = number_plus(sample->compressed, memory);
	}
}

static bool is_zram(const char *name)
{
	return strncmp(name, "zram", 4) == 0 && strlen(name) < 16;
}

/* Where there is no device, there is nothing to tell of zram; where they are hidden, it is not
 * known what they hold. */
static void add_devices(struct compressor *self)
{
	struct linux_compressor *sample = self->sample;
	char path[4096];
	const struct dirent *entry;
	bool found = false;
	DIR *directory;

	snprintf(path, sizeof path, "%s/block", self->job->sysfs);
	directory = opendir(path);
	while (directory && (entry = readdir(directory)))
		if (is_zram(entry->d_name)) {
			add_device(self, entry->d_name);
			found = true;
		}
	if (directory)
		closedir(directory);
	else
		sample->original = sample->compressed = ABSENT_U64(STATE_NONE);
	if (!found)
		device_fill(&sample->zram_original, &sample->zram_memory, STATE_NONE);
}

/* Before 5.19 meminfo did not tell of zswap; then 0 is only sure if it is off. */
static bool zswap_is_off(struct compressor *self)
{
	struct scan text = read_text(self, self->job->sysfs, "module/zswap/parameters/enabled");

	return text.at == text.end || *text.at == 'N' || *text.at == '0';
}

static void add_zswap(struct compressor *self)
{
	struct linux_compressor *sample = self->sample;
	struct scan text = read_text(self, self->job->procfs, "meminfo");
	struct linux_meminfo meminfo;
	uint64_t total = ABSENT_U64(STATE_FAILED);

	if (meminfo_parse(text.at, (size_t)(text.end - text.at), &meminfo) < 0)
		meminfo.zswap_pool = meminfo.zswap_stored = total;
	else
		total = saturating_multiply(meminfo.total, 1024);
	if (meminfo.zswap_pool == ABSENT_U64(STATE_NONE) && zswap_is_off(self))
		meminfo.zswap_pool = meminfo.zswap_stored = 0;
	if (!is_absent(meminfo.zswap_pool))
		meminfo.zswap_pool = saturating_multiply(meminfo.zswap_pool, 1024);
	if (!is_absent(meminfo.zswap_stored))
		meminfo.zswap_stored = saturating_multiply(meminfo.zswap_stored, 1024);
	sample->compressed = number_plus(sample->compressed, meminfo.zswap_pool);
	sample->original = number_plus(sample->original, meminfo.zswap_stored);
	sample->size = number_plus(total, sample->original);
}

/* ------------------------------------------------------------------------ the source */

static int compressor_prepare(struct devices *self, void *row, void **ret_data)
{
	struct compressor_job *job = xcalloc(1, sizeof *job);

	(void)row;
	job->procfs = xstrdup(self->host->procfs);
	job->sysfs = xstrdup(self->host->sysfs);
	*ret_data = job;
	return STATE_OK;
}

static int compressor_run(void *data, struct job *job)
{
	struct linux_compressor *sample = job->sample;
	struct compressor self = {.job = data, .text = job->text, .sample = sample};

	*sample = (struct linux_compressor){0};
	add_devices(&self);
	add_zswap(&self);
	return STATE_OK;
}

static void compressor_release(void *data)
{
	struct compressor_job *job = data;

	free(job->procfs);
	free(job->sysfs);
	free(job);
}

static const char *compressor_unsupported(const struct host *host, enum cell_state *ret_state)
{
	return system_lacks(host, PROC, "meminfo", NO_FILE, ret_state);
}

const struct device_source compressor_source = {
	.source = {.name = "compressor",
		.sample_size = sizeof(struct linux_compressor),
		.text_size = TEXT_SIZE,
		.lane = LANE_SLOW},
	.unsupported = compressor_unsupported,
	.prepare = compressor_prepare,
	.run = compressor_run,
	.release = compressor_release,
};
