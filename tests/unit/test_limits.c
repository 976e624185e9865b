/* Limits that no test of their module meets, on both sides of each. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <unistd.h>

#include "arguments.h"
#include "encoder.h"
#include "frame.h"
#include "limit.h"
#include "mirror.h"
#include "test.h"
#include "wire.h"

/* ------------------------------------------------------------------- of the server */

/* The parts of a frame with so many removed slots, of one byte each. */
static uint32_t parts_with(struct encoder *encoder, uint32_t count)
{
	struct frame_stamp stamp = {.tick = 1};

	encoder_begin(encoder, &stamp);
	for (uint32_t i = 0; i < count; i++)
		encoder_removed(encoder, 1);
	struct frame *frame = encoder_end(encoder);
	uint32_t parts = frame->part_count;
	for (uint32_t i = 0; i < parts; i++)
		CHECK(frame->parts[i]->size <= WIRE_PART_MAX);
	frame_release(frame);
	return parts;
}

TEST(a_part_of_a_frame)
{
	struct encoder *encoder = encoder_create();
	uint32_t most = WIRE_PART_MAX - 256, too_many = WIRE_PART_MAX;

	/* Its own fields take some of it. */
	CHECK_INT(parts_with(encoder, most), 1);
	CHECK_INT(parts_with(encoder, too_many), 2);
	while (too_many - most > 1) {
		uint32_t middle = most + (too_many - most) / 2;
		*(parts_with(encoder, middle) == 1 ? &most : &too_many) = middle;
	}
	CHECK_INT(parts_with(encoder, most - 1), 1);
	CHECK_INT(parts_with(encoder, most), 1);
	CHECK_INT(parts_with(encoder, 2 * most), 2);
	CHECK_INT(parts_with(encoder, 2 * most + 1), 3);
	encoder_destroy(encoder);
}

static int parse(struct arguments *arguments, const char *option, int number)
{
	char name[] = "procmond", text[32], *words[] = {name, text, NULL};
	int silence = open("/dev/null", O_WRONLY | O_CLOEXEC), error = dup(STDERR_FILENO);

	snprintf(text, sizeof text, "--%s=%d", option, number);
	optind = 1;
	fflush(stderr);
	dup2(silence, STDERR_FILENO);
	int result = arguments_parse(arguments, 2, words);
	fflush(stderr);
	dup2(error, STDERR_FILENO);
	close(silence);
	close(error);
	return result;
}

TEST(numbers_of_procmond)
{
	struct arguments arguments;

	CHECK_INT(parse(&arguments, "workers", LANE_WORKERS_MIN - 1), -EINVAL);
	for (int number = LANE_WORKERS_MIN; number <= LANE_WORKERS_MAX; number++) {
		CHECK_INT(parse(&arguments, "workers", number), 0);
		CHECK_INT(arguments.workers, number);
	}
	CHECK_INT(parse(&arguments, "workers", LANE_WORKERS_MAX + 1), -EINVAL);
	for (int number = IDLE_EXIT_MAX_S - 1; number <= IDLE_EXIT_MAX_S + 1; number++) {
		int expected = number <= IDLE_EXIT_MAX_S ? 0 : -EINVAL;
		CHECK_INT(parse(&arguments, "idle-exit", number), expected);
		CHECK_INT(parse(&arguments, "path-check", number), expected);
	}
}

/* ------------------------------------------------------------------ of the library */

/* One attribute, a text. */
static struct selection *select_text(void)
{
	struct selection *self = calloc(1, sizeof *self);

	self->references = self->field_count = self->column_count = 1;
	self->fields = calloc(1, sizeof *self->fields);
	self->columns = calloc(1, sizeof *self->columns);
	self->fields[0].type = self->columns[0].type = PROCMON_TEXT;
	return self;
}

/* One long text is there already. Half of the room is for what will be replaced. */
TEST(texts_of_a_column)
{
	enum { MOST = COLUMN_TEXTS_MAX / 2, THERE = MOST - 100 };

	for (size_t size = 99; size <= 101; size++) {
		struct selection *selection = select_text();
		struct procmon_table *table;
		char text[101] = "";

		memset(text, 'x', size - 1); /* its end counts */
		CHECK_INT(procmon_table_create(selection, &table), 0);
		CHECK_INT(procmon_table_add(table, 0, 1, 1), 0);
		CHECK_INT(procmon_table_add(table, 1, 2, 2), 1);
		struct cells *cells = &table->cells[0];
		cells->texts = calloc(1, THERE);
		cells->texts_used = cells->texts_capacity = THERE;
		cells->values[0] = (union cell){.text = {0, THERE - 1}};
		cells->states[0] = PROCMON_OK;
		CHECK_INT(procmon_table_set_text(table, 0, 1, text), size <= 100 ? 0 : -EPROTO);
		CHECK(cells->texts_capacity <= COLUMN_TEXTS_MAX);
		procmon_release(table);
		selection_release(selection);
	}
}

/* As if the first part had taken all but what is left. */
TEST(parts_that_wait)
{
	for (size_t size = 99; size <= 101; size++) {
		struct selection *selection = select_text();
		Procmon__Frame frame = PROCMON__FRAME__INIT;
		struct wire_arena arena;
		struct mirror mirror;

		wire_arena_init(&arena, WIRE_FRAME_ARENA);
		CHECK_INT(mirror_init(&mirror, selection), 0);
		frame.tick = 1;
		CHECK_INT(mirror_take(&mirror, &arena, &frame), 0);
		mirror.staged_bytes = WIRE_STAGED_MAX - 100;
		frame.part = 1;
		arena.used_bytes = size;
		CHECK_INT(mirror_take(&mirror, &arena, &frame), size <= 100 ? 0 : -EPROTO);
		mirror_finish(&mirror);
		selection_release(selection);
		wire_arena_finish(&arena);
	}
}

TESTS(CASE(a_part_of_a_frame), CASE(numbers_of_procmond), CASE(texts_of_a_column),
	CASE(parts_that_wait))
