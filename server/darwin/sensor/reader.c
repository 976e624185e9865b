#include "reader.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"

/* How often those are looked at that have never said anything. */
enum { DEAD_LOOKS = 16 };

static const struct measure none = {NAN, STATE_NONE};

/* ----------------------------------------------------------------------------- sharing */

struct reader *reader_create(enum known_chip chip, struct smc_keys *keys)
{
	struct reader *self = xcalloc(1, sizeof *self);

	self->references = 1;
	self->chip = chip;
	self->keys = keys ? smc_keys_retain(keys) : NULL;
	self->thermal.token = -1;
	return self;
}

struct reader *reader_retain(struct reader *self)
{
	__atomic_add_fetch(&self->references, 1, __ATOMIC_RELAXED);
	return self;
}

void reader_release(struct reader *self)
{
	if (__atomic_sub_fetch(&self->references, 1, __ATOMIC_ACQ_REL))
		return;
	smc_close(&self->smc);
	smc_keys_release(self->keys);
	if (self->hid)
		hid_close(self->hid);
	thermal_close(&self->thermal);
	free(self->sensors);
	free(self);
}

/* ------------------------------------------------------------------------ which there are */

struct sensor *reader_add(struct reader *self, enum sensor_kind kind, const char *chip)
{
	struct sensor *sensor;

	self->sensors = xreallocarray(self->sensors, self->count + 1, sizeof *self->sensors);
	sensor = &self->sensors[self->count++];
	*sensor = (struct sensor){.kind = kind,
		.chip = chip,
		.value = none,
		.target = none,
		.duty = none,
		.min = none,
		.max = none};
	return sensor;
}

/* By its first character; of fans the key of the speed stands for all others. */
static bool kind_of(const char *key, enum sensor_kind *ret_kind)
{
	static const struct {
		char first;
		enum sensor_kind kind;
	} kinds[] = {
		{'T', SENSOR_TEMPERATURE},
		{'V', SENSOR_VOLTAGE},
		{'I', SENSOR_CURRENT},
	};

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		*ret_kind = kinds[i].kind;
		if (*key == kinds[i].first)
			return true;
	}
	*ret_kind = SENSOR_FAN;
	return *key == 'F' && key[1] >= '0' && key[1] <= '9' && strcmp(key + 2, "Ac") == 0;
}

/* The key of the same fan that ends so. */
static const struct smc_key *fan_key(
	const struct reader *self, const struct sensor *fan, char a, char b)
{
	uint32_t code = (fan->key.code & 0xFFFF0000) | SMC_CODE(0, 0, (uint8_t)a, (uint8_t)b);

	return smc_keys_get(self->keys, code);
}

/* Intel's say which one it is: a structure with a text of 12 bytes behind the first four. */
static void name_fan(const struct reader *self, struct sensor *fan)
{
	const struct smc_key *key = fan_key(self, fan, 'I', 'D');
	uint8_t bytes[SMC_BYTES_MAX];
	char text[13] = "";

	snprintf(fan->name, sizeof fan->name, "fan %d", fan->label[1] - '0' + 1);
	if (!key || key->type != SMC_CODE('{', 'f', 'd', 's') || key->size != 16 ||
		smc_bytes(&self->smc, key, bytes) != STATE_OK)
		return;
	memcpy(text, bytes + 4, sizeof text - 1);
	for (size_t end = strlen(text); end && text[end - 1] == ' ';)
		text[--end] = '\0';
	if (*text)
		snprintf(fan->name, sizeof fan->name, "fan %s", text);
}

static void add_key(struct reader *self, const struct smc_key *key)
{
	char name[SMC_NAME_SIZE];
	const struct known *known;
	enum sensor_kind kind;
	struct sensor *sensor;

	smc_name(key->code, name);
	known = known_key(self->chip, name);
	if (!smc_is_measure(key) || !kind_of(name, &kind) || known->hidden)
		return;
	sensor = reader_add(self, kind, "SMC");
	sensor->key = *key;
	sensor->known = known;
	memcpy(sensor->label, name, sizeof name);
	if (kind == SENSOR_FAN)
		name_fan(self, sensor);
	else
		known_key_name(known, name, sensor->name);
}

