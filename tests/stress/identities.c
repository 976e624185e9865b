/*
 * Looks at the children of forkers.c, every 100 ms: identities SOCKET SECONDS NAME RECORDS [NAME RECORDS].. Says in one
 * line of JSON what it saw; rows that mix several processes are shown on stderr.
 *
 * What belongs together is known three times: by the record, by the name that leads to it, and by
 * the identity, which is of one process only.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <unistd.h>

#include "procmon.h"
#include "records.h"

enum { FAMILIES_MAX = 4, PIDS_MAX = 1 << 22, IDENTITIES_MAX = 1 << 21 };

/* Children of one forker. */
struct family {
	const char *name;
	const struct record *records;
	uint64_t *identities; /* by serial number; 0: not seen yet */
};

/* Which process an identity was seen of. */
struct owner {
	uint64_t identity;
	const struct family *family;
	uint32_t serial;
};

static struct family families[FAMILIES_MAX];
static uint32_t family_count;
static struct owner *owners;
static uint64_t *last_identity, *seen_in_frame; /* by pid */
static uint32_t comm_id, ppid_id, start_id;
static uint64_t frames, checked, unnamed, mixed, reused;

__attribute__((format(printf, 2, 3))) static void complain(
	const struct procmon_row *row, const char *format, ...)
{
	va_list arguments;

	if (mixed++ > 20)
		return;
	fprintf(stderr, "frame %" PRIu64 ", pid %u: ", frames, procmon_row_get_pid(row));
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
}

/* The owner of an identity, whose place is free (identity 0) when it is new. */
static struct owner *find_owner(uint64_t identity)
{
	uint64_t at = identity * UINT64_C(0x9E3779B97F4A7C15) >> 32;

	while (owners[at % IDENTITIES_MAX].identity &&
		owners[at % IDENTITIES_MAX].identity != identity)
		at++;
	return &owners[at % IDENTITIES_MAX];
}

static void check_child(const struct procmon_row *row, struct family *family, uint32_t serial,
	uint64_t ppid, uint64_t start_ns)
{
	const struct record *record = &family->records[serial % RECORDS_MAX];
	uint64_t identity = procmon_row_get_identity(row);
	uint64_t *known = &family->identities[serial % RECORDS_MAX];
	struct owner *owner = find_owner(identity);
	uint64_t tick_ns = SECOND_NS / (uint64_t)sysconf(_SC_CLK_TCK);

	checked++;
	if (record->pid != procmon_row_get_pid(row))
		complain(row, "the name is of pid %u", record->pid);
	if (record->ppid != ppid)
		complain(row, "ppid %" PRIu64 ", but it is %u", ppid, record->ppid);
	if (record->start_ticks * tick_ns != start_ns)
		complain(row, "started at %" PRIu64 " ns, but it did at %" PRIu64 " ticks",
			start_ns, record->start_ticks);
	if (*known && *known != identity)
		complain(row, "one process, two identities");
	*known = identity;
	if (owner->identity && (owner->family != family || owner->serial != serial))
		complain(row, "two processes, one identity: serial numbers %u and %u",
			owner->serial, serial);
	*owner = (struct owner){identity, family, serial};
}

/* Whose name this is, and what follows in it: nothing, or "." and the serial number. */
static struct family *find_family(const char *comm, const char **ret_rest)
{
	for (uint32_t i = 0; i < family_count; i++) {
		size_t length = strlen(families[i].name);
		*ret_rest = comm + length;
		if (strncmp(comm, families[i].name, length) == 0)
			return &families[i];
	}
	return NULL;
}

static bool is_forker(uint64_t pid)
{
	for (uint32_t i = 0; i < family_count; i++)
		if (families[i].records[0].pid == pid)
			return true;
	return false;
}

