/*
 * Devices: what the tables of the machine have in common, whose rows are cores, disks,
 * sensors or cgroups, on every platform. A table is a struct device_table in a folder of its own; from that
 * devices_provider() makes what the core wants.
 *
 * The table says which devices there are, by key; rows that come and go, their slots and their
 * identities are kept here. Each source reads one thing of one row.
 */
#ifndef SERVER_DEVICES_H
#define SERVER_DEVICES_H

#include "platform.h"

/* What the platform knows of the machine: its own business. */
struct host;

enum { DEVICE_SOURCES_MAX = 16 };

struct device_table;
struct devices_provider;

/*
 * An open table. A table's own struct begins with it. Between two calls of the core nothing
 * moves but rows: what devices_row() gives is good until the next devices_found().
 */
struct devices {
	const struct device_table *table;
	const struct host *host;
	uint32_t wanted;       /* bit mask: sources that somebody wants */
	uint32_t sought;       /* those that the listing shall find that is being prepared */
	uint64_t now_ns;       /* CLOCK_MONOTONIC of the latest list */
	uint64_t round;        /* counts the lists: a file of all rows is read once a round */
	uint64_t found_ns;     /* when find() was called last; 0: not yet */
	uint64_t finding;      /* counts the finds */
	struct roster *roster; /* while it finds */
	struct device_place *places; /* by slot */
	unsigned char *rows;         /* by slot: table->row_size bytes each */
	uint32_t capacity;
	uint32_t
		next; /* where the next device is looked for first: mostly they keep their order */
	/* A hash table by identity: 1 + slot, of rows that there are or were. */
	uint32_t *index;
	uint32_t index_size, index_used; /* the size is a power of 2 */
};

/* A source of such a table: what the core knows of it, and what it does. */
struct device_source {
	struct source source;
	/* Why not on this host, static or owned by the host; NULL: always, or the answer is
	 * NULL: it can be read. *ret_state is STATE_UNSUPPORTED unless it says otherwise. */
	const char *(*unsupported)(const struct host *host, enum cell_state *ret_state);
	/* Fast lane: as provider.read. `row` is the table's own. */
	int (*read)(struct devices *table, void *row, void *sample);
	/*
	 * Slow lane: prepare() makes what the worker needs, with malloc, and run() has that and
	 * nothing else; it is freed by release(), or by free() where that is NULL. The states
	 * are those of provider.job_*. finish() may be NULL.
	 */
	int (*prepare)(struct devices *table, void *row, void **ret_data);
	int (*run)(void *data, struct job *job);
	void (*release)(void *data);
	int (*finish)(
		struct devices *table, void *row, void *data, struct job *job, int result);
};

/* How workers find the rows, of a table whose sources are LANE_LISTED. */
struct device_listing {
	/* As those of a source. run() answers STATE_NONE where there is nothing to be found. */
	int (*prepare)(struct devices *table, void **ret_data);
	int (*run)(void *data);
	void (*release)(void *data);
	/* The loop's thread: what run() has found becomes the table's. find() is next. */
	void (*take)(struct devices *table, void *data);
	/* A number that is another one when anything of the row is; as provider.gate, for sources that
	 * are gated. NULL: rows are always read. */
	uint64_t (*activity)(struct devices *table, void *row);
};

struct device_table {
	enum table_id id;
	const struct device_listing *listing;       /* NULL: find() finds them itself */
	const struct device_source *const *sources; /* in the order of their SOURCE_ numbers */
	uint32_t source_count;
	size_t size;     /* of the table's own struct, which begins with a struct devices */
	size_t row_size; /* of what it keeps for each row; 0: nothing */
	bool targeted;
	/*
	 * The table is opened, all of it zeroed but what struct devices says; and closed, after
	 * all rows were let go. NULL: nothing to do. As provider.open.
	 */
	int (*open)(struct devices *table, const struct target *target);
	void (*close)(struct devices *table);
	/* Descriptors that it keeps open, for table SERVER. NULL: none. */
	uint64_t (*descriptors)(struct devices *table);
	/* Targeted: is it still the process that the table was opened for? */
	bool (*has_target)(struct devices *table);
	/*
	 * Calls devices_found() for all that there is. Returns 0, -ESRCH: the target has ended, or
	 * another negative errno: the rows stay as they are.
	 */
	int (*find)(struct devices *table);
	/* What a row holds is freed. NULL: it holds nothing. */
	void (*forget)(struct devices *table, void *row);
	/* Devices come and go no faster than that, so that find() need not be called more often.
	 * 0: at every sampling. */
	uint64_t find_period_ns;
};

/* The provider of a table, at `self`, which must stay. */
struct devices_provider {
	struct provider provider;
	const struct device_table *table;
	const struct host *host;
	struct source sources[DEVICE_SOURCES_MAX];
};
void devices_provider_init(struct devices_provider *self, const struct device_table *table,
	const struct host *host);

/* ------------------------------------------------------------------ inside find() */

/*
 * There is a device of this key, which no other one of the table has while the host is up: a
 * name alone will do only if nothing else gets it later. Returns the table's own row, zeroed if
 * *ret_new; NULL: the table is full. The second form also says which process it is of, and
 * takes a number that was never used before instead of a text.
 */
void *devices_found(struct devices *self, const char *key, bool *ret_new);
void *devices_found_number(
	struct devices *self, uint64_t identity, uint64_t pid, bool *ret_new);

/* --------------------------------------------------------------------- elsewhere */

void *devices_row(struct devices *self, uint32_t slot);
/* The next row from *slot on, which is moved behind it; NULL: no more. Begin with 0. */
void *devices_next(struct devices *self, uint32_t *slot);

/* A text of a sample. NULL or "": STATE_NONE. */
struct sample_text device_text(const char *text);
/* Sets all numbers (u64) of a sample from `first` to `last`, both included, to a state. */
void device_fill(uint64_t *first, const uint64_t *last, enum cell_state state);

#endif
