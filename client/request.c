#include "request.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "connection.h"

int procmon_request_create_with_error(struct procmon_connection *connection, uint32_t table,
	procmon_table_handler *handler, procmon_error_handler *error_handler, void *context,
	struct procmon_request **ret_request)
{
	struct procmon_request *self = calloc(1, sizeof *self);

	if (!self)
		return -ENOMEM;
	self->object = (struct object){OBJECT_REQUEST, 1};
	self->connection = connection;
	self->table = table;
	self->handler = handler;
	self->error_handler = error_handler;
	self->context = context;
	procmon_connection_add(connection, self);
	*ret_request = self;
	return 0;
}

int procmon_request_create(struct procmon_connection *connection, uint32_t table,
	procmon_table_handler *handler, void *context, struct procmon_request **ret_request)
{
	return procmon_request_create_with_error(
		connection, table, handler, NULL, context, ret_request);
}

void procmon_request_destroy(struct procmon_request *self)
{
	procmon_request_cancel(self);
	if (self->connection)
		procmon_connection_remove(self->connection, self);
	free(self->entries);
	free(self->pids);
	free(self);
}

uint32_t procmon_request_get_table_id(const struct procmon_request *request)
{
	return request->table;
}

/* -------------------------------------------------------------- before it is executed */

static int add_entry(struct procmon_request *self, const struct catalog_entry *entry)
{
	if (self->state != REQUEST_NEW)
		return -EBUSY;
	if (!entry)
		return -ENOENT;
	for (uint32_t i = 0; i < self->entry_count; i++)
		if (self->entries[i] == entry)
			return 0;
	if (self->entry_count == REQUEST_ATTRIBUTES_MAX)
		return -E2BIG;
	const struct catalog_entry **entries =
		realloc(self->entries, (self->entry_count + 1) * sizeof *entries);
	if (!entries)
		return -ENOMEM;
	self->entries = entries;
	entries[self->entry_count++] = entry;
	return 0;
}

int procmon_request_add_attribute(struct procmon_request *request, uint32_t id)
{
	if (!request->connection)
		return -ENOTCONN;
	return add_entry(
		request, catalog_find_id(&request->connection->catalog, request->table, id));
}

int procmon_request_add_attributes(
	struct procmon_request *request, const uint32_t *ids, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int result = procmon_request_add_attribute(request, ids[i]);
		if (result < 0)
			return result;
	}
	return 0;
}

int procmon_request_add_name(struct procmon_request *request, const char *name)
{
	if (!request->connection)
		return -ENOTCONN;
	return add_entry(request,
		catalog_find_name(&request->connection->catalog, request->table, name));
}

int procmon_request_set_interval(struct procmon_request *request, uint64_t interval_ns)
{
	if (request->state != REQUEST_NEW)
		return -EBUSY;
	request->interval_ns = interval_ns;
	return 0;
}

int procmon_request_set_flags(struct procmon_request *request, unsigned flags)
{
	if (request->state != REQUEST_NEW)
		return -EBUSY;
	if (flags & ~(PROCMON_ONCE | PROCMON_EXITS))
		return -EINVAL;
	request->once = (flags & PROCMON_ONCE) != 0;
	request->exits = (flags & PROCMON_EXITS) != 0;
	return 0;
}

int procmon_request_set_pids(
	struct procmon_request *request, const uint32_t *pids, size_t count)
{
	uint32_t *copy = NULL;

	if (request->state != REQUEST_NEW)
		return -EBUSY;
	if (count > REQUEST_PIDS_MAX)
		return -E2BIG;
	if (count) {
		copy = malloc(count * sizeof *copy);
		if (!copy)
			return -ENOMEM;
		memcpy(copy, pids, count * sizeof *copy);
	}
	free(request->pids);
	request->pids = copy;
	request->pid_count = (uint32_t)count;
	return 0;
}

int procmon_request_set_target(struct procmon_request *request, uint32_t pid)
{
	if (request->state != REQUEST_NEW)
		return -EBUSY;
	request->target_pid = pid;
	return 0;
}

/* ------------------------------------------------------------------------- executing */

/* The column of what the server is asked for, made if need be. */
static uint32_t selection_add(struct selection *self, const struct procmon_attribute *attribute)
{
	for (uint32_t i = 0; i < self->column_count; i++)
		if (self->columns[i].attribute == attribute->id)
			return i;
	self->columns[self->column_count] = (struct selection_column){
		.attribute = attribute->id,
		.type = attribute->type,
		.counter =
			attribute->kind == PROCMON_COUNTER && attribute->type != PROCMON_TEXT,
		.slow = attribute->cost == PROCMON_SLOW,
	};
	return self->column_count++;
}

/* A derived attribute brings a column with its input; asked for twice it is one. */
static struct selection *create_selection(const struct procmon_request *request)
{
	struct selection *self = calloc(1, sizeof *self);

