#include "catalog.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "connection.h"
#include "limit.h"
#include "text.h"

/* The public enums are the registry's under another name. */
#define SAME(public_, ours) _Static_assert((int)(public_) == (int)(ours), #ours)
SAME(PROCMON_PROCESS, TABLE_PROCESS);
SAME(PROCMON_SESSION, TABLE_SESSION);
SAME(PROCMON_OK, STATE_OK);
SAME(PROCMON_NONE, STATE_NONE);
SAME(PROCMON_PENDING, STATE_PENDING);
SAME(PROCMON_DENIED, STATE_DENIED);
SAME(PROCMON_UNSUPPORTED, STATE_UNSUPPORTED);
SAME(PROCMON_ASLEEP, STATE_ASLEEP);
SAME(PROCMON_FAILED, STATE_FAILED);
SAME(PROCMON_U64, TYPE_U64);
SAME(PROCMON_TEXT, TYPE_TEXT);
SAME(PROCMON_COUNT, UNIT_COUNT);
SAME(PROCMON_HERTZ, UNIT_HERTZ);
SAME(PROCMON_CORES, UNIT_CORES);
SAME(PROCMON_RATIO, UNIT_RATIO);
SAME(PROCMON_ROTATIONS_PER_MINUTE, UNIT_ROTATIONS_PER_MINUTE);
SAME(PROCMON_ADDRESS, UNIT_ADDRESS);
SAME(PROCMON_CONSTANT, KIND_CONSTANT);
SAME(PROCMON_DERIVED, KIND_DERIVED);
SAME(PROCMON_SLOW, COST_SLOW);
SAME(PROCMON_PAGES, COST_PAGES);

/* Can this build handle the entry? Enums of protobuf are open: any number may come. */
static bool is_known(const Procmon__Attribute *message)
{
	return message->name[0] != '\0' && (unsigned)message->type >= TYPE_U64 &&
	       (unsigned)message->type <= TYPE_TEXT &&
	       (unsigned)message->kind >= KIND_CONSTANT &&
	       (unsigned)message->kind <= KIND_DERIVED &&
	       (unsigned)message->unit <= UNIT_ADDRESS &&
	       (unsigned)message->cost <= COST_PAGES && (unsigned)message->rule <= RULE_MEAN &&
	       (message->kind == PROCMON__KIND__DERIVED) ==
		       (message->rule != PROCMON__RULE__NOT_DERIVED);
}

/* Copies a text to *cursor, harmless, and moves the cursor behind it. */
static const char *keep_text(char **cursor, const char *text)
{
	size_t length = strlen(text);
	char *copy = *cursor;

	*cursor += text_sanitise(copy, length + 1, text, length) + 1;
	return copy;
}

static void catalog_add(struct catalog *self, const Procmon__Attribute *message, char **cursor)
{
	struct catalog_entry *entry = &self->entries[self->count++];
	unsigned state = (unsigned)message->state;

	entry->attribute = (struct procmon_attribute){
		.table = (uint32_t)message->table,
		.id = message->id,
		.name = keep_text(cursor, message->name),
		.type = (enum procmon_type)message->type,
		.unit = (enum procmon_unit)message->unit,
		.kind = (enum procmon_kind)message->kind,
		.cost = (enum procmon_cost)message->cost,
		.detail = message->detail,
		.text = keep_text(cursor, message->text),
		.state = state < STATE_END ? (enum procmon_state)state : PROCMON_FAILED,
		.reason = keep_text(cursor, message->reason),
		.remedy = keep_text(cursor, message->remedy),
		.source = keep_text(cursor, message->source),
		.input = message->input,
		.other = message->other,
	};
	entry->rule = (enum attribute_rule)message->rule;
}

static bool input_fits(const struct catalog_entry *entry, const struct catalog_entry *input)
{
	if (!input)
		return false;
	if (entry->rule == RULE_AGE)
		return input->attribute.type == PROCMON_U64 &&
		       input->attribute.kind != PROCMON_DERIVED &&
		       entry->attribute.type == PROCMON_U64;
	if (input->attribute.type == PROCMON_TEXT || entry->attribute.type != PROCMON_F64)
		return false;
	return input->attribute.kind == PROCMON_COUNTER ||
	       (entry->rule == RULE_SHARE && input->attribute.kind != PROCMON_DERIVED);
}

