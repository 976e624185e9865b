#include "channel.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "alloc.h"

static const char *const prefixes[] = {
	[SENSOR_TEMPERATURE] = "temp",
	[SENSOR_FAN] = "fan",
	[SENSOR_VOLTAGE] = "in",
	[SENSOR_CURRENT] = "curr",
	[SENSOR_HUMIDITY] = "humidity",
};

enum { PREFIXES = sizeof prefixes / sizeof *prefixes };

static const char *const suffixes[CHANNEL_FILES] = {
	[CHANNEL_INPUT] = "_input",
	[CHANNEL_LABEL] = "_label",
	[CHANNEL_FAULT] = "_fault",
	[CHANNEL_TARGET] = "_target",
	[CHANNEL_MAX] = "_max",
	[CHANNEL_MAX_HYST] = "_max_hyst",
	[CHANNEL_CRIT] = "_crit",
	[CHANNEL_CRIT_HYST] = "_crit_hyst",
	[CHANNEL_EMERGENCY] = "_emergency",
	[CHANNEL_MIN] = "_min",
	[CHANNEL_LCRIT] = "_lcrit",
	[CHANNEL_DUTY] = NULL,
	[CHANNEL_ALARM] = "_alarm",
	[CHANNEL_MAX_ALARM] = "_max_alarm",
	[CHANNEL_MIN_ALARM] = "_min_alarm",
	[CHANNEL_CRIT_ALARM] = "_crit_alarm",
	[CHANNEL_LCRIT_ALARM] = "_lcrit_alarm",
	[CHANNEL_EMERGENCY_ALARM] = "_emergency_alarm",
};

/* Some 4 digits are more than any chip has. */
static const char *parse_number(const char *at, uint32_t *ret_number)
{
	uint32_t number = 0;
	int digits = 0;

	for (; *at >= '0' && *at <= '9' && digits < 5; at++, digits++)
		number = number * 10 + (uint32_t)(*at - '0');
	*ret_number = number;
	return digits && digits < 5 ? at : NULL;
}

/* What follows PREFIXn; NULL: it is something else. */
static const char *parse_prefix(const char *name, const char *prefix, uint32_t *ret_number)
{
	size_t length = strlen(prefix);

	return strncmp(name, prefix, length) == 0 ? parse_number(name + length, ret_number)
						  : NULL;
}

bool channel_parse(const char *name, struct channel *ret_channel)
{
	const char *rest = parse_prefix(name, "pwm", &ret_channel->number);

	if (rest) {
		ret_channel->kind = SENSOR_FAN;
		ret_channel->files = 1U << CHANNEL_DUTY;
		return *rest == '\0';
	}
	for (int kind = 0; kind < PREFIXES; kind++) {
		rest = parse_prefix(name, prefixes[kind], &ret_channel->number);
		for (int file = 0; rest && file < CHANNEL_FILES; file++)
			if (suffixes[file] && strcmp(rest, suffixes[file]) == 0) {
				ret_channel->kind = (enum sensor_kind)kind;
				ret_channel->files = 1U << file;
				return true;
			}
	}
	return false;
}

bool channel_tells(const struct channel *self)
{
	return self->files & (1U << CHANNEL_INPUT | 1U << CHANNEL_DUTY | CHANNEL_ALARMS);
}

void channel_name(const struct channel *self, char name[CHANNEL_NAME_MAX])
{
	bool alone = self->files == 1U << CHANNEL_DUTY;

	snprintf(name, CHANNEL_NAME_MAX, "%s%u", alone ? "pwm" : prefixes[self->kind],
		self->number);
}

void channel_path(
	const struct channel *self, enum channel_file file, char path[CHANNEL_PATH_MAX])
{
	if (file == CHANNEL_DUTY)
		snprintf(path, CHANNEL_PATH_MAX, "pwm%u", self->number);
	else
		snprintf(path, CHANNEL_PATH_MAX, "%s%u%s", prefixes[self->kind], self->number,
			suffixes[file]);
}

/* ------------------------------------------------------------------------------- lists */

/* Files come in an order of the kernel's own, most with others of their channel. */
static void add(struct channel_list *self, const struct channel *channel)
{
	for (size_t i = self->count; i-- > 0;)
		if (self->channels[i].kind == channel->kind &&
			self->channels[i].number == channel->number) {
			self->channels[i].files |= channel->files;
			return;
		}
	self->channels = xreallocarray(self->channels, self->count + 1, sizeof *channel);
	self->channels[self->count++] = *channel;
}

static int compare(const void *a, const void *b)
{
	const struct channel *one = a, *other = b;

	if (one->kind != other->kind)
		return one->kind < other->kind ? -1 : 1;
	return one->number < other->number ? -1 : one->number > other->number;
}

int channel_list_read(struct channel_list *self, int directory)
{
	int copy = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = copy < 0 ? NULL : fdopendir(copy);
	const struct dirent *entry;
	struct channel channel;
	int result;

	*self = (struct channel_list){0};
	if (!stream) {
		result = -errno;
		if (copy >= 0)
			close(copy);
		return result;
	}
	errno = 0;
	while ((entry = readdir(stream))) {
		if (channel_parse(entry->d_name, &channel))
			add(self, &channel);
		errno = 0;
	}
	result = -errno;
	closedir(stream);
	if (self->count)
		qsort(self->channels, self->count, sizeof *self->channels, compare);
	return result;
}

void channel_list_finish(struct channel_list *self)
{
	free(self->channels);
	*self = (struct channel_list){0};
}
