/*
 * The schema, as far as its safety is concerned: what protobuf-c would do with a hostile message is
 * bounded by the types themselves and by limits in the code. A field that is added must be added here.
 */
#include <errno.h>

#include "connection.h"
#include "limit.h"
#include "mirror.h"
#include "test.h"
#include "translate.h"

#define LENGTH(array) (sizeof(array) / sizeof *(array))

static const ProtobufCMessageDescriptor *const tops[] = {
	&procmon__client_message__descriptor, &procmon__server_message__descriptor};

/* Calls for every field of a message and of all that it is made of. */
static void for_each_field(const ProtobufCMessageDescriptor *message,
	void (*visit)(const char *name, const ProtobufCFieldDescriptor *field))
{
	for (unsigned i = 0; i < message->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &message->fields[i];
		char name[100];

		snprintf(name, sizeof name, "%s.%s", message->short_name, field->name);
		visit(name, field);
		if (field->type == PROTOBUF_C_TYPE_MESSAGE)
			for_each_field(field->descriptor, visit);
	}
}

/* ------------------------------------------------------------------- recursion */

/* protobuf-c recurses without a bound. The path is how one came to the message. */
static void check_recursion(const ProtobufCMessageDescriptor **path, size_t depth)
{
	const ProtobufCMessageDescriptor *message = path[depth];

	CHECK(depth < 8);
	for (size_t i = 0; i < depth; i++)
		CHECK(path[i] != message);
	for (unsigned i = 0; i < message->n_fields; i++) {
		if (message->fields[i].type != PROTOBUF_C_TYPE_MESSAGE)
			continue;
		path[depth + 1] = message->fields[i].descriptor;
		check_recursion(path, depth + 1);
	}
}

TEST(no_message_contains_itself)
{
	const ProtobufCMessageDescriptor *path[10];

	for (size_t i = 0; i < LENGTH(tops); i++) {
		path[0] = tops[i];
		check_recursion(path, 0);
	}
}

/* ----------------------------------------------------------------------- texts */

/* What is fed from the kernel is Column.text alone: it comes out of a table, which keeps nothing but clean
 * text (test_table). A client's name is cleaned (test_session), and the rest is written by us. */
static const char *const texts[] = {"Hello.client", "Welcome.server_version",
	"Welcome.platform", "Attribute.name", "Attribute.text", "Attribute.reason",
	"Attribute.remedy", "Attribute.source", "Error.text", "Column.text"};
static size_t texts_found;

static void find_text(const char *name, const ProtobufCFieldDescriptor *field)
{
	if (field->type == PROTOBUF_C_TYPE_BYTES)
		test_fail(__FILE__, __LINE__, "%s may hold anything", name);
	if (field->type != PROTOBUF_C_TYPE_STRING)
		return;
	for (size_t i = 0; i < LENGTH(texts); i++) {
		if (strcmp(texts[i], name) == 0) {
			texts_found++;
			return;
		}
	}
	test_fail(__FILE__, __LINE__, "who makes %s harmless?", name);
}

TEST(it_is_known_where_texts_come_from)
{
	for (size_t i = 0; i < LENGTH(tops); i++)
		for_each_field(tops[i], find_text);
	CHECK_INT(texts_found, LENGTH(texts));
}

/* -------------------------------------------------------------------- repeated */

/* The fields that may be repeated, and how often. The others that are named are then there as often, or
 * once: without them the message makes no sense. */