/* What is not there cannot be computed from either. */
static void inherit(struct procmon_attribute *self, const struct procmon_attribute *input)
{
	bool lacking = input->state != PROCMON_OK;

	if (self->state != PROCMON_OK)
		return;
	self->state = input->state;
	self->reason = input->reason;
	if (lacking || !*self->remedy)
		self->remedy = input->remedy;
	if (lacking || !*self->source)
		self->source = input->source;
}

/* A derived attribute is there if what it is computed from is. */
static void catalog_resolve(struct catalog *self)
{
	size_t kept = 0;

	for (size_t i = 0; i < self->count; i++) {
		struct catalog_entry *entry = &self->entries[i];
		const struct catalog_entry *input = NULL, *other = NULL;

		if (entry->rule == RULE_NONE) {
			self->entries[kept++] = *entry;
			continue;
		}
		/* The entries up to `kept` have moved, the others have not: an input is found
		 * in either place. */
		input = catalog_find_id(self, entry->attribute.table, entry->attribute.input);
		if (entry->rule >= RULE_SHARE)
			other = catalog_find_id(
				self, entry->attribute.table, entry->attribute.other);
		if (!input_fits(entry, input) ||
			(entry->rule >= RULE_SHARE && !input_fits(entry, other)))
			continue;
		inherit(&entry->attribute, &input->attribute);
		if (other)
			inherit(&entry->attribute, &other->attribute);
		self->entries[kept++] = *entry;
	}
	self->count = kept;
}

int catalog_init(struct catalog *self, const Procmon__Catalog *message)
{
	size_t size = 1;
	char *cursor;

	*self = (struct catalog){0};
	/* Each may be looked for among all the others. */
	if (message->n_attributes > CATALOG_ATTRIBUTES_MAX)
		return -EPROTO;
	for (size_t i = 0; i < message->n_attributes; i++) {
		const Procmon__Attribute *attribute = message->attributes[i];
		size += strlen(attribute->name) + strlen(attribute->text) +
			strlen(attribute->reason) + strlen(attribute->remedy) +
			strlen(attribute->source) + 5;
	}
	self->entries = calloc(message->n_attributes + 1, sizeof *self->entries);
	self->texts = cursor = malloc(size);
	if (!self->entries || !self->texts) {
		catalog_finish(self);
		return -ENOMEM;
	}
	for (size_t i = 0; i < message->n_attributes; i++)
		if (is_known(message->attributes[i]))
			catalog_add(self, message->attributes[i], &cursor);
	catalog_resolve(self);
	return 0;
}

void catalog_finish(struct catalog *self)
{
	free(self->entries);
	free(self->texts);
	*self = (struct catalog){0};
}

const struct catalog_entry *catalog_find_id(
	const struct catalog *self, uint32_t table, uint32_t id)
{
	for (size_t i = 0; i < self->count; i++)
		if (self->entries[i].attribute.table == table &&
			self->entries[i].attribute.id == id)
			return &self->entries[i];
	return NULL;
}

const struct catalog_entry *catalog_find_name(
	const struct catalog *self, uint32_t table, const char *name)
{
	for (size_t i = 0; i < self->count; i++)
		if (self->entries[i].attribute.table == table &&
			strcmp(self->entries[i].attribute.name, name) == 0)
			return &self->entries[i];
	return NULL;
}

size_t procmon_get_attribute_count(const struct procmon_connection *connection)
{
	return connection->catalog.count;
}

const struct procmon_attribute *procmon_get_attribute(
	const struct procmon_connection *connection, size_t index)
{
	if (index >= connection->catalog.count)
		return NULL;
	return &connection->catalog.entries[index].attribute;
}

const struct procmon_attribute *procmon_find_attribute(
	const struct procmon_connection *connection, uint32_t table, const char *name)
{
	const struct catalog_entry *entry =
		catalog_find_name(&connection->catalog, table, name);

	return entry ? &entry->attribute : NULL;
}

const struct procmon_attribute *procmon_find_attribute_id(
	const struct procmon_connection *connection, uint32_t table, uint32_t id)
{
	const struct catalog_entry *entry = catalog_find_id(&connection->catalog, table, id);

	return entry ? &entry->attribute : NULL;
}

const char *procmon_state_name(enum procmon_state state)
{
	return cell_state_name((enum cell_state)state);
}

const char *procmon_table_name(uint32_t table)
{
	return table < TABLE_END ? table_name((enum table_id)table) : NULL;
}

uint32_t procmon_table_by_name(const char *name)
{
	return table_by_name(name);
}
