/* The text of the simulated kernel, its clock, and what was called. Of all files here only this
 * one and host.c are compiled with the host's own headers. */
#include "store.h"

#include <ctype.h>
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct entry {
	char *key, *value;
};

struct sim_section {
	struct sim_section *next;
	char *kind, *name;
	struct entry *entries;
	size_t count;
};

struct failure {
	struct failure *next;
	char *call;
	int64_t selector, subject;
	int error;
	uint32_t times;
};

struct count {
	struct count *next;
	char *call;
	int64_t selector;
	uint64_t calls;
};

/* Workers call as well as the loop. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct sim_section *sections, **last = &sections;
static struct failure *failures;
static struct count *counts;
static uint64_t stood_ns, host_began_ns; /* host_began_ns 0: the clock stands */
static int64_t held;

_Noreturn void sim_panic(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	fputs("simulated kernel: ", stderr);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
	va_end(arguments);
	abort();
}

static void *must(void *memory)
{
	if (!memory)
		sim_panic("out of memory");
	return memory;
}

/* ------------------------------------------------------------------------- sections */

struct sim_section *sim_section(const char *kind, const char *name)
{
	for (struct sim_section *i = sections; i; i = i->next)
		if (strcmp(i->kind, kind) == 0 && strcmp(i->name, name) == 0)
			return i;
	return NULL;
}

struct sim_section *sim_numbered(const char *kind, int64_t number)
{
	char name[32];

	snprintf(name, sizeof name, "%lld", (long long)number);
	return sim_section(kind, name);
}

struct sim_section *sim_next(const char *kind, const struct sim_section *after)
{
	for (struct sim_section *i = after ? after->next : sections; i; i = i->next)
		if (strcmp(i->kind, kind) == 0)
			return i;
	return NULL;
}

const char *sim_name(const struct sim_section *section)
{
	return section->name;
}

const char *sim_key(const struct sim_section *section, size_t index)
{
	return index < section->count ? section->entries[index].key : NULL;
}

static struct sim_section *make_section(const char *kind, const char *name)
{
	struct sim_section *section = sim_section(kind, name);

	if (section)
		return section;
	section = must(calloc(1, sizeof *section));
	section->kind = must(strdup(kind));
	section->name = must(strdup(name));
	*last = section;
	last = &section->next;
	return section;
}

static void free_section(struct sim_section *section)
{
	for (size_t i = 0; i < section->count; i++) {
		free(section->entries[i].key);
		free(section->entries[i].value);
	}
	free(section->entries);
	free(section->kind);
	free(section->name);
	free(section);
}

void sim_remove(const char *kind, const char *name)
{
	for (struct sim_section **i = &sections; *i; i = &(*i)->next) {
		struct sim_section *section = *i;
		if (strcmp(section->kind, kind) != 0 || strcmp(section->name, name) != 0)
			continue;
		*i = section->next;
		if (last == &section->next)
			last = i;
		free_section(section);
		return;
	}
	sim_panic("there is no [%s %s] to be taken out", kind, name);
}

static struct entry *find_entry(const struct sim_section *section, const char *key)
{
	for (size_t i = 0; section && i < section->count; i++)
		if (strcmp(section->entries[i].key, key) == 0)
			return &section->entries[i];
	return NULL;
}

static void set(struct sim_section *section, const char *key, const char *value)
{
	struct entry *entry = find_entry(section, key);

	if (!value) {
		if (!entry)
			sim_panic("[%s %s] has no %s", section->kind, section->name, key);
		free(entry->key);
		free(entry->value);
		memmove(entry, entry + 1,
			(size_t)(section->entries + section->count - entry - 1) *
				sizeof *entry);
		section->count--;
		return;
	}
	if (!entry) {
		section->entries = must(realloc(
			section->entries, (section->count + 1) * sizeof *section->entries));
		entry = &section->entries[section->count++];
		*entry = (struct entry){.key = must(strdup(key))};
	}
	free(entry->value);
	entry->value = must(strdup(value));
}

void sim_set(const char *kind, const char *name, const char *key, const char *value)
{
	set(make_section(kind, name), key, value);
}

void sim_set_u64(const char *kind, const char *name, const char *key, uint64_t value)
{
	char text[32];

	snprintf(text, sizeof text, "%llu", (unsigned long long)value);
	sim_set(kind, name, key, text);
}

/* --------------------------------------------------------------------------- reading */

