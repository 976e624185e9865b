/*
 * Mirror: keeps a copy of the server's table up to date, frame by frame.
 *
 * The parts of a large frame wait, decoded, until the last one has come: the table changes
 * from whole to whole. Whatever a frame contains, the result is a table or an error.
 */
#ifndef CLIENT_MIRROR_H
#define CLIENT_MIRROR_H

#include "table.h"
#include "wire.h"

/* A part that waits for the last one. */
struct part {
	struct part *next;
	struct wire_arena arena; /* the frame lives in it */
	const Procmon__Frame *frame;
};

struct mirror {
	struct procmon_table *table; /* as of the last whole frame; NULL: not initialised */
	uint32_t *index_by_slot;     /* row index + 1; 0: no such row */
	uint32_t slot_count;
	struct part *parts, *last_part;
	uint32_t part_count;
	size_t staged_bytes;
	/* While a frame is applied: */
	uint32_t leaving, revived;
};

/* -ENOMEM. */
int mirror_init(struct mirror *self, struct selection *selection);
void mirror_finish(struct mirror *self);

/*
 * Takes a part of a frame that was decoded into `arena`. Returns 1 when the table has
 * changed, 0 when the part waits for others (the arena's content is then the mirror's and
 * the arena empty), -EPROTO for nonsense, -ENOMEM. After an error the mirror only serves to
 * be finished.
 */
int mirror_take(struct mirror *self, struct wire_arena *arena, const Procmon__Frame *frame);

/* For the files of the mirror: the row of a slot, or NULL; a column of a part (-EPROTO,
 * -ENOMEM); what is to be done for a column when the whole frame is applied. */
struct procmon_row *mirror_find(const struct mirror *self, uint32_t slot);
int mirror_apply_column(struct mirror *self, uint32_t column, const Procmon__Column *message);
void mirror_settle_column(struct mirror *self, uint32_t column);

#endif
