/*
 * A subscriber that keeps a copy of the table from the frames that it is sent, by the rules
 * of message Frame and nothing else.
 */
#ifndef TESTS_FAKE_REPLICA_H
#define TESTS_FAKE_REPLICA_H

#include <stdbool.h>
#include <stdint.h>

#include "frame.h"
#include "sampler.h"

enum { REPLICA_SLOTS = 4608, REPLICA_COLUMNS = 16 };

struct replica_cell {
	uint64_t bits;
	char *text;
	uint64_t age_ns;
	enum cell_state state;
	bool named; /* said in a frame since the row was added */
};

struct replica_row {
	bool alive, exited;
	uint64_t identity, pid;
	struct replica_cell cells[REPLICA_COLUMNS];
};

struct replica {
	struct subscriber subscriber;
	bool stalled;        /* takes nothing */
	bool exits;          /* asks for them; set before it subscribes */
	uint64_t target_pid; /* likewise */
	uint32_t column_count;
	uint32_t columns[REPLICA_COLUMNS]; /* attribute ids */
	enum cell_state defaults[REPLICA_COLUMNS];
	struct replica_row rows[REPLICA_SLOTS];
	/* Of the latest frame, and of all. */
	uint64_t tick, since, sampled_ns;
	uint32_t parts, columns_named, cells_named, added, removed, exited, unsampled;
	bool gap, incomplete;
	uint32_t frames, ended;
	uint64_t exits_shown; /* in all frames */
	/* Called for each of them; may be NULL. */
	void (*on_exit)(struct replica *self, const struct replica_row *row);
	int ended_error;
	const struct frame *last_frame; /* for its address only */
};

void replica_init(struct replica *self, uint32_t session);
void replica_finish(struct replica *self);

/* Asks for attributes (a list that ends with ATTRIBUTE_COUNT). */
int replica_subscribe(struct replica *self, struct sampler *sampler, uint64_t now_ns,
	uint64_t interval_ns, const uint64_t *pids, uint32_t pid_count, ...);

/* NULL: no such row. */
const struct replica_row *replica_by_pid(const struct replica *self, uint64_t pid);
uint32_t replica_count(const struct replica *self);
/* The cell of an attribute; its state is the column's default if it was never named. */
struct replica_cell replica_cell(const struct replica *self, const struct replica_row *row,
	enum attribute_index attribute);

#endif
