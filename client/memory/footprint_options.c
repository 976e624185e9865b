#include "footprint_options.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "alloc.h"
#include "command.h"
#include "parse.h"
#include "screen.h"

enum own_id {
	OWN_ALL,
	OWN_PROC,
	OWN_PID,
	OWN_EXCLUDE,
	OWN_CHILDREN,
	OWN_SKIP,
	OWN_MINIMUM,
	OWN_VERBOSE,
	OWN_WIDE,
	OWN_SWAPPED,
	OWN_WIRED,
	OWN_NO_CATEGORIES,
	OWN_FORMAT,
	OWN_SORT,
	OWN_JSON,
	OWN_SAMPLE,
	OWN_DURATION,
	OWN_OUTPUT,
	OWN_SUMMARY,
	OWN_CORPSE,
	OWN_UNMAPPED,
	OWN_OBJECTS,
	OWN_COUNT,
};

const struct own_option footprint_own_options[] = {
	[OWN_ALL] = {'a', "all", NULL, "all processes, and the machine itself"},
	[OWN_PROC] = {'p', "proc", "PID|NAME", "this process, too; also several times"},
	[OWN_PID] = {' ', "pid", "PID,..", "the same"},
	[OWN_EXCLUDE] = {'x', "exclude", "PID|NAME", "not this one; also several times"},
	[OWN_CHILDREN] = {'t', "targetChildren", NULL, "and their children, and theirs"},
	[OWN_SKIP] = {'s', "skip", NULL, "not those that are idle for a second"},
	[OWN_MINIMUM] = {' ', "minFootprint", "MIB", "not those of which less is dirty"},
	[OWN_VERBOSE] = {'v', "verbose", NULL, "the regions of each category"},
	[OWN_WIDE] = {'w', "wide", NULL, "all columns, names in full"},
	[OWN_SWAPPED] = {' ', "swapped", NULL, "a column: the part of dirty in swap"},
	[OWN_WIRED] = {' ', "wired", NULL, "a column: what is locked into RAM"},
	[OWN_NO_CATEGORIES] = {' ', "noCategories", NULL, "footprints, and values beside"},
	[OWN_FORMAT] = {'f', "format", "bytes|formatted|pages", "12.3M, or numbers"},
	[OWN_SORT] = {' ', "sort", "COLUMN", "order of categories (default: dirty)"},
	[OWN_JSON] = {'j', "json", "PATH", "JSON into this file, too"},
	[OWN_SAMPLE] = {' ', "sample", "TIME", "again and again: 500ms, 0.5"},
	[OWN_DURATION] = {' ', "sample-duration", "TIME", "for so long (default: no end)"},
	[OWN_OUTPUT] = {'o', "output", "table|json", "in place of the table"},
	[OWN_SUMMARY] = {'y', "summary", NULL, "what is shown anyway"},
	[OWN_CORPSE] = {' ', "forkCorpse", NULL, "macOS only"},
	[OWN_UNMAPPED] = {' ', "unmapped", NULL, "macOS only"},
	[OWN_OBJECTS] = {' ', "vmObjectDirty", NULL, "macOS only"},
	[OWN_COUNT] = {0},
};

static void add_word(const char *const **words, size_t *count, const char *word)
{
	const char **longer = xreallocarray((void *)*words, *count + 1, sizeof *longer);

	longer[(*count)++] = word;
	*words = longer;
}

/* ------------------------------------------------------------------------- arguments */

static int parse_minimum(const char *text, uint64_t *ret_bytes, char **ret_error)
{
	uint32_t count = 0;

	if (strcmp(text, "0") != 0 && parse_count(text, &count, ret_error) < 0) {
		free(*ret_error);
		*ret_error = xasprintf("\"%s\" is no number of MiB", text);
		return EXIT_USAGE;
	}
	*ret_bytes = (uint64_t)count << 20;
	return EXIT_DONE;
}

static int parse_unit(const char *text, enum footprint_unit *ret_unit, char **ret_error)
{
	static const char *const names[] = {"formatted", "bytes", "pages"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(text, names[i]) == 0) {
			*ret_unit = (enum footprint_unit)i;
			return EXIT_DONE;
		}
	*ret_error = xasprintf("\"%s\" is none of bytes, formatted and pages", text);
	return EXIT_USAGE;
}

static int parse_column(const char *text, enum amount *ret_column, char **ret_error)
{
	for (size_t i = 0; i < AMOUNTS; i++)
		if (strcasecmp(text, amount_labels[i]) == 0) {
			*ret_column = (enum amount)i;
			return EXIT_DONE;
		}
	if (strcasecmp(text, "category") == 0) {
		*ret_column = AMOUNTS;
		return EXIT_DONE;
	}
	*ret_error = xasprintf("there is no column \"%s\": use dirty, swapped, clean, "
			       "reclaimable, wired, regions or category",
		text);
	return EXIT_USAGE;
}

static int parse_output(const char *text, bool *ret_json, char **ret_error)
{
	*ret_json = strcmp(text, "json") == 0;
	if (*ret_json || strcmp(text, "table") == 0)
		return EXIT_DONE;
	*ret_error = xasprintf("footprints are written as table or json, not as \"%s\"", text);
	return EXIT_USAGE;
}