static const struct repeated {
	const char *name;
	size_t limit;
	const char *as_often, *once[2];
} repeated[] = {
	{"Request.attributes", .limit = REQUEST_ATTRIBUTES_MAX, .once = {"pids"}},
	{"Request.pids", .limit = REQUEST_PIDS_MAX, .once = {"attributes"}},
	{"Catalog.attributes", .limit = CATALOG_ATTRIBUTES_MAX},
	{"Frame.removed", .limit = TABLE_ROWS_MAX + EXITS_MAX},
	{"Frame.columns", .limit = 1}, /* of the attributes that were asked for: of one here */
	{"Frame.unsampled", .limit = 1},
	{"Frame.exited", .limit = TABLE_ROWS_MAX},
	{"Added.slots", .limit = TABLE_ROWS_MAX, .as_often = "identities"},
	{"Added.identities", .limit = 1, .once = {"slots"}},
	{"Added.pids", .limit = 1, .once = {"slots", "identities"}},
	{"Column.slots", .limit = TABLE_ROWS_MAX, .as_often = "u64"},
	{"Column.u64", .limit = 1, .once = {"slots"}},
	{"Column.i64", .limit = 1, .once = {"slots"}},
	{"Column.f64", .limit = 1, .once = {"slots"}},
	{"Column.text", .limit = 1, .once = {"slots"}},
	{"Column.ages_ns", .limit = 1, .once = {"slots", "u64"}},
	{"Column.absent_slots", .limit = TABLE_ROWS_MAX, .as_often = "absent_states"},
	{"Column.absent_states", .limit = 1, .once = {"absent_slots"}},
};
static size_t repeated_found;

enum { MOST = TABLE_ROWS_MAX + EXITS_MAX + 1 }; /* of any of them */

/* What is repeated: numbers that are 0 but for states and ids, texts and messages that are empty. */
static const void *values_of(const ProtobufCFieldDescriptor *field)
{
	static uint64_t zeros[MOST];
	static uint32_t ids[MOST], states[MOST];
	static const char *empty[MOST];
	static Procmon__Attribute attribute = PROCMON__ATTRIBUTE__INIT;
	static Procmon__Column column = PROCMON__COLUMN__INIT;
	static const void *messages[MOST];

	for (size_t i = 0; i < MOST; i++) {
		ids[i] = (uint32_t)attributes[ATTRIBUTE_PROCESS_PID].id;
		states[i] = PROCMON__STATE__DENIED;
		empty[i] = "";
		messages[i] = strcmp(field->name, "columns") == 0 ? (void *)&column
								  : (void *)&attribute;
	}
	switch (field->type) {
	case PROTOBUF_C_TYPE_MESSAGE:
		return messages;
	case PROTOBUF_C_TYPE_STRING:
		return empty;
	case PROTOBUF_C_TYPE_ENUM:
		return states;
	case PROTOBUF_C_TYPE_UINT32:
		return strcmp(field->name, "attributes") == 0 ? ids : (void *)zeros;
	default:
		return zeros;
	}
}

static void repeat(ProtobufCMessage *message, const char *name, size_t count)
{
	const ProtobufCFieldDescriptor *field =
		protobuf_c_message_descriptor_get_field_by_name(message->descriptor, name);
	const void *values = values_of(field);

	memcpy((char *)message + field->quantifier_offset, &count, sizeof count);
	memcpy((char *)message + field->offset, &values, sizeof values);
}

static void fill(ProtobufCMessage *message, const struct repeated *what, size_t count)
{
	repeat(message, strchr(what->name, '.') + 1, count);
	if (what->as_often)
		repeat(message, what->as_often, count);
	for (size_t i = 0; i < LENGTH(what->once) && what->once[i]; i++)
		repeat(message, what->once[i], 1);
}

/* To the server: is it more than it takes? */
static bool too_many_for_server(const struct repeated *what, size_t count)
{
	static struct translation translation;
	Procmon__Request request = PROCMON__REQUEST__INIT;
	struct refusal refusal;

	request.request = 1;
	request.table = PROCMON__TABLE__PROCESS;
	fill(&request.base, what, count);
	if (translate_request(&request, &translation, &refusal) == 0)
		return false;
	CHECK_INT(refusal.code, PROCMON__ERROR_CODE__TOO_MANY);
	return true;
}

static enum procmon_type type_of(const struct repeated *what)
{
	const char *name = strchr(what->name, '.') + 1;

	return strcmp(name, "i64") == 0    ? PROCMON_I64
	       : strcmp(name, "f64") == 0  ? PROCMON_F64
	       : strcmp(name, "text") == 0 ? PROCMON_TEXT
					   : PROCMON_U64;
}

