/*
 * libprocmon: what the processes of this machine are doing, from the procmond that samples
 * for everybody.
 *
 *	struct procmon_connection *connection;
 *	struct procmon_request *request;
 *
 *	procmon_connect(NULL, "my program", PROCMON_START_SERVER, &connection, NULL);
 *	procmon_request_create(connection, PROCMON_PROCESS, on_table, NULL, &request);
 *	procmon_request_add_name(request, "mem.footprint");
 *	procmon_request_set_interval(request, 1000000000);
 *	procmon_request_execute(request);
 *	while (procmon_dispatch(connection, -1) >= 0)
 *		;
 *
 * The library has no globals and no threads, never prints, never exits and installs no
 * signal handler. A connection and everything made from it belong to one thread at a time.
 * It never blocks but in procmon_connect and procmon_dispatch with a timeout; in an event
 * loop wait for procmon_get_events() on procmon_get_fd() and then call
 * procmon_dispatch(connection, 0).
 *
 * Functions that can fail return 0 or a negative errno. Objects are counted: what a
 * _create or _copy function gives is released with procmon_release(); what a _get function
 * gives is borrowed and lives as long as the object that it came from.
 *
 * Units are base units: bytes, ns, Hz, nJ, mW, m°C. A cell either has a value or a state
 * that says why not; no value ever stands for "unknown".
 */
#ifndef PROCMON_H
#define PROCMON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct procmon_connection; /* a session with the server */
struct procmon_request;    /* what is asked of a table */
struct procmon_table;      /* a whole table at one sampling instant */
struct procmon_row;        /* one row of it */

enum procmon_table_id {
	PROCMON_PROCESS = 1,
	PROCMON_SYSTEM,
	PROCMON_COALITION,
	PROCMON_THREAD,
	PROCMON_LEDGER,
	PROCMON_REGION,
	PROCMON_FOOTPRINT,
	PROCMON_CPU,
	PROCMON_GPU,
	PROCMON_POWER,
	PROCMON_SENSOR,
	PROCMON_DISK,
	PROCMON_NETWORK,
	PROCMON_SERVER,
	PROCMON_SESSION,
};

/* Why a cell has no value. */
enum procmon_state {
	PROCMON_OK,
	PROCMON_NONE,        /* this row has no such thing */
	PROCMON_PENDING,     /* not read yet; for a derived value: needs one more sample */
	PROCMON_DENIED,      /* the kernel does not tell the server's user */
	PROCMON_UNSUPPORTED, /* not measurable on this host: see procmon_attribute.reason */
	PROCMON_ASLEEP,      /* the device is suspended and is not woken */
	PROCMON_FAILED,      /* an error, or no answer before the deadline */
};

enum procmon_type { PROCMON_U64 = 1, PROCMON_I64, PROCMON_F64, PROCMON_TEXT };

enum procmon_unit {
	PROCMON_NO_UNIT,
	PROCMON_COUNT,
	PROCMON_BYTES,
	PROCMON_NANOSECONDS,
	PROCMON_NANOSECONDS_SINCE_1970,
	PROCMON_NANOSECONDS_SINCE_BOOT,
	PROCMON_HERTZ,
	PROCMON_NANOJOULES,
	PROCMON_MILLIWATTS,
	PROCMON_MILLICELSIUS,
	PROCMON_CORES,
	PROCMON_BYTES_PER_SECOND,
	PROCMON_PER_SECOND,
	PROCMON_RATIO,
	PROCMON_MILLIVOLTS,
	PROCMON_MILLIAMPERES,
	PROCMON_ROTATIONS_PER_MINUTE,
	PROCMON_ADDRESS, /* in the memory of a process: people read it in hexadecimal */
};

enum procmon_kind { PROCMON_CONSTANT = 1, PROCMON_GAUGE, PROCMON_COUNTER, PROCMON_DERIVED };

enum procmon_cost { PROCMON_CHEAP, PROCMON_THREADS, PROCMON_SLOW, PROCMON_PAGES };

