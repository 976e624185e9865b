/*
 * The requests of tests/fixtures/protocol-1 by libprocmon: golden SOCKET. Says in lines of JSON what
 * tables and errors came, until the server said goodbye.
 */
#include <inttypes.h>

#include "procmon.h"
#include "records.h"

static const char *const process_names[] = {"pid", "ppid", "comm", "cpu.total", "nice",
	"mem.resident", "cmdline", "disk.read", NULL};
static const char *const system_names[] = {"load.1", NULL};
static const char *const thread_names[] = {"tid", NULL};

static struct procmon_connection *connection;

static void print_value(const struct procmon_value *value)
{
	if (value->state != PROCMON_OK)
		printf("{\"state\": \"%s\"}", procmon_state_name(value->state));
	else if (value->type == PROCMON_TEXT)
		printf("\"%s\"", value->text);
	else if (value->type == PROCMON_F64)
		printf("%g", value->f64);
	else if (value->type == PROCMON_I64)
		printf("%" PRId64, value->i64);
	else
		printf("%" PRIu64, value->u64);
}

static bool print_cell(uint32_t attribute, const struct procmon_value *value, void *context)
{
	const char **separator = context;

	(void)attribute;
	printf("%s", *separator);
	*separator = ", ";
	print_value(value);
	return true;
}

static void on_table(
	struct procmon_request *request, struct procmon_table *table, void *context)
{
	printf("{\"%s\": [", procmon_table_name(procmon_request_get_table_id(request)));
	(void)context;
	for (size_t i = 0; i < procmon_table_get_count(table); i++) {
		const char *separator = i ? ", [" : "[";

		procmon_row_apply(procmon_table_get_row(table, i), print_cell, &separator);
		printf("]");
	}
	printf("]}\n");
}

static void on_error(
	struct procmon_request *request, int error, const char *text, void *context)
{
	(void)context;
	printf("{\"error\": [\"%s\", %d, \"%s\"]}\n",
		procmon_table_name(procmon_request_get_table_id(request)), error, text);
}

static void ask(uint32_t table, const char *const *names, uint64_t interval_ns, uint32_t target)
{
	struct procmon_request *request;

	procmon_request_create_with_error(
		connection, table, on_table, on_error, NULL, &request);
	for (; *names; names++)
		if (procmon_request_add_name(request, *names) < 0)
			fail(*names);
	procmon_request_set_interval(request, interval_ns);
	if (target)
		procmon_request_set_target(request, target);
	if (procmon_request_execute(request) < 0)
		fail("a request");
}

int main(int argc, char **argv)
{
	char *error = NULL;

	if (argc != 2 || procmon_connect(argv[1], "golden", 0, &connection, &error) < 0) {
		fprintf(stderr, "%s\n", error ? error : "usage: golden SOCKET");
		return EXIT_FAILURE;
	}
	ask(PROCMON_PROCESS, process_names, SECOND_NS / 10, 0);
	ask(PROCMON_SYSTEM, system_names, 0, 0);
	ask(PROCMON_THREAD, thread_names, 0, 4000);
	while (procmon_dispatch(connection, 10000) >= 0)
		;
	printf("{\"retry\": %" PRIu64 "}\n", procmon_get_retry_ns(connection));
	procmon_release(connection);
	return EXIT_SUCCESS;
}
