#include "sensor.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"

struct sensors {
	struct devices devices; /* first */
	struct reader *reader;
	/* What the worker has found last. */
	struct sensor *found;
	size_t count, capacity;
};

struct row {
	size_t index; /* of what was found */
};

struct sensor_job {
	struct reader *reader;
	uint32_t wanted;
};

static struct sensors *sensors_of(struct devices *devices)
{
	return (struct sensors *)(void *)devices;
}

/* ---------------------------------------------------------------------------- the table */

static int open_table(struct devices *devices, const struct target *target)
{
	char brand[64];

	(void)target;
	host_sysctl_text("machdep.cpu.brand_string", brand, sizeof brand);
	sensors_of(devices)->reader =
		reader_create(known_chip(brand), devices->host->memory->smc_keys);
	return 0;
}

static void close_table(struct devices *devices)
{
	struct sensors *self = sensors_of(devices);

	reader_release(self->reader);
	free(self->found);
}

static int find(struct devices *devices)
{
	struct sensors *self = sensors_of(devices);
	char key[HID_NAME_SIZE + 32];
	bool is_new;

	for (size_t i = 0; i < self->count; i++) {
		const struct sensor *sensor = &self->found[i];
		if (!sensor->lives)
			continue;
		snprintf(
			key, sizeof key, "%s %d %s", sensor->chip, sensor->kind, sensor->label);
		struct row *row = devices_found(devices, key, &is_new);
		if (row)
			row->index = i;
	}
	return 0;
}

/* ----------------------------------------------------------------------------- the worker */

static uint32_t wanted_of(uint32_t sources)
{
	static const uint32_t wants[SENSOR_SOURCE_COUNT] = {
		[SOURCE_sensor_temperature] = 1 << SENSOR_TEMPERATURE,
		[SOURCE_sensor_fan] = 1 << SENSOR_FAN,
		[SOURCE_sensor_target] = WANT_TARGETS,
		[SOURCE_sensor_duty] = WANT_DUTIES,
		[SOURCE_sensor_voltage] = 1 << SENSOR_VOLTAGE,
		[SOURCE_sensor_current] = 1 << SENSOR_CURRENT,
		[SOURCE_sensor_cooling] = 1 << SENSOR_COOLING,
		[SOURCE_sensor_limits] = WANT_LIMITS,
	};
	uint32_t wanted = 0;

	for (int i = 0; i < SENSOR_SOURCE_COUNT; i++)
		if (sources >> i & 1)
			wanted |= wants[i];
	return wanted;
}

static int prepare(struct devices *devices, void **ret_data)
{
	struct sensor_job *job = malloc(sizeof *job);

	if (!job)
		return STATE_FAILED;
	*job = (struct sensor_job){
		reader_retain(sensors_of(devices)->reader), wanted_of(devices->sought)};
	*ret_data = job;
	return STATE_OK;
}

static int run(void *data)
{
	const struct sensor_job *job = data;

	reader_look(job->reader, job->wanted);
	return STATE_OK;
}

static void release(void *data)
{
	struct sensor_job *job = data;

	reader_release(job->reader);
	free(job);
}

/* Nobody uses the reader now: the next job is not there yet. */
static void take(struct devices *devices, void *data)
{
	const struct reader *reader = ((const struct sensor_job *)data)->reader;
	struct sensors *self = sensors_of(devices);
	struct host_memory *memory = devices->host->memory;

	if (!memory->smc_keys && reader->keys)
		memory->smc_keys = smc_keys_retain(reader->keys);
	if (self->capacity < reader->count) {
		self->capacity = reader->count;
		self->found = xreallocarray(self->found, self->capacity, sizeof *self->found);
	}
	self->count = reader->count;
	memcpy(self->found, reader->sensors, self->count * sizeof *self->found);
}

static const struct device_listing listing = {
	.prepare = prepare,
	.run = run,
	.release = release,
	.take = take,
};

/* ---------------------------------------------------------------------------- sources */

static const struct sensor *sensor_of(struct devices *devices, const void *row)
{
	return &sensors_of(devices)->found[((const struct row *)row)->index];
}

static int sensor_read(struct devices *devices, void *row, void *sample)
{
	static const char *const kinds[SENSOR_KINDS] = {
		[SENSOR_TEMPERATURE] = "temperature",
		[SENSOR_FAN] = "fan",
		[SENSOR_VOLTAGE] = "voltage",
		[SENSOR_CURRENT] = "current",
		[SENSOR_COOLING] = "cooling",
	};
	const struct sensor *sensor = sensor_of(devices, row);

	*(struct darwin_sensor *)sample = (struct darwin_sensor){
		.name = device_text(sensor->name),
		.kind = device_text(kinds[sensor->kind]),
		.chip = device_text(sensor->chip),
		.label = device_text(sensor->label),
	};
	return STATE_OK;
}

/* All numbers of sensors are 64 bits wide, and those with a sign are thousandths. */
static int read_signed(
	struct devices *devices, const void *row, enum sensor_kind kind, int64_t *ret_number)
{
	const struct sensor *sensor = sensor_of(devices, row);