/* An entry of the server's catalog. Lives as long as the connection. */
struct procmon_attribute {
	uint32_t table;   /* enum procmon_table_id */
	uint32_t id;      /* unique in its table */
	const char *name; /* "mem.footprint"; the part before the dot is the group */
	enum procmon_type type;
	enum procmon_unit unit;
	enum procmon_kind kind;
	enum procmon_cost cost;
	bool detail;              /* few look at it: its group need not bring it along */
	const char *text;         /* one sentence */
	enum procmon_state state; /* PROCMON_OK: available on this host */
	const char *reason;       /* otherwise: why not; "" when available */
	const char *remedy; /* where cells are PROCMON_DENIED: what to do; "" if none is */
	const char *source; /* what is read for it ("stat": process.stat in SERVER); or "" */
	uint32_t input;     /* derived: the id that it is computed from; else 0 */
	uint32_t
		other; /* a share of two, a mean of two growths: the id of the second; else 0 */
};

/* The content of a cell. */
struct procmon_value {
	enum procmon_state state; /* PROCMON_OK: one of the members below holds the value */
	enum procmon_type type;
	uint64_t u64;
	int64_t i64;
	double f64;
	const char *text; /* UTF-8 without control characters; borrowed from the row */
	/* How long before the table's timestamp it was sampled: 0, but for what is read by the
	 * server's workers or was not read for this table. */
	uint64_t age_ns;
};

/* The server that one talks to. Borrowed from the connection. */
struct procmon_server {
	uint32_t protocol;
	uint32_t pid;
	uint32_t session; /* our number in table SESSION */
	const char *version;
	const char *platform; /* "linux", "darwin" */
};

/* ------------------------------------------------------------------- connection */

/* Start a server when none answers: procmond beside this program, else in the installed
 * place; never by PATH. $PROCMON_SERVER may name another one by its whole path. */
#define PROCMON_START_SERVER 1u

/*
 * Connects to the user's server, exchanges hellos and reads the catalog. `path` is the
 * socket; NULL: $PROCMON_SOCKET or the user's usual place. `name` is what the server's
 * status shows. Waits at most 5 s, and 2.5 s for the answer of a server that is there.
 *
 * -ENOENT, -ECONNREFUSED: no server there (with PROCMON_START_SERVER: none could be started)
 * -EPERM:   the place, or who listens there, is not ours or root's: refused
 * -EPROTO:  what listens there does not speak the protocol
 * -EPROTONOSUPPORT: no common protocol version
 * -EACCES:  we are in another pid namespace than the server, such as a container: refused
 * -E2BIG:   the server has as many clients as it takes
 * -ECONNRESET, -ESHUTDOWN: the server ended meanwhile
 * -ETIMEDOUT, -ENAMETOOLONG, -ENOMEM, or what connect(2) said.
 * If `ret_error` is not NULL a failure leaves a sentence for people there, to be freed with
 * free(); it says what to do. It may be NULL when memory is short.
 */
int procmon_connect(const char *path, const char *name, unsigned flags,
	struct procmon_connection **ret_connection, char **ret_error);

/* The descriptor to wait for, and for what: POLLIN, and POLLOUT while something waits to be
 * sent. Do not read, write or close it. */
int procmon_get_fd(const struct procmon_connection *connection);
short procmon_get_events(const struct procmon_connection *connection);

/*
 * Sends what waits, reads what came and calls the handlers. Waits at most timeout_ms for
 * something to do (0: not at all, -1: for ever). Returns the number of handlers called; it may
 * be 0 before the time is over, when a signal came or only a piece of a table.
 * -ECONNRESET: the server is gone; -ESHUTDOWN: it said goodbye and is going; -EPROTO: it
 * broke the protocol, or says that we did; -ENOMEM. After an error the connection only serves
 * to be released; its requests have got the error by their handler.
 * -EBUSY: called from a handler of the same connection.
 * Handlers may do all the rest: cancel and release their own and other requests, make and
 * execute new ones, release the connection (no handler is called any more then).
 */
