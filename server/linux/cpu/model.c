/*
 * Source model: what /proc/cpuinfo calls a core. To write that file some kernels (until 5.17)
 * measure the frequency of all cores first, which takes 10 ms, so workers read it; and since it
 * is about all cores, one of them reads it for all that wait.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../read.h"
#include "alloc.h"
#include "cpu.h"

enum { MODEL_SIZE = 128 };

/* Shared by the table and the jobs. */
struct cpuinfo {
	atomic_uint holders;
	char *path;
	pthread_mutex_t mutex; /* of the rest */
	bool read;
	char *bytes;
	ssize_t length; /* or a negative errno */
};

/* ----------------------------------------------------------------------------- parser */

/* Goes behind "KEY<tabs>: ". */
static bool take_key(struct scan *line, const char *key)
{
	size_t length = strlen(key);
	const char *at = line->at + length;

	if ((size_t)(line->end - line->at) <= length || memcmp(line->at, key, length) != 0)
		return false;
	while (at < line->end && (*at == '\t' || *at == ' '))
		at++;
	if (at == line->end || *at != ':')
		return false;
	at++;
	while (at < line->end && *at == ' ')
		at++;
	line->at = at;
	return true;
}

static size_t length_of(const struct scan *scan)
{
	return (size_t)(scan->end - scan->at);
}

/* x86 and others have a name; Arm has numbers (CPU part), as in "0x41/0xd0b". */
size_t cpu_model_parse(const char *bytes, size_t length, uint32_t number, char text[64],
	const char **ret_model)
{
	static const char *const keys[] = {"model name", "cpu model", "uarch", "cpu"};
	struct scan scan = {bytes, bytes + length}, line, maker = {NULL, NULL};
	int64_t current = -1;

	*ret_model = NULL;
	while (scan_line(&scan, &line)) {
		if (take_key(&line, "processor")) {
			if (!scan_number(&line, &current) || line.at != line.end)
				current = -1;
			continue;
		}
		if (current != (int64_t)number)
			continue;
		for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
			if (take_key(&line, keys[i])) {
				*ret_model = line.at;
				return length_of(&line);
			}
		if (take_key(&line, "CPU implementer"))
			maker = line;
		else if (take_key(&line, "CPU part") && maker.at) {
			*ret_model = text;
			return (size_t)snprintf(text, 64, "%.*s/%.*s",
				length_of(&maker) < 30 ? (int)length_of(&maker) : 30, maker.at,
				length_of(&line) < 30 ? (int)length_of(&line) : 30, line.at);
		}
	}
	return 0;
}

/* ---------------------------------------------------------------------------- sharing */

static void let_go(struct cpuinfo *self)
{
	if (atomic_fetch_sub(&self->holders, 1) > 1)
		return;
	pthread_mutex_destroy(&self->mutex);
	free(self->bytes);
	free(self->path);
	free(self);
}

void cpus_forget_model(struct cpus *self)
{
	if (!self->cpuinfo)
		return;
	let_go(self->cpuinfo);
	self->cpuinfo = NULL;
}

static void read_once(struct cpuinfo *self)
{
	enum { SIZE = 64 << 10, LIMIT = 32 << 20 };
	size_t size = 0;
	int file;

	if (self->read)
		return;
	self->read = true;
	file = open(self->path, READ_FLAGS);
	if (file < 0) {
		self->length = -errno;
		return;
	}
	do {
		size = size ? size * 2 : SIZE;
		self->bytes = xreallocarray(self->bytes, size, 1);
		ssize_t got = read_fully(
			file, self->bytes + self->length, size - (size_t)self->length);
		self->length = got < 0 ? got : self->length + got;
	} while (self->length == (ssize_t)size && size < LIMIT);
	close(file);
}

struct model_job {
	struct cpuinfo *cpuinfo;
	uint32_t number;
};

static int model_prepare(struct devices *devices, void *row, void **ret_data)
{
	struct cpus *self = cpus_of(devices);
	const struct cpu *cpu = row;
	struct model_job *job = xcalloc(1, sizeof *job);

	if (!self->cpuinfo) {
		self->cpuinfo = xcalloc(1, sizeof *self->cpuinfo);
		atomic_init(&self->cpuinfo->holders, 1);
		pthread_mutex_init(&self->cpuinfo->mutex, NULL);
		self->cpuinfo->path = xasprintf("%s/cpuinfo", devices->host->procfs);
	}
	atomic_fetch_add(&self->cpuinfo->holders, 1);
	*job = (struct model_job){self->cpuinfo, cpu->number};
	*ret_data = job;
	return STATE_OK;
}

static int model_run(void *data, struct job *job)
{
	const struct model_job *own = data;
	struct cpuinfo *cpuinfo = own->cpuinfo;
	struct linux_cpu_model *sample = job->sample;
	const char *model = NULL;
	char text[64];
	size_t length = 0;

	pthread_mutex_lock(&cpuinfo->mutex);
	read_once(cpuinfo);
	if (cpuinfo->length > 0)
		length = cpu_model_parse(
			cpuinfo->bytes, (size_t)cpuinfo->length, own->number, text, &model);
	if (length > MODEL_SIZE)
		length = MODEL_SIZE;
	if (length)
		memcpy(job->text, model, length);
	pthread_mutex_unlock(&cpuinfo->mutex);
	if (cpuinfo->length < 0)
		return (int)sysfs_state((int)cpuinfo->length);
	sample->text = length ? (struct sample_text){job->text, (uint32_t)length, STATE_OK}
			      : (struct sample_text){.state = STATE_NONE};
	return STATE_OK;
}

static void model_release(void *data)
{
	struct model_job *own = data;

	let_go(own->cpuinfo);
	free(own);
}

const struct device_source cpu_model_source = {
	.source = {.name = "model",
		.sample_size = sizeof(struct linux_cpu_model),
		.text_size = MODEL_SIZE,
		.lane = LANE_SLOW,
		.period_ns = UINT64_C(600000000000),
		.remedy = REMEDY_CPU},
	.prepare = model_prepare,
	.run = model_run,
	.release = model_release,
};
