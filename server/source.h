/*
 * Source: one kernel call or file, the struct that it fills (a sample), and the bindings
 * that say which attribute comes from which field.
 *
 * This header and platform.h are all that a platform needs to know of the server. They use
 * fixed-width types only.
 */
#ifndef SERVER_SOURCE_H
#define SERVER_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "attribute.h"

/*
 * Every number in a sample is 64 bits wide, so that a field can also say that it has no
 * value, and why: the seven numbers at the end of the range stand for the states. (No
 * quantity of any kernel comes near them; "unlimited" is STATE_NONE.) A floating point
 * field without value is NaN: its lowest bits are the state, and what has come out of
 * arithmetic counts as STATE_NONE.
 */
#define ABSENT_U64(state) (UINT64_MAX - (uint64_t)(state))
#define ABSENT_I64(state) (INT64_MIN + (int64_t)(state))
static inline double absent_f64(enum cell_state state)
{
	union {
		uint64_t bits;
		double number;
	} quiet = {UINT64_C(0x7FF8) << 48 | (uint64_t)state};

	return quiet.number;
}

/*
 * A text in a sample. The bytes are whatever the kernel said: any encoding, no terminator.
 * They are borrowed until the same source is read again (fast lane), or point into the text
 * space of the job (slow lane). bytes == NULL: no value, and `state` says why.
 */
struct sample_text {
	const char *bytes;
	uint32_t length;
	uint32_t state; /* enum cell_state */
};

enum source_lane {
	LANE_FAST, /* cannot block: read in the tick */
	LANE_SLOW, /* may block: read by a worker, with a deadline */
	/*
	 * Fast for most rows; provider.read answers SAMPLE_LATER for a row whose read may
	 * block, and a worker does it. The cells then are of the tick in which the worker's
	 * sample was applied: at most one interval behind those of other rows.
	 */
	LANE_EITHER,
	/*
	 * A worker finds the rows themselves (a job of SOURCE_LISTING), with all that is known of
	 * them: provider.list and provider.read only take over what it has found. All sources of
	 * a table are of this lane, or none is. Rows and cells are of one
	 * time, when the worker was through, which is the time of the frame: cells have no ages.
	 */
	LANE_LISTED,
};

struct source {
	const char *name;
	uint32_t sample_size; /* of the struct that it fills */
	uint32_t text_size;   /* not the fast lane: bytes of text space that a job needs */
	enum source_lane lane;
	/*
	 * The sample of a row cannot change while the row's activity (see provider.gate)
	 * stands still, but for attributes whose binding drifts.
	 */
	bool gated;
	/*
	 * It can be read once more of a row that has ended (see roster_ops.ended). The fields
	 * that are wanted are STATE_PENDING then; what the provider leaves so is not known any
	 * more, and its cell stays as it is.
	 */
	bool last;
	/*
	 * It is read no more often than this while somebody wants it, at whatever interval: the device would
	 * suffer, or its values do not change so fast. The cells keep what they have, and slow
	 * ones their age. 0: as often as it is asked for.
	 */
	uint64_t period_ns;
	/*
	 * What to do where the kernel denies it to our user: a capability, a group, a mount
	 * option. NULL: it is never denied.
	 */
	const char *remedy;
};

/*
 * Attribute <- the sum of an attribute of another table's rows: of those whose attribute `by` is
 * the identity of this table's row, or of a row below it: `up` is the identity of the row above.
 * All are indices of attributes, `up` one of this table.
 */
struct summing {
	uint16_t of, by, up;
};

/*
 * Attribute <- field. Exactly one of these is the case: `bound`; `sum`; or not measurable, and
 * `unsupported` says why in words; or neither, for attributes of no concern to the platform.
 */
struct binding {
	const char *unsupported;
	bool bound;
	const struct summing *sum; /* or it is a sum */
	/*
	 * The value may change while the process sleeps (memory is reclaimed, another process
	 * renices it): it is read again at least every REFRESH_NS.
	 */
	bool drifts;
	uint16_t source; /* index in provider.sources */
	uint16_t offset; /* of the field in the sample */
	uint16_t scale;  /* index in platform.scales; 0 is 1:1 */
};

/* A field's value is multiplied by this fraction to get the attribute's base unit. */
struct scale {
	uint64_t numerator, denominator;
};

#endif