static struct selection *select_one(const struct repeated *what)
{
	struct selection *self = calloc(1, sizeof *self);

	self->references = self->column_count = self->field_count = 1;
	self->fields = calloc(1, sizeof *self->fields);
	self->columns = calloc(1, sizeof *self->columns);
	self->columns[0].type = type_of(what);
	self->columns[0].slow = strcmp(what->name, "Column.ages_ns") == 0;
	return self;
}

/* A frame to a client that has a table of one row, slot 0, and asked for one attribute, number 0. */
static bool too_many_for_mirror(const struct repeated *what, size_t count)
{
	Procmon__Frame frame = PROCMON__FRAME__INIT;
	Procmon__Added added = PROCMON__ADDED__INIT, first = PROCMON__ADDED__INIT;
	Procmon__Column column = PROCMON__COLUMN__INIT, *columns[] = {&column};
	ProtobufCMessage *messages[] = {&frame.base, &added.base, &column.base};
	struct selection *selection = select_one(what);
	struct wire_arena arena;
	struct mirror mirror;

	wire_arena_init(&arena, WIRE_FRAME_ARENA);
	CHECK_INT(mirror_init(&mirror, selection), 0);
	frame.tick = 1;
	frame.last = true;
	frame.added = &first;
	repeat(&first.base, "slots", 1);
	repeat(&first.base, "identities", 1);
	CHECK_INT(mirror_take(&mirror, &arena, &frame), 1);

	frame.tick = 2;
	frame.since = 1;
	frame.added = &added;
	frame.columns = columns;
	frame.n_columns = 1;
	for (size_t i = 0; i < LENGTH(messages); i++) {
		const char *type = messages[i]->descriptor->short_name;
		if (strncmp(what->name, type, strlen(type)) == 0)
			fill(messages[i], what, count);
	}
	int result = mirror_take(&mirror, &arena, &frame);
	CHECK(result == 1 || result == -EPROTO);
	mirror_finish(&mirror);
	selection_release(selection);
	wire_arena_finish(&arena);
	return result < 0;
}

static bool too_many_for_catalog(const struct repeated *what, size_t count)
{
	Procmon__Catalog message = PROCMON__CATALOG__INIT;
	struct catalog catalog;

	fill(&message.base, what, count);
	int result = catalog_init(&catalog, &message);
	CHECK(result == 0 || result == -EPROTO);
	catalog_finish(&catalog);
	return result < 0;
}

static bool too_many(const struct repeated *what, size_t count)
{
	if (strncmp(what->name, "Request.", 8) == 0)
		return too_many_for_server(what, count);
	if (strncmp(what->name, "Catalog.", 8) == 0)
		return too_many_for_catalog(what, count);
	return too_many_for_mirror(what, count);
}

static void find_repeated(const char *name, const ProtobufCFieldDescriptor *field)
{
	if (field->label != PROTOBUF_C_LABEL_REPEATED)
		return;
	for (size_t i = 0; i < LENGTH(repeated); i++) {
		if (strcmp(repeated[i].name, name) != 0)
			continue;
		if (too_many(&repeated[i], repeated[i].limit))
			test_fail(__FILE__, __LINE__, "%zu of %s are refused",
				repeated[i].limit, name);
		if (!too_many(&repeated[i], repeated[i].limit + 1))
			test_fail(__FILE__, __LINE__, "%zu of %s are taken",
				repeated[i].limit + 1, name);
		repeated_found++;
		return;
	}
	test_fail(__FILE__, __LINE__, "how many of %s may there be?", name);
}

TEST(what_may_be_repeated_has_a_limit)
{
	for (size_t i = 0; i < LENGTH(tops); i++)
		for_each_field(tops[i], find_repeated);
	CHECK_INT(repeated_found, LENGTH(repeated));
}

TESTS(CASE(no_message_contains_itself), CASE(it_is_known_where_texts_come_from),
	CASE(what_may_be_repeated_has_a_limit))
