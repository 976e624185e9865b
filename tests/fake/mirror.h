/*
 * A subscriber that keeps a copy of the table from the frames that it is sent, by the rules
 * of message Frame and nothing else.
 */
#ifndef TESTS_FAKE_MIRROR_H
#define TESTS_FAKE_MIRROR_H

#include <stdbool.h>
#include <stdint.h>

#include "frame.h"
#include "sampler.h"

enum { MIRROR_SLOTS = 4096, MIRROR_COLUMNS = 16 };

struct mirror_cell {
	uint64_t bits;
	char *text;
	uint64_t age_ns;
	enum cell_state state;
	bool named; /* said in a frame since the row was added */
};

struct mirror_row {
	bool alive;
	uint64_t identity, pid;
	struct mirror_cell cells[MIRROR_COLUMNS];
};

struct mirror {
	struct subscriber subscriber;
	bool stalled; /* takes nothing */
	uint32_t column_count;
	uint32_t columns[MIRROR_COLUMNS]; /* attribute ids */
	enum cell_state defaults[MIRROR_COLUMNS];
	struct mirror_row rows[MIRROR_SLOTS];
	/* Of the latest frame, and of all. */
	uint64_t tick, since, sampled_ns;
	uint32_t parts, columns_named, cells_named, added, removed, unsampled;
	bool gap;
	uint32_t frames, ended;
	int ended_error;
	const struct frame *last_frame; /* for its address only */
};

void mirror_init(struct mirror *self, uint32_t session);
void mirror_finish(struct mirror *self);

/* Asks for attributes (a list that ends with ATTRIBUTE_COUNT). */
int mirror_subscribe(struct mirror *self, struct sampler *sampler, uint64_t now_ns,
	uint64_t interval_ns, const uint64_t *pids, uint32_t pid_count, ...);

/* NULL: no such row. */
const struct mirror_row *mirror_by_pid(const struct mirror *self, uint64_t pid);
uint32_t mirror_count(const struct mirror *self);
/* The cell of an attribute; its state is the column's default if it was never named. */
struct mirror_cell mirror_cell(const struct mirror *self, const struct mirror_row *row,
	enum attribute_index attribute);

#endif
