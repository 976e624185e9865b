#include "target.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "alloc.h"
#include "attach.h"
#include "command.h"
#include "family.h"
#include "parse.h"
#include "shot.h"

/* ------------------------------------------------------------------------- reading */

static char attributes[] = "pid,ppid,uid,name,comm";

/* The value of a named attribute; what is missing is 0 or "". */
static struct procmon_value get(
	const struct subject *subject, const struct procmon_row *row, const char *name)
{
	struct procmon_value value = {0};

	for (size_t i = 0; i < subject->columns.count; i++)
		if (strcmp(subject->columns.items[i]->name, name) == 0)
			procmon_row_get_value(row, subject->columns.items[i]->id, &value);
	if (value.state != PROCMON_OK)
		value = (struct procmon_value){.state = value.state};
	if (!value.text)
		value.text = "";
	return value;
}

static int compare_targets(const void *left, const void *right)
{
	const struct target *a = left, *b = right;

	return (a->pid > b->pid) - (a->pid < b->pid);
}

static void fill(
	struct targets *self, const struct subject *subject, struct procmon_table *table)
{
	size_t count = procmon_table_get_count(table);

	self->items = xcalloc(count + 1, sizeof *self->items);
	for (size_t i = 0; i < count; i++) {
		const struct procmon_row *row = procmon_table_get_row(table, i);
		struct target *target = &self->items[self->count];

		if (procmon_row_get_pid(row) == (uint32_t)getpid())
			continue;
		target->pid = procmon_row_get_pid(row);
		target->ppid = (uint32_t)get(subject, row, "ppid").u64;
		target->uid = (uint32_t)get(subject, row, "uid").u64;
		target->comm = xstrdup(get(subject, row, "comm").text);
		target->name = xstrdup(get(subject, row, "name").text);
		self->count++;
	}
	qsort(self->items, self->count, sizeof *self->items, compare_targets);
}

static int read_processes(struct procmon_connection *connection, const struct options *options,
	struct targets *ret_targets)
{
	char *lists[] = {attributes};
	struct procmon_table *table = NULL;
	struct subject subject;
	int code = subject_init_exact(&subject, connection, options, lists, 1);

	*ret_targets = (struct targets){0};
	if (code == EXIT_DONE)
		code = shot_take(connection, &subject, &table);
	if (code == EXIT_DONE)
		fill(ret_targets, &subject, table);
	procmon_release(table);
	subject_finish(&subject);
	return code;
}

int targets_read(struct procmon_connection *connection, struct targets *ret_targets)
{
	return read_processes(connection, &(const struct options){0}, ret_targets);
}

/* Only what the word may mean, as far as that is known beforehand: of an id one process. */
static int read_for_word(
	struct procmon_connection *connection, const char *word, struct targets *ret_targets)
{
	struct options options = {0};
	char *error = NULL;

	parse_pids(word, &options.pids, &options.pid_count, &error);
	int code = read_processes(connection, &options, ret_targets);
	free(options.pids);
	free(error);
	return code;
}

void target_finish(struct target *self)
{
	free((char *)self->name);
	free((char *)self->comm);
	*self = (struct target){0};
}

void targets_finish(struct targets *self)
{
	for (size_t i = 0; self->items && i < self->count; i++)
		target_finish(&self->items[i]);
	free(self->items);
	*self = (struct targets){0};
}

/* ------------------------------------------------------------------------ matching */

/* How well a name fits, best first. */
enum fit { FIT_SAME, FIT_BUT_FOR_CASE, FIT_PART, FIT_NOT };

static enum fit fit_name(const char *name, const char *word)
{
	if (strcmp(name, word) == 0)
		return FIT_SAME;
	if (strcasecmp(name, word) == 0)
		return FIT_BUT_FOR_CASE;
	return strcasestr(name, word) ? FIT_PART : FIT_NOT;
}

static enum fit fit_target(const struct target *target, const char *word)
{
	enum fit name = fit_name(target->name, word), comm = fit_name(target->comm, word);

	return name < comm ? name : comm;
}

static int mark_name(
	const struct targets *self, const char *word, bool *marks, char **ret_error)
{
	enum fit best = FIT_NOT;

	for (size_t i = 0; i < self->count; i++) {
		enum fit fit = fit_target(&self->items[i], word);
		best = fit < best ? fit : best;
	}
	if (best == FIT_NOT) {
		*ret_error = xasprintf("no process is called \"%s\"", word);
		return -ESRCH;
	}
	for (size_t i = 0; i < self->count; i++)
		marks[i] |= fit_target(&self->items[i], word) == best;
	return 0;
}

static bool mark_pid(const struct targets *self, uint32_t pid, bool *marks)
{
	for (size_t i = 0; i < self->count; i++)
		if (self->items[i].pid == pid)
			return marks[i] = true;
	return false;
}

