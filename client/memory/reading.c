#include "reading.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "attach.h"
#include "command.h"
#include "shot.h"

/* Which attribute is which member. */
struct binding {
	const char *name;
	size_t offset;
};

/* clang-format off */
#define MEMBER(name, member) {name, offsetof(struct account_process, member)}
static const struct binding process_bindings[] = {
	MEMBER("mem.virtual", virtual),
	MEMBER("mem.resident", resident),
	MEMBER("mem.anonymous", anonymous),
	MEMBER("mem.file", file),
	MEMBER("mem.shared", shared),
	MEMBER("mem.footprint", footprint),
	MEMBER("mem.swap", swap),
	MEMBER("mem.page_tables", page_tables),
	MEMBER("mem.hugetlb", hugetlb),
	MEMBER("mem.locked", locked),
	MEMBER("mem.pinned", pinned),
	MEMBER("mem.pss", pss),
	MEMBER("mem.pss_anonymous", pss_anonymous),
	MEMBER("mem.pss_file", pss_file),
	MEMBER("mem.pss_shared", pss_shared),
	MEMBER("mem.unique", unique),
	MEMBER("mem.lazy_free", lazy_free),
};
#undef MEMBER
#define MEMBER(name, member) {name, offsetof(struct account_region, member)}
static const struct binding region_texts[] = {
	MEMBER("protection", protection),
	MEMBER("share_mode", share_mode),
	MEMBER("category", category),
	MEMBER("name", name),
	MEMBER("path", path),
	MEMBER("flags", flags),
};
static const struct binding region_numbers[] = {
	MEMBER("size", size),
	MEMBER("mem.resident", resident),
	MEMBER("mem.anonymous", anonymous),
	MEMBER("mem.shared", shared),
	MEMBER("mem.swap", swap),
	MEMBER("mem.hugetlb", hugetlb),
	MEMBER("mem.unique", unique),
	MEMBER("mem.common", common),
	MEMBER("mem.huge", huge),
	MEMBER("mem.merged", merged),
};
#undef MEMBER
/* clang-format on */
#define COUNT(array) (sizeof(array) / sizeof *(array))

/* A question about one process. */
struct question {
	struct options options;
	struct subject subject;
	struct shot *shot; /* one of those that are waited for together */
	uint32_t pid;
};

static int choose(struct question *self, struct procmon_connection *connection,
	const struct binding *bindings, size_t count)
{
	char **names = xcalloc(count, sizeof *names);

	for (size_t i = 0; i < count; i++)
		names[i] = xstrdup(bindings[i].name);
	int code = subject_init_exact(&self->subject, connection, &self->options, names, count);
	for (size_t i = 0; i < count; i++)
		free(names[i]);
	free(names);
	return code;
}

/* The columns are in the order of the bindings. */
static int ask(struct question *self, struct procmon_connection *connection, const char *table,
	const struct binding *bindings, size_t count)
{
	self->options = (struct options){.table = table, .pids = &self->pid, .pid_count = 1};
	int code = choose(self, connection, bindings, count);
	bool targeted = code == EXIT_DONE && subject_is_targeted(self->subject.table);

	if (code != EXIT_DONE)
		return code;
	return shot_begin(self->shot, connection, &self->subject, targeted ? self->pid : 0);
}

static int ask_process(struct question *self, struct procmon_connection *connection)
{
	return ask(self, connection, "process", process_bindings, COUNT(process_bindings));
}

static int ask_regions(struct question *self, struct procmon_connection *connection)
{
	struct binding all[COUNT(region_texts) + COUNT(region_numbers)];

	memcpy(all, region_texts, sizeof region_texts);
	memcpy(all + COUNT(region_texts), region_numbers, sizeof region_numbers);
	return ask(self, connection, "region", all, COUNT(all));
}

static void finish(struct question *self)
{
	shot_finish(self->shot);
	subject_finish(&self->subject);
}

static struct procmon_value get(
	const struct question *self, const struct procmon_row *row, size_t column)
{
	struct procmon_value value = {.state = PROCMON_FAILED};

	procmon_row_get_value(row, self->subject.columns.items[column]->id, &value);
	return value;
}

