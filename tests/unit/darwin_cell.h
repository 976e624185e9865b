/* Cell: what the tests of the macOS backend share: the value of an attribute of a row, as the core
 * would get it, by the attribute's name. */
#ifndef TESTS_UNIT_DARWIN_CELL_H
#define TESTS_UNIT_DARWIN_CELL_H

#include "attribute.h"
#include "sim.h"
#include "watch.h"

static inline int cell_attribute(const struct watch *watch, const char *name)
{
	int attribute = attribute_by_name(watch->provider->table, name);

	if (attribute < 0)
		test_fail(__FILE__, __LINE__, "there is no attribute %s", name);
	return attribute;
}

/* The field of a sample that was read just now. Returns its state. */
static inline int cell_field(
	struct watch *watch, uint32_t slot, const char *name, void *ret_field, size_t size)
{
	static union {
		uint64_t align;
		unsigned char bytes[8192];
	} sample;
	const struct binding *binding = &watch->platform->bindings[cell_attribute(watch, name)];
	int result;

	if (!binding->bound)
		test_fail(__FILE__, __LINE__, "%s is not bound", name);
	result = watch_read_slot(watch, slot, binding->source, &sample);
	if (result == STATE_OK)
		memcpy(ret_field, sample.bytes + binding->offset, size);
	return result;
}

/* A number in base units; where there is none, ABSENT_U64 of its state. */
static inline uint64_t cell_u64(struct watch *watch, uint32_t slot, const char *name)
{
	const struct scale *scale =
		&watch->platform
			 ->scales[watch->platform->bindings[cell_attribute(watch, name)].scale];
	uint64_t value = 0;
	int result = cell_field(watch, slot, name, &value, sizeof value);

	if (result != STATE_OK)
		return ABSENT_U64(result);
	if (value >= ABSENT_U64(STATE_END))
		return value;
	return value * scale->numerator / scale->denominator;
}

static inline double cell_f64(struct watch *watch, uint32_t slot, const char *name)
{
	double value = 0;
	int result = cell_field(watch, slot, name, &value, sizeof value);

	return result == STATE_OK ? value : absent_f64((enum cell_state)result);
}

/* "" where there is none. */
static inline const char *cell_text(struct watch *watch, uint32_t slot, const char *name)
{
	struct sample_text text = {0};
	int result = cell_field(watch, slot, name, &text, sizeof text);

	return result == STATE_OK ? watch_text(&text) : "";
}

/* The row whose text is that; NO_ROW. */
static inline uint32_t cell_find(struct watch *watch, const char *name, const char *text)
{
	for (uint32_t i = 0; i < watch->count; i++)
		if (watch->rows[i].alive && strcmp(cell_text(watch, i, name), text) == 0)
			return i;
	return NO_ROW;
}

/* The row whose number is that; NO_ROW. */
static inline uint32_t cell_find_u64(struct watch *watch, const char *name, uint64_t number)
{
	for (uint32_t i = 0; i < watch->count; i++)
		if (watch->rows[i].alive && cell_u64(watch, i, name) == number)
			return i;
	return NO_ROW;
}

#endif