static char *trim(char *text)
{
	while (isspace((unsigned char)*text))
		text++;
	for (size_t length = strlen(text); length && isspace((unsigned char)text[length - 1]);
		length--)
		text[length - 1] = '\0';
	return text;
}

/* Returns what is wrong with the line, or NULL. */
static const char *take_line(char *line, struct sim_section **section)
{
	char *value, *name;

	line = trim(line);
	if (*line == '\0' || *line == '#')
		return NULL;
	if (*line == '[') {
		char *end = strrchr(line, ']');
		if (!end || end[1])
			return "a section ends with ]";
		*end = '\0';
		line = trim(line + 1);
		name = line + strcspn(line, " ");
		if (*name)
			*name++ = '\0';
		*section = make_section(line, trim(name));
		return NULL;
	}
	value = strstr(line, " = ");
	if (!value && strlen(line) > 2 && strcmp(line + strlen(line) - 2, " =") == 0)
		value = line + strlen(line) - 2; /* an empty text */
	if (!value)
		return "what is no [section] and no comment has the form: key = value";
	if (!*section)
		return "a key stands before the first section";
	*value = '\0';
	value += 2;
	set(*section, trim(line), trim(value));
	return NULL;
}

static const char *take_text(char *text, int *ret_line)
{
	struct sim_section *section = NULL;
	const char *wrong = NULL;

	*ret_line = 0;
	for (char *line = text, *next; line && !wrong; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		++*ret_line;
		wrong = take_line(line, &section);
	}
	return wrong;
}

void sim_add(const char *text)
{
	int line;
	char *copy = must(strdup(text));
	const char *wrong = take_text(copy, &line);

	if (wrong)
		sim_panic("line %d of the text that was added: %s", line, wrong);
	free(copy);
}

static void forget_all(void)
{
	while (sections) {
		struct sim_section *next = sections->next;
		free_section(sections);
		sections = next;
	}
	last = &sections;
	while (failures) {
		struct failure *next = failures->next;
		free(failures->call);
		free(failures);
		failures = next;
	}
	sim_forget_calls();
	stood_ns = host_began_ns = 0;
	held = 0;
}

__attribute__((destructor)) static void end(void)
{
	forget_all();
}

static char *read_all(const char *path)
{
	FILE *file = fopen(path, "re");
	size_t size = 0, length = 0, got;
	char *text = NULL;

	if (!file)
		return NULL;
	do {
		if (size - length < 4096)
			text = must(realloc(text, size += 65536));
		got = fread(text + length, 1, size - length - 1, file);
		length += got;
	} while (got);
	text[length] = '\0';
	fclose(file);
	return text;
}

bool sim_load(const char *path, char *error, size_t size)
{
	char *text = read_all(path);
	const char *wrong;
	int line;

	if (!text) {
		snprintf(error, size, "%s: %s", path, strerror(errno));
		return false;
	}
	forget_all();
	wrong = take_text(text, &line);
	if (wrong)
		snprintf(error, size, "%s:%d: %s", path, line, wrong);
	free(text);
	return !wrong;
}

void sim_boot(const char *name)
{
	char path[1024], error[2048];

	snprintf(path, sizeof path, "tests/fixtures/darwin/%s.mac", name);
	if (!sim_load(path, error, sizeof error))
		sim_panic("%s", error);
}

/* ---------------------------------------------------------------------------- values */

bool sim_has(const struct sim_section *section, const char *key)
{
	return find_entry(section, key) != NULL;
}

const char *sim_text(const struct sim_section *section, const char *key, const char *otherwise)
{
	const struct entry *entry = find_entry(section, key);

	return entry ? entry->value : otherwise;
}

static const char *read_number(const char *text, uint64_t *ret_number)
{
	char *end;

	errno = 0;
	*ret_number = *text == '-' ? (uint64_t)strtoll(text, &end, 0) : strtoull(text, &end, 0);
	if (end == text || errno)
		sim_panic("\"%s\" is no number", text);
	return end;
}

uint64_t sim_parse(const char *value)
{
	uint64_t number, rate;
	const char *rest = read_number(value, &number);

	if (*rest == '\0')
		return number;
	if (strncmp(rest, " + ", 3) != 0)
		sim_panic("\"%s\" is no number", value);
	rest = read_number(rest + 3, &rate);
	if (strcmp(rest, "/s") != 0)
		sim_panic("\"%s\" grows by what?", value);
	return number + (uint64_t)((double)rate * ((double)sim_now_ns() / 1e9));
}

