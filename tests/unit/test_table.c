/* Columns, stamps and slots. */
#include "test.h"

#include "table.h"

static struct table table;
static uint64_t text_bytes; /* of its texts */

static struct column *acquire(enum attribute_index attribute)
{
	bool is_new;

	return table_acquire(&table, attribute, STATE_PENDING, &is_new);
}

TEST(cells_are_stamped_when_they_change)
{
	table_init(&table, &text_bytes);
	struct column *column = acquire(ATTRIBUTE_PROCESS_MEM_RESIDENT);
	table_begin(&table, 1);
	uint32_t slot = table_add(&table, 100, 10);
	CHECK_INT(column->states[slot], STATE_PENDING);
	table_set(&table, column, slot, 5);
	CHECK_INT(column->stamps[slot], 1);
	table_begin(&table, 2);
	table_set(&table, column, slot, 5);
	CHECK_INT(column->stamps[slot], 1);
	CHECK_INT(table.changed[slot], 1);
	table_begin(&table, 3);
	table_set(&table, column, slot, 6);
	CHECK_INT(column->stamps[slot], 3);
	CHECK_INT(table.changed[slot], 3);
	table_begin(&table, 4);
	table_set_state(&table, column, slot, STATE_DENIED);
	CHECK_INT(column->stamps[slot], 4);
	table_begin(&table, 5);
	table_set_state(&table, column, slot, STATE_DENIED);
	CHECK_INT(column->stamps[slot], 4);
	table_finish(&table);
}

TEST(a_slot_is_reusable_from_the_next_tick)
{
	table_init(&table, &text_bytes);
	table_begin(&table, 1);
	uint32_t first = table_add(&table, 1, 1);
	table_begin(&table, 2);
	table_remove(&table, first);
	CHECK(table_add(&table, 2, 2) != first);
	table_begin(&table, 3);
	CHECK_INT(table_add(&table, 3, 3), first);
	CHECK_INT(table.rows[first].died, 2);
	CHECK_INT(table.rows[first].born, 3);
	CHECK_INT(table.rows[first].generation, 2);
	CHECK_INT(table.row_count, 2);
	table_finish(&table);
}

TEST(a_new_row_has_nothing_of_the_old_one)
{
	table_init(&table, &text_bytes);
	struct column *number = acquire(ATTRIBUTE_PROCESS_CPU_TOTAL);
	struct column *text = acquire(ATTRIBUTE_PROCESS_COMM);
	table_begin(&table, 1);
	uint32_t slot = table_add(&table, 1, 1);
	table_set(&table, number, slot, 77);
	table_set_text(&table, text, slot, "old", 3);
	table_remove(&table, slot);
	table_begin(&table, 2);
	CHECK_INT(table_add(&table, 2, 1), slot);
	CHECK_INT(number->states[slot], STATE_PENDING);
	CHECK_INT(text->states[slot], STATE_PENDING);
	table_set(&table, number, slot, 3); /* below the old one's counter */
	CHECK_INT(number->values[slot], 3);
	table_finish(&table);
}

TEST(texts_are_made_harmless_and_bounded)
{
	char huge[10000];

	table_init(&table, &text_bytes);
	struct column *column = acquire(ATTRIBUTE_PROCESS_CMDLINE);
	table_begin(&table, 1);
	uint32_t slot = table_add(&table, 1, 1);
	table_set_text(&table, column, slot, "a\033]0;x\377", 7);
	CHECK_TEXT((char *)(uintptr_t)column->values[slot], "a?]0;x?");
	memset(huge, 'y', sizeof huge);
	for (size_t length = CELL_TEXT_MAX - 1; length <= CELL_TEXT_MAX + 1; length++) {
		table_set_text(&table, column, slot, huge, length);
		CHECK_INT(text_bytes, length > CELL_TEXT_MAX ? CELL_TEXT_MAX : length);
		CHECK_INT(strlen((char *)(uintptr_t)column->values[slot]), text_bytes);
	}
	table_finish(&table);
}

static size_t set_text(struct column *column, uint32_t slot, size_t length)
{
	static char text[CELL_TEXT_MAX + 1];

	memset(text, 'a' + (int)(table.tick % 26), length);
	table_set_text(&table, column, slot, text, length);
	return strlen((char *)(uintptr_t)column->values[slot]);
}