/* All that there are; of those that are not there the first is named. */
static int mark_pids(
	const struct targets *self, const char *list, bool *marks, char **ret_error)
{
	uint32_t *pids = NULL;
	size_t count = 0;
	int error = parse_pids(list, &pids, &count, ret_error);

	if (error < 0)
		return error;
	for (size_t i = 0; i < count; i++)
		if (!mark_pid(self, pids[i], marks) && error == 0) {
			*ret_error = xasprintf("there is no process %u", pids[i]);
			error = -ESRCH;
		}
	free(pids);
	return error;
}

int targets_mark(const struct targets *self, const char *word, bool *marks, char **ret_error)
{
	if (!*word) {
		*ret_error = xstrdup("an empty word names no process");
		return -EINVAL;
	}
	bool numbers = strspn(word, "0123456789,") == strlen(word);
	return (numbers ? mark_pids : mark_name)(self, word, marks, ret_error);
}

const char *target_name(const struct target *self)
{
	return *self->name ? self->name : self->comm;
}

/* "12 python3, 15 python3 and 7 more", to be freed. */
static char *list_marked(const struct targets *self, const bool *marks)
{
	enum { SHOWN = 10 };
	char *list = xstrdup("");
	size_t count = 0;

	for (size_t i = 0; i < self->count; i++) {
		const struct target *target = &self->items[i];
		char *longer;

		if (!marks[i] || count++ >= SHOWN)
			continue;
		longer = xasprintf(
			"%s%s%u %s", list, *list ? ", " : "", target->pid, target_name(target));
		free(list);
		list = longer;
	}
	if (count > SHOWN) {
		char *longer = xasprintf("%s and %zu more", list, count - SHOWN);
		free(list);
		list = longer;
	}
	return list;
}

int targets_pick(const struct targets *self, const char *word, const struct target **ret_target,
	char **ret_error)
{
	bool *marks = xcalloc(self->count + 1, sizeof *marks);
	int error = targets_mark(self, word, marks, ret_error);
	size_t count = 0;

	for (size_t i = 0; error == 0 && i < self->count; i++)
		if (marks[i] && count++ == 0)
			*ret_target = &self->items[i];
	if (count > 1) {
		char *list = list_marked(self, marks);
		*ret_error = xasprintf(
			"\"%s\" means %zu processes, say which one: %s", word, count, list);
		free(list);
		error = -EINVAL;
	}
	free(marks);
	return error;
}

/* ------------------------------------------------------------------------ choosing */

static void add_children(const struct targets *self, bool *marks)
{
	struct family_member *members = xcalloc(self->count + 1, sizeof *members);
	struct family family;

	for (size_t i = 0; i < self->count; i++)
		members[i] = (struct family_member){self->items[i].pid, self->items[i].ppid};
	family_init(&family, members, self->count);
	family_spread(&family, marks);
	family_finish(&family);
	free(members);
}

/* Marks what each of the words means. What means nothing is complained about if that matters; what
 * cannot mean anything always does. */
static int mark_words(const struct targets *self, const char *const *words, size_t count,
	bool complains, bool *marks)
{
	for (size_t i = 0; i < count; i++) {
		char *text = NULL;
		int error = targets_mark(self, words[i], marks, &text);

		if (error == -EINVAL || (error < 0 && complains))
			complain("%s", text);
		free(text);
		if (error == -EINVAL)
			return EXIT_USAGE;
	}
	return EXIT_DONE;
}

static int exclude(const struct targets *self, const struct target_words *words, bool *marks)
{
	bool *excluded = xcalloc(self->count + 1, sizeof *excluded);
	size_t left = 0, before = 0;
	int code = mark_words(self, words->excluded, words->excluded_count, false, excluded);

	for (size_t i = 0; i < self->count; i++) {
		before += marks[i];
		marks[i] &= !excluded[i];
		left += marks[i];
	}
	free(excluded);
	if (code != EXIT_DONE || left > 0)
		return code;
	if (before > 0)
		complain("all of these processes are excluded");
	return EXIT_NO_PROCESS;
}

int targets_choose(const struct targets *self, const struct target_words *words, bool *marks)
{
	for (size_t i = 0; i < self->count; i++)
		marks[i] = words->all;
	int code = mark_words(self, words->words, words->word_count, true, marks);
	if (code != EXIT_DONE)
		return code;
	if (words->children)
		add_children(self, marks);
	return exclude(self, words, marks);
}

int target_find(
	struct procmon_connection *connection, const char *word, struct target *ret_target)
{
	struct targets all;
	const struct target *target = NULL;
	char *text = NULL;
	int code = read_for_word(connection, word, &all);

	if (code == EXIT_DONE) {
		int error = targets_pick(&all, word, &target, &text);
		if (error == 0 && target) {
			*ret_target = *target;
			ret_target->name = xstrdup(target->name);
			ret_target->comm = xstrdup(target->comm);
		} else {
			complain("%s", text);
			code = error == -ESRCH ? EXIT_NO_PROCESS : EXIT_USAGE;
		}
	}
	free(text);
	targets_finish(&all);
	return code;
}