int procmon_dispatch(struct procmon_connection *connection, int timeout_ms);

/* After -ESHUTDOWN: in how many ns a new connection is welcome. 0: the server was asked to
 * stop, and clients should not come back by themselves. */
uint64_t procmon_get_retry_ns(const struct procmon_connection *connection);

const struct procmon_server *procmon_get_server(const struct procmon_connection *connection);

/* The catalog: all attributes of all tables in the order in which people read them. */
size_t procmon_get_attribute_count(const struct procmon_connection *connection);
const struct procmon_attribute *procmon_get_attribute(
	const struct procmon_connection *connection, size_t index);
/* By name or id; NULL: this server does not know it. */
const struct procmon_attribute *procmon_find_attribute(
	const struct procmon_connection *connection, uint32_t table, const char *name);
const struct procmon_attribute *procmon_find_attribute_id(
	const struct procmon_connection *connection, uint32_t table, uint32_t id);

/* ---------------------------------------------------------------------- request */

/*
 * Called from procmon_dispatch with the whole table as of its timestamp. The table is
 * borrowed for the time of the call; retain it to keep it: later frames do not change it.
 */
typedef void procmon_table_handler(
	struct procmon_request *request, struct procmon_table *table, void *context);

/*
 * Called from procmon_dispatch, once at most: the request is over. `error` is a negative
 * errno: -ENOENT no such table or attribute, -ESRCH the target is gone, -E2BIG a limit of the
 * server, -EINVAL the request contradicts itself, -EACCES the kernel does not tell the server's
 * user about the target, -EIO the server failed at it; or what procmon_dispatch returns. `text` says it in words ("" if there is nothing to say), borrowed.
 */
typedef void procmon_error_handler(
	struct procmon_request *request, int error, const char *text, void *context);

/* Creates a request for a table. Nothing is sent before _execute. The first form ignores
 * errors: the handler is then just not called any more. -ENOMEM. */
int procmon_request_create(struct procmon_connection *connection, uint32_t table,
	procmon_table_handler *handler, void *context, struct procmon_request **ret_request);
int procmon_request_create_with_error(struct procmon_connection *connection, uint32_t table,
	procmon_table_handler *handler, procmon_error_handler *error_handler, void *context,
	struct procmon_request **ret_request);

/* Adds an attribute by id, several by id, or one by name. An attribute that is already there
 * is no error. -ENOENT: not in the catalog; -E2BIG: more than 256; -EBUSY: already executed;
 * -ENOTCONN: the connection was released; -ENOMEM. */
int procmon_request_add_attribute(struct procmon_request *request, uint32_t id);
int procmon_request_add_attributes(
	struct procmon_request *request, const uint32_t *ids, size_t count);
int procmon_request_add_name(struct procmon_request *request, const char *name);

/* Time between tables; rounded up to a multiple of 100 ms by the server. 0, the default: one
 * table and no more. -EBUSY: already executed. */
int procmon_request_set_interval(struct procmon_request *request, uint64_t interval_ns);

/* End after the first table, whatever the interval. */
#define PROCMON_ONCE 1u
/* Table PROCESS: a process that ended is shown once more, with its last values, in the next
 * table; procmon_row_has_exited() tells such rows apart. Who is behind may be shown it twice,
 * and who takes no table for more than 10 s may miss some. */
#define PROCMON_EXITS 2u
/* Any of these, or 0. -EBUSY: already executed; -EINVAL: there is no such flag. */
int procmon_request_set_flags(struct procmon_request *request, unsigned flags);

/* Only these processes, as they are now: one that ends does not come back when its pid is
 * used again. At most 1024. -EBUSY, -E2BIG, -ENOMEM. */
int procmon_request_set_pids(
	struct procmon_request *request, const uint32_t *pids, size_t count);

/* The process that the table is about (THREAD, REGION ...). When it ends, or is not there, the
 * error handler is called with -ESRCH. -EBUSY. */
int procmon_request_set_target(struct procmon_request *request, uint32_t pid);

