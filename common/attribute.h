/*
 * The attributes: what can be measured, and what each one means.
 *
 * attributes.def declares every attribute once; this module turns it into an enum of
 * indices (dense, for arrays in memory, different in every build) and a table. On the wire
 * an attribute is its table and id, which never change.
 */
#ifndef COMMON_ATTRIBUTE_H
#define COMMON_ATTRIBUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The numbers of these five enums are those of procmon.proto; wire.c asserts it. */
enum table_id {
	TABLE_PROCESS = 1,
	TABLE_SYSTEM,
	TABLE_COALITION,
	TABLE_THREAD,
	TABLE_LEDGER,
	TABLE_REGION,
	TABLE_FOOTPRINT,
	TABLE_CPU,
	TABLE_GPU,
	TABLE_POWER,
	TABLE_SENSOR,
	TABLE_DISK,
	TABLE_NETWORK,
	TABLE_SERVER,
	TABLE_SESSION,
	TABLE_END,
};

enum cell_state {
	STATE_OK,
	STATE_NONE,        /* this row has no such thing */
	STATE_PENDING,     /* not read yet */
	STATE_DENIED,      /* the kernel refuses it to our user */
	STATE_UNSUPPORTED, /* not measurable on this host */
	STATE_ASLEEP,      /* the device is suspended */
	STATE_FAILED,      /* error or deadline */
	STATE_END,
};

enum attribute_type { TYPE_U64 = 1, TYPE_I64, TYPE_F64, TYPE_TEXT };

enum attribute_unit {
	UNIT_NONE,
	UNIT_COUNT,
	UNIT_BYTES,
	UNIT_NANOSECONDS,
	UNIT_NANOSECONDS_SINCE_1970,
	UNIT_NANOSECONDS_SINCE_BOOT,
	UNIT_HERTZ,
	UNIT_NANOJOULES,
	UNIT_MILLIWATTS,
	UNIT_MILLICELSIUS,
	UNIT_CORES,
	UNIT_BYTES_PER_SECOND,
	UNIT_PER_SECOND,
	UNIT_RATIO,
	UNIT_MILLIVOLTS,
	UNIT_MILLIAMPERES,
	UNIT_ROTATIONS_PER_MINUTE,
	UNIT_ADDRESS,
};

enum attribute_kind { KIND_CONSTANT = 1, KIND_GAUGE, KIND_COUNTER, KIND_DERIVED };

enum attribute_cost { COST_CHEAP, COST_THREADS, COST_SLOW, COST_PAGES };

/* How the client computes a derived attribute from its input. */
enum attribute_rule {
	RULE_NONE,
	RULE_RATE,       /* growth a second */
	RULE_CPU_RATE,   /* growth of ns by ns: in cores, or as a ratio */
	RULE_AGE,        /* time since then */
	RULE_POWER_RATE, /* growth of nJ a second, in mW */
	RULE_SHARE,      /* input / other, as they are */
	RULE_MEAN,       /* growth of input / growth of other */
};

enum attribute_index {
#define ATTRIBUTE(table, id, symbol, ...) ATTRIBUTE_##table##_##symbol,
#define DERIVED(table, id, symbol, ...)   ATTRIBUTE_##table##_##symbol,
#include "attributes.def"
#undef ATTRIBUTE
#undef DERIVED
	ATTRIBUTE_COUNT
};

struct attribute {
	enum table_id table;
	uint32_t id;
	const char *name;
	enum attribute_type type;
	enum attribute_unit unit;
	enum attribute_kind kind;
	enum attribute_cost cost;
	bool detail;                /* few look at it: its group does not bring it along */
	enum attribute_rule rule;   /* derived attributes only */
	enum attribute_index input; /* likewise: computed from this one */
	enum attribute_index
		other; /* SHARE and MEAN: and from this one; else the same as input */
	const char *sentence;
};

/* All attributes, by index. */
extern const struct attribute attributes[ATTRIBUTE_COUNT];

/* The index of an attribute, or -1 when there is none. */
int attribute_by_id(enum table_id table, uint32_t id);
int attribute_by_name(enum table_id table, const char *name);

/* "process", "system" ...; NULL for a number that is no table. */
const char *table_name(enum table_id table);
/* The table of that name (any case), or 0. */
enum table_id table_by_name(const char *name);

/* One word for people: "ok", "none", "pending", "denied" ... */
const char *cell_state_name(enum cell_state state);

#endif