	if (sensor->kind != kind)
		return STATE_NONE;
	if (sensor->value.state == STATE_OK)
		*ret_number = (int64_t)llround(sensor->value.number * 1000);
	return sensor->value.state;
}

static uint64_t unsigned_of(const struct measure *measure)
{
	return measure->state == STATE_OK ? (uint64_t)llround(measure->number)
					  : ABSENT_U64(measure->state);
}

static int read_unsigned(
	struct devices *devices, const void *row, enum sensor_kind kind, uint64_t *ret_number)
{
	const struct sensor *sensor = sensor_of(devices, row);

	if (sensor->kind != kind)
		return STATE_NONE;
	*ret_number = unsigned_of(&sensor->value);
	return STATE_OK;
}

static int temperature_read(struct devices *devices, void *row, void *sample)
{
	struct darwin_sensor_temperature *out = sample;

	return read_signed(devices, row, SENSOR_TEMPERATURE, &out->millicelsius);
}

static int voltage_read(struct devices *devices, void *row, void *sample)
{
	struct darwin_sensor_voltage *out = sample;

	return read_signed(devices, row, SENSOR_VOLTAGE, &out->millivolts);
}

static int current_read(struct devices *devices, void *row, void *sample)
{
	struct darwin_sensor_current *out = sample;

	return read_signed(devices, row, SENSOR_CURRENT, &out->milliamperes);
}

static int fan_read(struct devices *devices, void *row, void *sample)
{
	struct darwin_sensor_fan *out = sample;

	return read_unsigned(devices, row, SENSOR_FAN, &out->speed);
}

static int target_read(struct devices *devices, void *row, void *sample)
{
	struct darwin_sensor_target *out = sample;

	out->speed = unsigned_of(&sensor_of(devices, row)->target);
	return STATE_OK;
}

static int duty_read(struct devices *devices, void *row, void *sample)
{
	const struct measure *duty = &sensor_of(devices, row)->duty;
	struct darwin_sensor_duty *out = sample;

	out->duty = duty->number;
	return duty->state;
}

static int cooling_read(struct devices *devices, void *row, void *sample)
{
	struct darwin_sensor_cooling *out = sample;

	return read_unsigned(devices, row, SENSOR_COOLING, &out->state);
}

static int limits_read(struct devices *devices, void *row, void *sample)
{
	const struct sensor *sensor = sensor_of(devices, row);
	struct darwin_sensor_limits *out = sample;

	device_fill(&out->fan_min, &out->cooling_max, STATE_NONE);
	if (sensor->kind == SENSOR_COOLING)
		out->cooling_max = unsigned_of(&sensor->max);
	if (sensor->kind != SENSOR_FAN)
		return STATE_OK;
	out->fan_min = unsigned_of(&sensor->min);
	out->fan_max = unsigned_of(&sensor->max);
	return STATE_OK;
}

static const char *not_without_smc(const struct host *host, enum cell_state *ret_state)
{
	(void)host;
	(void)ret_state;
	return smc_is_there() ? NULL : "no SMC in this machine: virtual machines have none";
}

#define SOURCE(name_, unsupported_)                                                            \
	static const struct device_source name_##_source = {                                   \
		.source = {.name = "sensor_" #name_,                                           \
			.sample_size = sizeof(struct darwin_sensor_##name_),                   \
			.lane = LANE_LISTED},                                                  \
		.unsupported = unsupported_,                                                   \
		.read = name_##_read,                                                          \
	};

SOURCE(temperature, not_without_smc)
SOURCE(fan, not_without_smc)
SOURCE(target, not_without_smc)
SOURCE(duty, not_without_smc)
SOURCE(voltage, not_without_smc)
SOURCE(current, not_without_smc)
SOURCE(cooling, NULL)
SOURCE(limits, NULL)

static const struct device_source sensor_source = {
	.source = {.name = "sensor",
		.sample_size = sizeof(struct darwin_sensor),
		.lane = LANE_LISTED},
	.read = sensor_read,
};

static const struct device_source *const sources[SENSOR_SOURCE_COUNT] = {
	[SOURCE_sensor] = &sensor_source,
	[SOURCE_sensor_temperature] = &temperature_source,
	[SOURCE_sensor_fan] = &fan_source,
	[SOURCE_sensor_target] = &target_source,
	[SOURCE_sensor_duty] = &duty_source,
	[SOURCE_sensor_voltage] = &voltage_source,
	[SOURCE_sensor_current] = &current_source,
	[SOURCE_sensor_cooling] = &cooling_source,
	[SOURCE_sensor_limits] = &limits_source,
};

const struct device_table sensor_table = {
	.id = TABLE_SENSOR,
	.listing = &listing,
	.sources = sources,
	.source_count = SENSOR_SOURCE_COUNT,
	.size = sizeof(struct sensors),
	.row_size = sizeof(struct row),
	.open = open_table,
	.close = close_table,
	.find = find,
};