static void check_row(struct procmon_row *row)
{
	struct procmon_value comm, ppid, start;
	uint32_t pid = procmon_row_get_pid(row);
	struct family *family;
	const char *number;

	if (seen_in_frame[pid] == frames)
		complain(row, "two rows with this pid");
	seen_in_frame[pid] = frames;
	if (last_identity[pid] && last_identity[pid] != procmon_row_get_identity(row))
		reused++;
	last_identity[pid] = procmon_row_get_identity(row);
	procmon_row_get_value(row, comm_id, &comm);
	procmon_row_get_value(row, ppid_id, &ppid);
	procmon_row_get_value(row, start_id, &start);
	if (comm.state != PROCMON_OK || ppid.state != PROCMON_OK || start.state != PROCMON_OK)
		return;
	family = find_family(comm.text, &number);
	if (!family) {
		if (is_forker(ppid.u64))
			complain(row, "%s is no child of the forker", comm.text);
	} else if (!*number) {
		unnamed++;
		if (!is_forker(pid) && family->records[0].pid != ppid.u64)
			complain(row, "a child of the forker with ppid %" PRIu64, ppid.u64);
	} else {
		check_child(row, family, (uint32_t)strtoul(number + 1, NULL, 10), ppid.u64,
			start.u64);
	}
}

static void on_table(
	struct procmon_request *request, struct procmon_table *table, void *context)
{
	(void)request;
	(void)context;
	frames++;
	for (size_t i = 0; i < procmon_table_get_count(table); i++)
		check_row(procmon_table_get_row(table, i));
}

static const struct record *map_records(const char *path)
{
	int file = open(path, O_RDONLY);
	void *records = file < 0 ? MAP_FAILED
				 : mmap(NULL, RECORDS_SIZE, PROT_READ, MAP_SHARED, file, 0);

	if (records == MAP_FAILED)
		fail(path);
	close(file);
	return records;
}

static void *zeroes(size_t count, size_t size)
{
	void *memory = calloc(count, size);

	if (!memory)
		fail("calloc");
	return memory;
}

static uint32_t add(struct procmon_connection *connection, struct procmon_request *request,
	const char *name)
{
	procmon_request_add_name(request, name);
	return procmon_find_attribute(connection, PROCMON_PROCESS, name)->id;
}

int main(int argc, char **argv)
{
	struct procmon_connection *connection;
	struct procmon_request *request;
	char *text;

	if (argc < 5 || argc % 2 == 0 || argc > 3 + 2 * FAMILIES_MAX) {
		fprintf(stderr, "usage: identities SOCKET SECONDS NAME RECORDS ..\n");
		return 2;
	}
	for (int i = 3; i < argc; i += 2) {
		struct family *family = &families[family_count++];
		family->name = argv[i];
		family->records = map_records(argv[i + 1]);
		family->identities = zeroes(RECORDS_MAX, sizeof *family->identities);
	}
	owners = zeroes(IDENTITIES_MAX, sizeof *owners);
	last_identity = zeroes(PIDS_MAX, sizeof *last_identity);
	seen_in_frame = zeroes(PIDS_MAX, sizeof *seen_in_frame);
	if (procmon_connect(argv[1], "identities", 0, &connection, &text) < 0) {
		fprintf(stderr, "%s\n", text);
		return 1;
	}
	procmon_request_create(connection, PROCMON_PROCESS, on_table, NULL, &request);
	comm_id = add(connection, request, "comm");
	ppid_id = add(connection, request, "ppid");
	start_id = add(connection, request, "start.boot");
	add(connection, request, "cpu.total");
	procmon_request_set_interval(request, 100000000);
	procmon_request_execute(request);
	for (uint64_t end =
			read_clock(CLOCK_MONOTONIC) + strtoull(argv[2], NULL, 10) * SECOND_NS;
		read_clock(CLOCK_MONOTONIC) < end;) {
		if (procmon_dispatch(connection, 100) < 0)
			fail("the server is gone");
	}
	printf("{\"frames\": %" PRIu64 ", \"checked\": %" PRIu64 ", \"unnamed\": %" PRIu64
	       ", \"reused\": %" PRIu64 ", \"mixed\": %" PRIu64 "}\n",
		frames, checked, unnamed, reused, mixed);
	procmon_release(request);
	procmon_release(connection);
	return 0;
}
