/* Who uses the most memory? Once a second, five times. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "procmon.h"

struct ids {
	uint32_t memory, name;
};

static void on_table(
	struct procmon_request *request, struct procmon_table *table, void *context)
{
	const struct ids *ids = context;
	struct procmon_row *most = NULL;
	struct procmon_value value, name;
	uint64_t most_bytes = 0;

	(void)request;
	for (size_t i = 0; i < procmon_table_get_count(table); i++) {
		struct procmon_row *row = procmon_table_get_row(table, i);

		procmon_row_get_value(row, ids->memory, &value);
		if (value.state != PROCMON_OK || value.u64 < most_bytes)
			continue;
		most = row;
		most_bytes = value.u64;
	}
	if (!most)
		return;
	procmon_row_get_value(most, ids->name, &name);
	printf("%" PRIu32 " %s %" PRIu64 " MiB\n", procmon_row_get_pid(most),
		name.state == PROCMON_OK ? name.text : "-", most_bytes >> 20);
}

static uint32_t find(struct procmon_connection *server, const char *name)
{
	const struct procmon_attribute *attribute =
		procmon_find_attribute(server, PROCMON_PROCESS, name);

	if (attribute && attribute->state == PROCMON_OK)
		return attribute->id;
	fprintf(stderr, "%s: %s\n", name,
		attribute ? attribute->reason : "the server has no such thing");
	exit(1);
}

int main(void)
{
	struct procmon_connection *server;
	struct procmon_request *request;
	char *error;
	int result;

	result = procmon_connect(NULL, "example", PROCMON_START_SERVER, &server, &error);
	if (result < 0) {
		fprintf(stderr, "%s\n", error ? error : "out of memory");
		return 1;
	}
	struct ids ids = {
		.memory = find(server, "mem.footprint"),
		.name = find(server, "comm"),
	};
	result = procmon_request_create(server, PROCMON_PROCESS, on_table, &ids, &request);
	if (result < 0 || procmon_request_add_attribute(request, ids.memory) < 0 ||
		procmon_request_add_attribute(request, ids.name) < 0 ||
		procmon_request_set_interval(request, 1000000000) < 0 ||
		procmon_request_execute(request) < 0)
		return 1;
	for (int tables = 0; tables < 5; tables += result) {
		result = procmon_dispatch(server, -1);
		if (result < 0)
			return 1;
	}
	procmon_release(request);
	procmon_release(server);
	return 0;
}