static int refuse(enum own_id id, char **ret_error)
{
	const char *reason =
		id == OWN_CORPSE ? "Linux cannot fork another process to look at the copy"
		: id == OWN_UNMAPPED
			? "Linux charges memory that nobody maps to no process"
			: "Linux counts pages by mapping; of its objects it tells nothing";

	*ret_error = xasprintf("--%s: %s", footprint_own_options[id].name, reason);
	return EXIT_USAGE;
}

/* --------------------------------------------------------------------------- options */

/* Those without an argument. */
static void set_flag(struct footprint_options *self, enum own_id id)
{
	struct footprint_style *style = &self->style;

	self->words.all |= id == OWN_ALL;
	self->wish.system |= id == OWN_ALL;
	self->words.children |= id == OWN_CHILDREN;
	self->skip |= id == OWN_SKIP;
	style->regions |= id == OWN_VERBOSE;
	style->wide |= id == OWN_WIDE;
	style->columns[AMOUNT_SWAPPED] |= id == OWN_SWAPPED || id == OWN_WIDE;
	style->columns[AMOUNT_WIRED] |= id == OWN_WIRED || id == OWN_WIDE;
	style->categories &= id != OWN_NO_CATEGORIES;
}

static int apply(
	struct footprint_options *self, enum own_id id, const char *argument, char **ret_error)
{
	struct target_words *words = &self->words;

	switch (id) {
	case OWN_PROC:
	case OWN_PID:
		add_word(&words->words, &words->word_count, argument);
		return EXIT_DONE;
	case OWN_EXCLUDE:
		add_word(&words->excluded, &words->excluded_count, argument);
		return EXIT_DONE;
	case OWN_MINIMUM:
		return parse_minimum(argument, &self->wish.minimum, ret_error);
	case OWN_FORMAT:
		return parse_unit(argument, &self->style.unit, ret_error);
	case OWN_SORT:
		return parse_column(argument, &self->wish.sort, ret_error);
	case OWN_JSON:
		self->json = argument;
		return EXIT_DONE;
	case OWN_OUTPUT:
		return parse_output(argument, &self->to_stdout, ret_error);
	case OWN_SAMPLE:
		return parse_interval(argument, &self->interval_ns, ret_error) ? EXIT_USAGE
									       : EXIT_DONE;
	case OWN_DURATION:
		return parse_duration(argument, &self->duration_ns, ret_error) ? EXIT_USAGE
									       : EXIT_DONE;
	case OWN_CORPSE:
	case OWN_UNMAPPED:
	case OWN_OBJECTS:
		return refuse(id, ret_error);
	default:
		set_flag(self, id);
		return EXIT_DONE;
	}
}

/* ----------------------------------------------------------------------------- checks */

/* footprint(1) reads files of macOS, too. */
static bool is_file(const char *word)
{
	const char *end = strrchr(word, '.');

	return strchr(word, '/') || (end && strcmp(end, ".memgraph") == 0);
}

static int check(const struct footprint_options *self, char **ret_error)
{
	if (self->duration_ns && !self->interval_ns)
		*ret_error = xstrdup("--sample-duration of what? Add --sample TIME");
	else if (!self->words.all && self->words.word_count == 0)
		*ret_error = xstrdup("the footprint of which process? Say its id or its name, "
				     "or --all");
	for (size_t i = 0; !*ret_error && i < self->words.word_count; i++)
		if (is_file(self->words.words[i]))
			*ret_error =
				xasprintf("\"%s\" is no process; memory graphs are files of "
					  "macOS and are not read",
					self->words.words[i]);
	return *ret_error ? EXIT_USAGE : EXIT_DONE;
}

int footprint_options_init(struct footprint_options *self, const struct options *options)
{
	static const bool columns[AMOUNTS] = {[AMOUNT_DIRTY] = true,
		[AMOUNT_CLEAN] = true,
		[AMOUNT_RECLAIMABLE] = true,
		[AMOUNT_REGIONS] = true};
	char *error = NULL;
	int code = EXIT_DONE;

	*self = (struct footprint_options){.style.categories = true};
	memcpy(self->style.columns, columns, sizeof columns);
	self->style.width = screen_width();
	self->words.children = options->children;
	for (size_t i = 0; i < options->argument_count; i++)
		add_word(&self->words.words, &self->words.word_count, options->arguments[i]);
	for (size_t i = 0; code == EXIT_DONE && i < options->given_count; i++)
		code = apply(self,
			(enum own_id)(options->given[i].option - footprint_own_options),
			options->given[i].argument, &error);
	if (code == EXIT_DONE)
		code = check(self, &error);
	if (code != EXIT_DONE)
		complain("%s (see 'procctl help footprint')", error);
	free(error);
	self->wish.regions = self->style.regions;
	return code;
}

void footprint_options_finish(struct footprint_options *self)
{
	free((void *)self->words.words);
	free((void *)self->words.excluded);
	*self = (struct footprint_options){0};
}