TEST(texts_are_bounded_together)
{
	uint64_t foreign = 7; /* of another table */

	text_bytes = foreign;
	table_init(&table, &text_bytes);
	struct column *column = acquire(ATTRIBUTE_PROCESS_CMDLINE);
	struct column *name = acquire(ATTRIBUTE_PROCESS_COMM);
	table_begin(&table, 1);
	for (uint64_t i = 0; i < TEXTS_MAX / CELL_TEXT_MAX; i++)
		CHECK_INT(set_text(column, table_add(&table, i, i), CELL_TEXT_MAX),
			i < TEXTS_MAX / CELL_TEXT_MAX - 1 ? CELL_TEXT_MAX
							  : CELL_TEXT_MAX - foreign);
	CHECK_INT(text_bytes, TEXTS_MAX);
	/* Full: the next one is cut, what is there may change, and names are whole. */
	uint32_t slot = table_add(&table, 1, 1);
	CHECK_INT(set_text(column, slot, CELL_TEXT_MAX), TEXT_CUT_MAX);
	table_begin(&table, 2);
	CHECK_INT(set_text(column, slot, TEXT_CUT_MAX + 1), TEXT_CUT_MAX);
	CHECK_INT(set_text(column, slot, TEXT_CUT_MAX - 1), TEXT_CUT_MAX - 1);
	CHECK_INT(set_text(name, slot, 15), 15);
	table_begin(&table, 3);
	CHECK_INT(set_text(column, slot, TEXT_CUT_MAX), TEXT_CUT_MAX);
	/* Room for one byte less, as many, and one more. */
	table_set_state(&table, name, slot, STATE_NONE);
	for (size_t left = 100; left <= 102; left++) {
		text_bytes = TEXTS_MAX - left + TEXT_CUT_MAX;
		CHECK_INT(set_text(column, slot, 101), left < 101 ? left : 101);
		CHECK_INT(set_text(column, slot, TEXT_CUT_MAX), TEXT_CUT_MAX);
	}
	text_bytes = TEXTS_MAX + TEXT_CUT_MAX;
	/* What goes makes room: by its process, by its state, and with its column. */
	table_remove(&table, 0);
	table_set_state(&table, column, 1, STATE_DENIED);
	CHECK_INT(text_bytes, TEXTS_MAX + TEXT_CUT_MAX - 2 * CELL_TEXT_MAX);
	CHECK_INT(set_text(column, slot, CELL_TEXT_MAX), CELL_TEXT_MAX);
	table_release(&table, ATTRIBUTE_PROCESS_CMDLINE);
	CHECK_INT(text_bytes, foreign);
	table_finish(&table);
	CHECK_INT(text_bytes, foreign);
}

TEST(a_column_lives_as_long_as_it_has_users)
{
	bool is_new;

	table_init(&table, &text_bytes);
	table_begin(&table, 1);
	uint32_t slot = table_add(&table, 1, 1);
	struct column *column =
		table_acquire(&table, ATTRIBUTE_PROCESS_MEM_RESIDENT, STATE_PENDING, &is_new);
	CHECK(is_new);
	table_acquire(&table, ATTRIBUTE_PROCESS_MEM_RESIDENT, STATE_PENDING, &is_new);
	CHECK(!is_new);
	table_set(&table, column, slot, 9);
	table_release(&table, ATTRIBUTE_PROCESS_MEM_RESIDENT);
	CHECK(table.columns[ATTRIBUTE_PROCESS_MEM_RESIDENT]);
	table_release(&table, ATTRIBUTE_PROCESS_MEM_RESIDENT);
	CHECK(!table.columns[ATTRIBUTE_PROCESS_MEM_RESIDENT]);
	column = table_acquire(&table, ATTRIBUTE_PROCESS_MEM_RESIDENT, STATE_PENDING, &is_new);
	CHECK_INT(column->states[slot], STATE_PENDING);
	table_finish(&table);
}

TEST(the_table_has_a_limit)
{
	table_init(&table, &text_bytes);
	table_begin(&table, 1);
	for (uint32_t i = 0; i < TABLE_ROWS_MAX; i++)
		CHECK(table_add(&table, i, i) != NO_SLOT);
	CHECK(table_add(&table, 1, 1) == NO_SLOT);
	table_remove(&table, 17);
	CHECK(table_add(&table, 1, 1) == NO_SLOT); /* not in this tick */
	table_begin(&table, 2);
	CHECK_INT(table_add(&table, 1, 1), 17);
	table_finish(&table);
}

TESTS(CASE(cells_are_stamped_when_they_change), CASE(a_slot_is_reusable_from_the_next_tick),
	CASE(a_new_row_has_nothing_of_the_old_one), CASE(texts_are_made_harmless_and_bounded),
	CASE(texts_are_bounded_together), CASE(a_column_lives_as_long_as_it_has_users),
	CASE(the_table_has_a_limit))