static int take_process(struct question *self, struct memory_reading *ret_reading)
{
	struct procmon_table *table = self->shot->table;
	uint64_t oldest_ns = 0;

	if (self->shot->error)
		return attach_exit_code(self->shot->error);
	if (attach_check_pids(&self->options, table) != EXIT_DONE)
		return EXIT_NO_PROCESS;
	*ret_reading = (struct memory_reading){
		.realtime_ns = procmon_table_get_realtime(table),
		.tick = procmon_table_get_tick(table),
		.is_known = true,
	};
	for (size_t i = 0; i < COUNT(process_bindings); i++) {
		struct procmon_value value = get(self, procmon_table_get_row(table, 0), i);
		struct account_amount amount = {
			value.state, value.state == PROCMON_OK ? (int64_t)value.u64 : 0};

		memcpy((char *)&ret_reading->process + process_bindings[i].offset, &amount,
			sizeof amount);
		oldest_ns = value.age_ns > oldest_ns ? value.age_ns : oldest_ns;
	}
	ret_reading->oldest_ns = procmon_table_get_timestamp(table) - oldest_ns;
	return EXIT_DONE;
}

int memory_read_process(
	struct procmon_connection *connection, uint32_t pid, struct memory_reading *ret_reading)
{
	struct shot shot = {0};
	struct question process = {.pid = pid, .shot = &shot};
	int code = ask_process(&process, connection);

	if (code == EXIT_DONE)
		code = shot_wait(connection, &shot, 1);
	if (code == EXIT_DONE)
		code = take_process(&process, ret_reading);
	finish(&process);
	return code;
}

/* ----------------------------------------------------------------------------- regions */

static void add_region(
	const struct question *self, const struct procmon_row *row, struct account *account)
{
	struct account_region region = {0};
	size_t column = 0;

	for (size_t i = 0; i < COUNT(region_texts); i++) {
		struct procmon_value value = get(self, row, column++);
		const char *text = value.state == PROCMON_OK ? value.text : "";
		memcpy((char *)&region + region_texts[i].offset, &text, sizeof text);
	}
	for (size_t i = 0; i < COUNT(region_numbers); i++) {
		struct procmon_value value = get(self, row, column++);
		memcpy((char *)&region + region_numbers[i].offset, &value.u64,
			sizeof value.u64);
	}
	account_add_region(account, &region);
}

/* A row without an amount spoils the sums. */
static enum procmon_state judge_row(const struct question *self, const struct procmon_row *row)
{
	for (size_t i = 0; i < COUNT(region_numbers); i++) {
		struct procmon_value value = get(self, row, COUNT(region_texts) + i);
		if (value.state != PROCMON_OK)
			return value.state;
	}
	return PROCMON_OK;
}

/* Whether all of the process' mappings are there. */
static enum procmon_state judge(const struct question *self)
{
	struct procmon_table *table = self->shot->table;
	enum procmon_state state = PROCMON_OK;

	if (self->shot->error)
		return self->shot->error == -EACCES ? PROCMON_DENIED : PROCMON_FAILED;
	if (procmon_table_is_incomplete(table))
		return PROCMON_FAILED;
	for (size_t i = 0; state == PROCMON_OK && i < procmon_table_get_count(table); i++)
		state = judge_row(self, procmon_table_get_row(table, i));
	return state;
}

static void add_regions(struct question *self, const struct account_process *process,
	struct account *ret_account)
{
	struct procmon_table *table = self->shot->table;
	enum procmon_state state = judge(self);

	account_init(ret_account, process, state);
	for (size_t i = 0; state == PROCMON_OK && i < procmon_table_get_count(table); i++)
		add_region(self, procmon_table_get_row(table, i), ret_account);
	account_close(ret_account);
}

/* A process without memory has no mappings either: that is no error. */
static int judge_error(const struct shot *regions, struct memory_reading *reading)
{
	if (!regions->error || reading->process.resident.state == PROCMON_NONE)
		return EXIT_DONE;
	shot_tell(regions);
	if (regions->error == -ESRCH) /* it has ended meanwhile */
		reading->is_known = false;
	return attach_exit_code(regions->error);
}

int memory_read_account(struct procmon_connection *connection, uint32_t pid,
	struct memory_reading *ret_reading, struct account *ret_account)
{
	struct shot shots[2] = {0};
	struct question process = {.pid = pid, .shot = &shots[0]};
	struct question regions = {.pid = pid, .shot = &shots[1]};
	int code = ask_process(&process, connection);

	if (code == EXIT_DONE)
		code = ask_regions(&regions, connection);
	shots[1].quiet = true;
	if (code == EXIT_DONE)
		code = shot_wait(connection, shots, 2);
	if (code == EXIT_DONE)
		code = take_process(&process, ret_reading);
	if (code == EXIT_DONE) {
		add_regions(&regions, &ret_reading->process, ret_account);
		code = judge_error(&shots[1], ret_reading);
	}
	finish(&process);
	finish(&regions);
	return code;
}