uint64_t sim_u64(const struct sim_section *section, const char *key, uint64_t otherwise)
{
	const struct entry *entry = find_entry(section, key);

	return entry ? sim_parse(entry->value) : otherwise;
}

int64_t sim_i64(const struct sim_section *section, const char *key, int64_t otherwise)
{
	return (int64_t)sim_u64(section, key, (uint64_t)otherwise);
}

double sim_parse_f64(const char *value)
{
	char *end;
	double number = strtod(value, &end);

	if (end == value || *end)
		sim_panic("\"%s\" is no number", value);
	return number;
}

double sim_f64(const struct sim_section *section, const char *key, double otherwise)
{
	const struct entry *entry = find_entry(section, key);

	return entry ? sim_parse_f64(entry->value) : otherwise;
}

static int digit_of(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

size_t sim_hex(const char *text, void *bytes, size_t size)
{
	size_t length = 0;

	while (*text) {
		if (*text == ' ') {
			text++;
			continue;
		}
		if (digit_of(text[0]) < 0 || digit_of(text[1]) < 0)
			sim_panic("\"%s\" are no hexadecimal bytes", text);
		if (length < size)
			((unsigned char *)bytes)[length++] =
				(unsigned char)(digit_of(text[0]) * 16 + digit_of(text[1]));
		text += 2;
	}
	return length;
}

size_t sim_bytes(const struct sim_section *section, const char *key, void *bytes, size_t size)
{
	return sim_hex(sim_text(section, key, ""), bytes, size);
}

/* ----------------------------------------------------------------------------- clock */

static uint64_t host_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

void sim_advance(uint64_t ns)
{
	stood_ns += ns;
}

void sim_run_clock(void)
{
	host_began_ns = host_now_ns();
}

uint64_t sim_now_ns(void)
{
	return stood_ns + (host_began_ns ? host_now_ns() - host_began_ns : 0);
}

/* ----------------------------------------------------------------------------- calls */

void sim_fail(const char *call, int64_t selector, int64_t subject, int error, uint32_t times)
{
	struct failure *failure = must(calloc(1, sizeof *failure));

	*failure =
		(struct failure){failures, must(strdup(call)), selector, subject, error, times};
	failures = failure;
}

static void count_call(const char *call, int64_t selector)
{
	struct count *count = counts;

	while (count && (count->selector != selector || strcmp(count->call, call) != 0))
		count = count->next;
	if (!count) {
		count = must(calloc(1, sizeof *count));
		*count = (struct count){counts, must(strdup(call)), selector, 0};
		counts = count;
	}
	count->calls++;
}

int sim_enter(const char *call, int64_t selector, int64_t subject)
{
	int error = 0;

	pthread_mutex_lock(&lock);
	count_call(call, selector);
	for (struct failure *i = failures; i && !error; i = i->next)
		if (i->times && strcmp(i->call, call) == 0 &&
			(i->selector == -1 || i->selector == selector) &&
			(i->subject == -1 || i->subject == subject)) {
			i->times--;
			error = i->error;
		}
	pthread_mutex_unlock(&lock);
	return error;
}

uint64_t sim_calls(const char *call, int64_t selector)
{
	uint64_t calls = 0;

	for (const struct count *i = counts; i; i = i->next)
		if (strcmp(i->call, call) == 0 && (selector == -1 || i->selector == selector))
			calls += i->calls;
	return calls;
}

uint64_t sim_all_calls(void)
{
	uint64_t calls = 0;

	for (const struct count *i = counts; i; i = i->next)
		calls += i->calls;
	return calls;
}

void sim_forget_calls(void)
{
	while (counts) {
		struct count *next = counts->next;
		free(counts->call);
		free(counts);
		counts = next;
	}
}

void sim_print_calls(void)
{
	for (const struct count *i = counts; i; i = i->next)
		printf("%s %lld: %llu\n", i->call, (long long)i->selector,
			(unsigned long long)i->calls);
}

void sim_hold(int64_t count)
{
	__atomic_add_fetch(&held, count, __ATOMIC_RELAXED);
}

int64_t sim_held(void)
{
	return __atomic_load_n(&held, __ATOMIC_RELAXED);
}

void sim_set_errno(int number)
{
	errno = number;
}
