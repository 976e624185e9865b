/*
 * Encoder: builds the parts of a frame. What a view says row by row and cell by cell is
 * gathered in arrays that are kept from frame to frame; a part is packed when it is full.
 */
#ifndef SERVER_ENCODER_H
#define SERVER_ENCODER_H

#include <stdbool.h>
#include <stdint.h>

#include "attribute.h"

struct encoder;
struct frame;

/* What a frame says of itself. */
struct frame_stamp {
	uint64_t tick, since;
	uint64_t sampled_ns, realtime_ns;
	bool gap, incomplete;
};

struct encoder *encoder_create(void);
void encoder_destroy(struct encoder *self); /* accepts NULL */

/* Room for so many slots, for the caller's use until the next call; kept from frame to frame. */
uint32_t *encoder_scratch(struct encoder *self, uint32_t count);

/* In this order: begin, removed.., added.., exited.., (column, value or absent..).., unsampled.., end. */
void encoder_begin(struct encoder *self, const struct frame_stamp *stamp);
void encoder_removed(struct encoder *self, uint32_t slot);
void encoder_added(struct encoder *self, uint32_t slot, uint64_t identity, uint64_t pid);
void encoder_exited(struct encoder *self, uint32_t slot);
/* default_state STATE_OK: not said. A column without cells and default is left out. */
void encoder_column(struct encoder *self, uint32_t id, enum attribute_type type, bool ages,
	enum cell_state default_state);
/* `bits` as in a table's column; age_ns counts only if the column has ages. */
void encoder_value(struct encoder *self, uint32_t slot, uint64_t bits, uint64_t age_ns);
void encoder_absent(struct encoder *self, uint32_t slot, enum cell_state state);
void encoder_unsampled(struct encoder *self, uint32_t id);
/* NULL: there was no memory for it. */
struct frame *encoder_end(struct encoder *self);

#endif