/* Sends the request; it can be executed once. -EINVAL: it has no attribute; -E2BIG: with what
 * derived ones are computed from it has more than 256; -EBUSY: already executed or cancelled;
 * -ENOTCONN: the connection was released; -ENOMEM; or the error of the connection. */
int procmon_request_execute(struct procmon_request *request);

/* Ends it: the handler is not called again. Safe to call twice, and from the handler. */
void procmon_request_cancel(struct procmon_request *request);

uint32_t procmon_request_get_table_id(const struct procmon_request *request);

/* ------------------------------------------------------------------------ table */

size_t procmon_table_get_count(const struct procmon_table *table);

/* When it was sampled: CLOCK_MONOTONIC of the server's host (macOS: CLOCK_UPTIME_RAW); since
 * 1970 for display. */
uint64_t procmon_table_get_timestamp(const struct procmon_table *table);
uint64_t procmon_table_get_realtime(const struct procmon_table *table);
/* Number of the server's sampling instant. */
uint64_t procmon_table_get_tick(const struct procmon_table *table);

/* Are rows missing? Those of the target were not known yet, or there are more than a table
 * takes, 65536. */
bool procmon_table_is_incomplete(const struct procmon_table *table);

/* Rows 0 .. count - 1, in no particular order; borrowed. NULL beyond the end. */
struct procmon_row *procmon_table_get_row(struct procmon_table *table, size_t index);
/* A copy of it: release it. It keeps its values when the table is gone. NULL: beyond the end,
 * or no memory. */
struct procmon_row *procmon_table_copy_row(struct procmon_table *table, size_t index);

/* Calls `function` for every row until it returns false. */
void procmon_table_apply(struct procmon_table *table,
	bool (*function)(struct procmon_row *row, void *context), void *context);

/* -------------------------------------------------------------------------- row */

/* Never reused while the host is up: the key to find a row again in a later table. */
uint64_t procmon_row_get_identity(const struct procmon_row *row);
/* The process id in tables of processes, else 0. */
uint32_t procmon_row_get_pid(const struct procmon_row *row);
/* Has the process of the row ended? Its values are then the last that are known. Only with
 * PROCMON_EXITS. */
bool procmon_row_has_exited(const struct procmon_row *row);

/*
 * The value of an attribute of the request, derived ones included. -ENOENT: the request did
 * not ask for it. Otherwise 0, and value->state says whether there is a value. A derived one
 * lacks what its input lacks, else what the other one does; by 0, or by what has not grown, there
 * is none (PROCMON_NONE).
 */
int procmon_row_get_value(
	const struct procmon_row *row, uint32_t attribute, struct procmon_value *ret_value);

/*
 * How fast a counter grows, per second, from the latest two samples of this row (ns of CPU
 * time: in cores). -ENOENT: not asked for; -EINVAL: not a counter. Otherwise 0;
 * ret_value->f64 if the state is PROCMON_OK, PROCMON_PENDING after only one sample,
 * PROCMON_NONE for a process that has ended and whose counter was not read again since.
 */
int procmon_row_get_rate(
	const struct procmon_row *row, uint32_t attribute, struct procmon_value *ret_value);

/* Calls `function` for every attribute of the request, in the order they were added, until
 * it returns false. */
void procmon_row_apply(const struct procmon_row *row,
	bool (*function)(uint32_t attribute, const struct procmon_value *value, void *context),
	void *context);

/* --------------------------------------------------------------------- counting */

/* Takes or gives back a reference to any procmon_* object. Both accept NULL. retain returns
 * its argument. Releasing a connection closes it; its requests end without a call. A
 * released request is cancelled. */
void *procmon_retain(void *object);
void procmon_release(void *object);

/* "ok", "none", "pending", "denied", "unsupported", "asleep", "failed". */
const char *procmon_state_name(enum procmon_state state);
/* "process", "system" ...; NULL for a number that is no table; and back, 0 if unknown. */
const char *procmon_table_name(uint32_t table);
uint32_t procmon_table_by_name(const char *name);

#ifdef __cplusplus
}
#endif

#endif
