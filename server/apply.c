#include "apply.h"

#include <string.h>

static uint64_t scaled(const struct scale *scale, uint64_t value)
{
	if (scale->numerator == scale->denominator)
		return value;
	if (value <= UINT64_MAX / scale->numerator)
		return value * scale->numerator / scale->denominator;
	/* Too large for 64 bits in between: lose the last digits rather than the first ones. */
	return value / scale->denominator > UINT64_MAX / scale->numerator
		       ? UINT64_MAX
		       : value / scale->denominator * scale->numerator;
}

/* The state that a field says it has instead of a value, or STATE_OK. */
static enum cell_state absent_state(enum attribute_type type, const void *field)
{
	uint64_t bits;
	double number;

	memcpy(&bits, field, sizeof bits);
	switch (type) {
	case TYPE_U64:
		return bits > ABSENT_U64(STATE_END) ? (enum cell_state)(UINT64_MAX - bits)
						    : STATE_OK;
	case TYPE_I64:
		return bits - (uint64_t)INT64_MIN < STATE_END
			       ? (enum cell_state)(bits - (uint64_t)INT64_MIN)
			       : STATE_OK;
	case TYPE_F64:
		memcpy(&number, field, sizeof number);
		if (number == number)
			return STATE_OK;
		bits &= UINT64_C(0xFFFFFFFF);
		return bits > STATE_OK && bits < STATE_END ? (enum cell_state)bits : STATE_NONE;
	case TYPE_TEXT:
		break;
	}
	return STATE_OK;
}

/* One field of a sample could not be had, though the others could. */
static void note_failure(
	struct instance *self, const struct live_binding *live, enum cell_state state)
{
	uint32_t index = self->platform->bindings[live->column->attribute].source;

	if (state != STATE_FAILED)
		return;
	self->sources[index].failures++;
	pace_report(self, index);
}

static void apply_field(struct instance *self, const struct live_binding *live, uint32_t slot,
	const void *field)
{
	enum attribute_type type = live->column->type;
	uint64_t bits;

	if (type == TYPE_TEXT) {
		const struct sample_text *text = field;
		if (text->bytes)
			table_set_text(
				&self->table, live->column, slot, text->bytes, text->length);
		else
			table_set_state(&self->table, live->column, slot,
				text->state ? (enum cell_state)text->state : STATE_NONE);
		if (!text->bytes)
			note_failure(self, live, text->state);
		return;
	}
	enum cell_state state = absent_state(type, field);
	if (state != STATE_OK) {
		note_failure(self, live, state);
		table_set_state(&self->table, live->column, slot, state);
		return;
	}
	memcpy(&bits, field, sizeof bits);
	if (type == TYPE_U64)
		bits = scaled(&self->platform->scales[live->scale], bits);
	table_set(&self->table, live->column, slot, bits);
}

static uint64_t pending_bits(enum attribute_type type)
{
	double number = absent_f64(STATE_PENDING);
	uint64_t bits;

	memcpy(&bits, &number, sizeof bits);
	return type == TYPE_F64   ? bits
	       : type == TYPE_I64 ? (uint64_t)ABSENT_I64(STATE_PENDING)
				  : ABSENT_U64(STATE_PENDING);
}

static bool is_known(enum attribute_type type, const void *field)
{
	uint64_t bits;

	if (type == TYPE_TEXT) {
		const struct sample_text *text = field;
		return text->bytes || text->state != STATE_PENDING;
	}
	memcpy(&bits, field, sizeof bits);
	return bits != pending_bits(type);
}

void apply_clear(const struct instance *self, uint32_t index, void *sample)
{
	const struct instance_source *source = &self->sources[index];

	for (uint32_t i = 0; i < source->live_count; i++) {
		void *field = (char *)sample + source->live[i].offset;
		enum attribute_type type = source->live[i].column->type;
		uint64_t bits = pending_bits(type);
		if (type == TYPE_TEXT)
			*(struct sample_text *)field =
				(struct sample_text){.state = STATE_PENDING};
		else
			memcpy(field, &bits, sizeof bits);
	}
}

void apply_last(struct instance *self, uint32_t index, uint32_t slot, const void *sample,
	uint64_t sampled_ns)
{
	const struct instance_source *source = &self->sources[index];

	for (uint32_t i = 0; i < source->live_count; i++) {
		const struct live_binding *live = &source->live[i];
		const void *field = (const char *)sample + live->offset;
		if (!is_known(live->column->type, field))
			continue;
		table_set_sampled(live->column, slot, sampled_ns);
		apply_field(self, live, slot, field);
	}
}

void apply_sample(struct instance *self, uint32_t index, uint32_t slot, const void *sample,
	enum cell_state state, uint64_t sampled_ns)
{
	const struct instance_source *source = &self->sources[index];

	for (uint32_t i = 0; i < source->live_count; i++) {
		const struct live_binding *live = &source->live[i];
		table_set_sampled(live->column, slot, sampled_ns);
		if (state == STATE_OK)
			apply_field(self, live, slot, (const char *)sample + live->offset);
		else
			table_set_state(&self->table, live->column, slot, state);
	}
}

void apply_to_pending(struct instance *self, uint32_t index, uint32_t slot,
	enum cell_state state, uint64_t sampled_ns)
{
	const struct instance_source *source = &self->sources[index];

	for (uint32_t i = 0; i < source->live_count; i++) {
		struct column *column = source->live[i].column;
		if (column->states[slot] != STATE_PENDING)
			continue;
		table_set_sampled(column, slot, sampled_ns);
		table_set_state(&self->table, column, slot, state);
	}
}
