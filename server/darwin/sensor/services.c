/*
 * The services of HID. Those of the same name are one sensor: on chips of two dies each die has its
 * own, and nothing tells which is which, so that their mean is what can be said.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "reader.h"

static const enum sensor_kind kinds[HID_KINDS] = {
	[HID_TEMPERATURE] = SENSOR_TEMPERATURE,
	[HID_VOLTAGE] = SENSOR_VOLTAGE,
	[HID_CURRENT] = SENSOR_CURRENT,
};

static bool has_keys_that_begin(const struct smc_keys *keys, const char *beginning)
{
	char name[SMC_NAME_SIZE];

	for (size_t i = 0; keys && i < keys->count; i++) {
		smc_name(keys->keys[i].code, name);
		if (strncmp(name, beginning, strlen(beginning)) == 0)
			return true;
	}
	return false;
}

/*
 * Does the SMC have it as well? The place of a service is often the key of the same sensor, and so is
 * the last word of some names ("PMU2 TR1d").
 */
static bool is_of_smc(const struct smc_keys *keys, const struct hid_sensor *sensor)
{
	const char *last = strrchr(sensor->name, ' ');
	const char *beginning;

	if (smc_keys_get(keys, sensor->location))
		return true;
	if (last && smc_code(last + 1) && smc_keys_get(keys, smc_code(last + 1)))
		return true;
	for (size_t i = 0; (beginning = known_same_keys(sensor->name, i)); i++)
		if (has_keys_that_begin(keys, beginning))
			return true;
	return false;
}

static bool is_same(const struct sensor *sensor, const struct hid_sensor *service)
{
	return !sensor->key.code && sensor->kind == kinds[service->kind] &&
	       strcmp(sensor->label, service->name) == 0;
}

static bool is_there(const struct reader *self, const struct hid_sensor *service)
{
	for (size_t i = 0; i < self->count; i++)
		if (is_same(&self->sensors[i], service))
			return true;
	return false;
}

void services_add(struct reader *self)
{
	for (size_t i = 0; i < hid_count(self->hid); i++) {
		const struct hid_sensor *service = hid_sensor(self->hid, i);
		const struct known *known = known_service(service->name);
		if (known->hidden || is_of_smc(self->keys, service) || is_there(self, service))
			continue;
		struct sensor *sensor = reader_add(self, kinds[service->kind], "HID");
		sensor->known = known;
		snprintf(sensor->label, sizeof sensor->label, "%s", service->name);
		known_service_name(known, service->name, sensor->name);
	}
}

struct measure services_read(const struct reader *self, const struct sensor *sensor)
{
	struct measure one = {NAN, STATE_NONE}, result = one;
	double sum = 0;
	int count = 0;

	for (size_t i = 0; i < hid_count(self->hid); i++) {
		if (!is_same(sensor, hid_sensor(self->hid, i)))
			continue;
		one.state = hid_number(self->hid, i, &one.number);
		one = reader_check(self, sensor, one);
		if (one.state != STATE_OK)
			continue;
		sum += one.number;
		count++;
	}
	if (count)
		result = (struct measure){sum / count, STATE_OK};
	return result;
}