	if (!self)
		return NULL;
	self->references = 1;
	self->fields = calloc(request->entry_count, sizeof *self->fields);
	self->columns = calloc(request->entry_count, 2 * sizeof *self->columns);
	if (!self->fields || !self->columns) {
		selection_release(self);
		return NULL;
	}
	for (uint32_t i = 0; i < request->entry_count; i++) {
		const struct catalog *catalog = &request->connection->catalog;
		const struct catalog_entry *entry = request->entries[i], *source = entry;
		const struct catalog_entry *other;

		if (entry->rule != RULE_NONE)
			source = catalog_find_id(
				catalog, request->table, entry->attribute.input);
		other = entry->rule < RULE_SHARE ? source
						 : catalog_find_id(catalog, request->table,
							   entry->attribute.other);
		self->fields[self->field_count++] = (struct selection_field){
			.attribute = entry->attribute.id,
			.type = entry->attribute.type,
			.kind = entry->attribute.kind,
			.unit = entry->attribute.unit,
			.rule = entry->rule,
			.column = selection_add(self, &source->attribute),
			.other = selection_add(self, &other->attribute),
		};
	}
	return self;
}

static int queue_request(struct procmon_request *self)
{
	const struct selection *selection = self->mirror.table->selection;
	uint32_t ids[REQUEST_ATTRIBUTES_MAX];
	Procmon__Request body = PROCMON__REQUEST__INIT;
	Procmon__ClientMessage message = PROCMON__CLIENT_MESSAGE__INIT;

	for (uint32_t i = 0; i < selection->column_count; i++)
		ids[i] = selection->columns[i].attribute;
	body.request = self->number;
	body.table = (Procmon__Table)self->table;
	body.attributes = ids;
	body.n_attributes = selection->column_count;
	body.interval_ns = self->once ? 0 : self->interval_ns;
	body.pids = self->pids;
	body.n_pids = self->pid_count;
	body.target_pid = self->target_pid;
	body.exits = self->exits;
	message.body_case = PROCMON__CLIENT_MESSAGE__BODY_REQUEST;
	message.request = &body;
	return procmon_connection_send(self->connection, &message);
}

int procmon_request_execute(struct procmon_request *request)
{
	struct selection *selection;
	int result;

	if (request->state != REQUEST_NEW)
		return -EBUSY;
	if (!request->connection)
		return -ENOTCONN;
	if (request->connection->error)
		return request->connection->error;
	if (request->entry_count == 0)
		return -EINVAL;
	selection = create_selection(request);
	if (!selection)
		return -ENOMEM;
	if (selection->column_count > REQUEST_ATTRIBUTES_MAX) {
		selection_release(selection);
		return -E2BIG;
	}
	result = mirror_init(&request->mirror, selection);
	selection_release(selection); /* the table has its own reference */
	if (result < 0)
		return result;
	request->number = procmon_connection_next_number(request->connection);
	result = queue_request(request);
	if (result < 0) {
		mirror_finish(&request->mirror);
		return result;
	}
	request->state = REQUEST_RUNNING;
	return 0;
}

static void end(struct procmon_request *self)
{
	self->state = REQUEST_ENDED;
	mirror_finish(&self->mirror);
}

void procmon_request_cancel(struct procmon_request *request)
{
	Procmon__Cancel body = PROCMON__CANCEL__INIT;
	Procmon__ClientMessage message = PROCMON__CLIENT_MESSAGE__INIT;
	bool running = request->state == REQUEST_RUNNING;

	end(request);
	if (!running || !request->connection)
		return;
	body.request = request->number;
	message.body_case = PROCMON__CLIENT_MESSAGE__BODY_CANCEL;
	message.cancel = &body;
	procmon_connection_send(request->connection, &message);
}

/* ---------------------------------------------------------------------------- frames */

/* The table is ours for the time of the call; if somebody retains it, it stays his. */
static void deliver(struct procmon_request *self, struct procmon_table *table)
{
	procmon_retain(table);
	self->handler(self, table, self->context);
	procmon_release(table);
}

int procmon_request_take(
	struct procmon_request *self, struct wire_arena *arena, const Procmon__Frame *frame)
{
	bool ended = frame->ended, once = self->once || self->interval_ns == 0;
	int result = mirror_take(&self->mirror, arena, frame);

	if (result <= 0)
		return result;
	procmon_retain(self);
	if (once) {
		/* The server has forgotten it: for us it is over before the handler is called, so
		 * that a cancel there is not sent. */
		struct procmon_table *table = procmon_retain(self->mirror.table);
		end(self);
		deliver(self, table);
		procmon_release(table);
	} else {
		deliver(self, self->mirror.table);
		if (ended && self->state == REQUEST_RUNNING)
			result += procmon_request_fail(self, -ESRCH, "the process is gone");
	}
	procmon_release(self);
	return result;
}

int procmon_request_fail(struct procmon_request *self, int error, const char *text)
{
	if (self->state != REQUEST_RUNNING)
		return 0;
	end(self);
	if (!self->error_handler)
		return 0;
	procmon_retain(self);
	self->error_handler(self, error, text, self->context);
	procmon_release(self);
	return 1;
}
