#include "attribute.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

const struct attribute attributes[ATTRIBUTE_COUNT] = {
#define DECLARED(table_, id_, symbol_, name_, type_, unit_, kind_, cost_, detail_, sentence_)  \
	[ATTRIBUTE_##table_##_##symbol_] = {                                                   \
		.table = TABLE_##table_,                                                       \
		.id = (id_),                                                                   \
		.name = (name_),                                                               \
		.type = TYPE_##type_,                                                          \
		.unit = UNIT_##unit_,                                                          \
		.kind = KIND_##kind_,                                                          \
		.cost = COST_##cost_,                                                          \
		.detail = (detail_),                                                           \
		.sentence = (sentence_),                                                       \
	},
#define ATTRIBUTE(table, id, symbol, name, type, unit, kind, cost, linux, darwin, sentence)    \
	DECLARED(table, id, symbol, name, type, unit, kind, cost, false, sentence)
#define DETAIL(table, id, symbol, name, type, unit, kind, cost, linux, darwin, sentence)       \
	DECLARED(table, id, symbol, name, type, unit, kind, cost, true, sentence)
#define DERIVED(table, id, symbol, name, type, unit, rule, input, sentence)                    \
	DERIVED2(table, id, symbol, name, type, unit, rule, input, input, sentence)
#define DERIVED2(table_, id_, symbol_, name_, type_, unit_, rule_, input_, other_, sentence_)  \
	[ATTRIBUTE_##table_##_##symbol_] = {                                                   \
		.table = TABLE_##table_,                                                       \
		.id = (id_),                                                                   \
		.name = (name_),                                                               \
		.type = TYPE_##type_,                                                          \
		.unit = UNIT_##unit_,                                                          \
		.kind = KIND_DERIVED,                                                          \
		.rule = RULE_##rule_,                                                          \
		.input = ATTRIBUTE_##table_##_##input_,                                        \
		.other = ATTRIBUTE_##table_##_##other_,                                        \
		.sentence = (sentence_),                                                       \
	},
#include "attributes.def"
#undef ATTRIBUTE
#undef DERIVED
#undef DERIVED2
};

static const char *const table_names[TABLE_END] = {
	[TABLE_PROCESS] = "process",
	[TABLE_SYSTEM] = "system",
	[TABLE_COALITION] = "coalition",
	[TABLE_THREAD] = "thread",
	[TABLE_LEDGER] = "ledger",
	[TABLE_REGION] = "region",
	[TABLE_FOOTPRINT] = "footprint",
	[TABLE_CPU] = "cpu",
	[TABLE_GPU] = "gpu",
	[TABLE_POWER] = "power",
	[TABLE_SENSOR] = "sensor",
	[TABLE_DISK] = "disk",
	[TABLE_NETWORK] = "network",
	[TABLE_SERVER] = "server",
	[TABLE_SESSION] = "session",
};

static const char *const state_names[STATE_END] = {
	[STATE_OK] = "ok",
	[STATE_NONE] = "none",
	[STATE_PENDING] = "pending",
	[STATE_DENIED] = "denied",
	[STATE_UNSUPPORTED] = "unsupported",
	[STATE_ASLEEP] = "asleep",
	[STATE_FAILED] = "failed",
};

int attribute_by_id(enum table_id table, uint32_t id)
{
	for (int i = 0; i < ATTRIBUTE_COUNT; i++)
		if (attributes[i].table == table && attributes[i].id == id)
			return i;
	return -1;
}

int attribute_by_name(enum table_id table, const char *name)
{
	for (int i = 0; i < ATTRIBUTE_COUNT; i++)
		if (attributes[i].table == table && strcmp(attributes[i].name, name) == 0)
			return i;
	return -1;
}

const char *table_name(enum table_id table)
{
	return table > 0 && table < TABLE_END ? table_names[table] : NULL;
}

enum table_id table_by_name(const char *name)
{
	for (int i = TABLE_PROCESS; i < TABLE_END; i++)
		if (strcasecmp(table_names[i], name) == 0)
			return i;
	return 0;
}

const char *cell_state_name(enum cell_state state)
{
	return (unsigned)state < STATE_END ? state_names[state] : "unknown";
}
