/*
 * Table: columns of cells that remember when they changed.
 *
 * A row has a slot, a small index that is its name on the wire; a column is an array by
 * slot. Every cell keeps the tick at which it last changed, every slot the ticks at which
 * its row was born and its last row died. "What changed after tick N" is then answered from
 * the table alone, for any N, whoever asks (view.c).
 */
#ifndef SERVER_TABLE_H
#define SERVER_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "attribute.h"
#include "limit.h"

#define NO_SLOT UINT32_MAX

struct column {
	enum attribute_index attribute;
	enum attribute_type type;
	bool counter;                  /* never steps back while its row lives */
	bool slow;                     /* stamped whenever it is sampled, with the time */
	enum cell_state default_state; /* of cells that were never set */
	uint32_t users;
	uint64_t *values; /* by slot: the bits of the number; TEXT: an owned char *, or 0 */
	uint64_t *stamps; /* by slot: tick of the last change; 0: none since the row was born */
	uint64_t *sampled_ns; /* by slot; slow columns only */
	uint8_t *states;      /* by slot: enum cell_state */
};

struct row {
	uint64_t identity;
	uint64_t pid;
	uint64_t born;       /* tick; 0: the slot was never used */
	uint64_t ended;      /* tick at which its process ended, though it stays; 0: not yet */
	uint64_t shown;      /* latest tick at which somebody was shown it as ended */
	uint64_t died;       /* tick at which the slot's last row died; 0: none yet */
	uint32_t generation; /* counts the rows that had this slot */
	bool alive;
};

/* There, and its process has not ended. */
static inline bool row_is_running(const struct row *self)
{
	return self->alive && !self->ended;
}

struct table {
	uint64_t tick;       /* the current one: what is set now is stamped with it */
	uint32_t slot_count; /* slots ever used are below it */
	uint32_t capacity;
	uint32_t row_count;               /* alive */
	struct row *rows;                 /* by slot */
	uint64_t *changed;                /* by slot: tick of the last change of any kind */
	uint32_t *free_slots, free_count; /* reusable now */
	uint32_t *released_slots,
		released_count;                  /* died in this tick: reusable from the next */
	struct column *columns[ATTRIBUTE_COUNT]; /* NULL: nobody wants it */
	uint64_t *text_bytes;                    /* see table_init() */
};

/* `text_bytes`: what the texts of all tables take together; borrowed, and kept up to date. */
void table_init(struct table *self, uint64_t *text_bytes);
void table_finish(struct table *self);

/* All that follows happens at this tick. */
void table_begin(struct table *self, uint64_t tick);

/* The new row's slot, or NO_SLOT when the table is full, or there is no memory for more. */
uint32_t table_add(struct table *self, uint64_t identity, uint64_t pid);
/* Its process has ended; the row stays for a while. */
void table_end(struct table *self, uint32_t slot);
void table_remove(struct table *self, uint32_t slot);

/* Is there memory for so many columns more? */
bool table_has_room(const struct table *self, uint32_t columns);
/* One more user of the column; it is made if it does not exist (*ret_new). */
struct column *table_acquire(struct table *self, enum attribute_index attribute,
	enum cell_state default_state, bool *ret_new);
void table_release(struct table *self, enum attribute_index attribute);
/* A column that is new has its cells from workers, whatever the registry says. */
void table_make_slow(struct table *self, struct column *column);

/*
 * Sets a cell of a living row. `bits` is the number's 64 bits. A cell is stamped when it
 * changes; a slow cell always, with the time of its sample. A counter that would step back
 * stays where it is. A text is cut to what the limits of texts leave for it.
 */
void table_set(struct table *self, struct column *column, uint32_t slot, uint64_t bits);
void table_set_text(struct table *self, struct column *column, uint32_t slot, const char *bytes,
	size_t length);
void table_set_state(
	struct table *self, struct column *column, uint32_t slot, enum cell_state state);
/* Slow columns: when the cell that is about to be set was sampled. */
void table_set_sampled(struct column *column, uint32_t slot, uint64_t sampled_ns);

#endif