static void add_thermal(struct reader *self)
{
	struct sensor *sensor = reader_add(self, SENSOR_COOLING, "thermal pressure");

	snprintf(sensor->name, sizeof sensor->name, "thermal pressure");
	sensor->lives = true;
	sensor->max = (struct measure){THERMAL_LEVEL_MAX, STATE_OK};
}

static void open_all(struct reader *self)
{
	if (self->is_open)
		return;
	self->is_open = true;
	self->smc_state = smc_open(&self->smc);
	if (self->chip & CHIP_APPLE)
		self->hid = hid_open();
	thermal_open(&self->thermal);
	add_thermal(self);
}

/* What HID has depends on what the SMC has. If that does not answer now, it is asked the next time. */
static void find_all(struct reader *self)
{
	if (self->is_complete)
		return;
	if (self->smc_state == STATE_OK && !self->keys &&
		smc_keys_find(&self->smc, &self->keys) != STATE_OK)
		return;
	self->is_complete = true;
	for (size_t i = 0; self->keys && i < self->keys->count; i++)
		add_key(self, &self->keys->keys[i]);
	if (self->hid)
		services_add(self);
}

/* --------------------------------------------------------------------------- what they say */

/*
 * Some are plainly broken, and a processor that sleeps says what its sensors never measured. No Mac
 * has 100 V in it, or a fan that turns 20,000 times a minute.
 */
struct measure reader_check(
	const struct reader *self, const struct sensor *sensor, struct measure measure)
{
	double number = measure.number;
	bool can_be = false;

	if (measure.state != STATE_OK)
		return measure;
	switch (sensor->kind) {
	case SENSOR_TEMPERATURE:
		can_be = known_temperature(self->chip, sensor->known, number);
		break;
	case SENSOR_FAN:
		can_be = number >= 0 && number < 20000;
		break;
	default:
		can_be = number > -100 && number < 100;
	}
	return can_be ? measure : none;
}

static struct measure read_key(
	const struct reader *self, const struct sensor *sensor, const struct smc_key *key)
{
	struct measure measure = none;

	if (key)
		measure.state = smc_number(&self->smc, key, &measure.number);
	return reader_check(self, sensor, measure);
}

static struct measure read_value(const struct reader *self, const struct sensor *sensor)
{
	struct measure measure = none;
	uint64_t level = 0;

	if (sensor->key.code)
		return read_key(self, sensor, &sensor->key);
	if (sensor->kind != SENSOR_COOLING)
		return services_read(self, sensor);
	measure.state = thermal_level(&self->thermal, &level);
	measure.number = (double)level;
	return measure;
}

/* FnDc: some have it (beltex/SMCKit#45, metaspartan/mactop#78). */
static struct measure read_duty(const struct reader *self, const struct sensor *fan)
{
	struct measure duty = read_key(self, fan, fan_key(self, fan, 'D', 'c'));

	return duty.state != STATE_OK || duty.number <= 1 ? duty : none;
}

static void look_at(struct reader *self, struct sensor *sensor, uint32_t wanted)
{
	if (!sensor->lives && sensor->looks++ % DEAD_LOOKS)
		return;
	if (!sensor->lives || wanted >> sensor->kind & 1)
		sensor->value = read_value(self, sensor);
	/* 0 V is what is said of a rail that there is not. */
	if (sensor->value.state == STATE_OK &&
		(sensor->kind == SENSOR_FAN || fabs(sensor->value.number) > 0))
		sensor->lives = true;
	if (sensor->kind != SENSOR_FAN)
		return;
	if (wanted & WANT_TARGETS)
		sensor->target = read_key(self, sensor, fan_key(self, sensor, 'T', 'g'));
	if (wanted & WANT_DUTIES)
		sensor->duty = read_duty(self, sensor);
	if (wanted & WANT_LIMITS) {
		sensor->min = read_key(self, sensor, fan_key(self, sensor, 'M', 'n'));
		sensor->max = read_key(self, sensor, fan_key(self, sensor, 'M', 'x'));
	}
}

void reader_look(struct reader *self, uint32_t wanted)
{
	open_all(self);
	find_all(self);
	for (size_t i = 0; i < self->count; i++)
		look_at(self, &self->sensors[i], wanted);
}
