/* Store: the inside of the simulated kernel. What its parts find the text with. */
#ifndef TESTS_DARWIN_KERNEL_STORE_H
#define TESTS_DARWIN_KERNEL_STORE_H

#include "sim.h"

struct sim_section;

/* NULL: there is none. */
struct sim_section *sim_section(const char *kind, const char *name);
/* The next one of that kind, in the order of the text; begin with NULL. */
struct sim_section *sim_next(const char *kind, const struct sim_section *after);
const char *sim_name(const struct sim_section *section);
/* The section by a number as its name. */
struct sim_section *sim_numbered(const char *kind, int64_t number);
/* The keys of a section in the order of the text; NULL: no more. */
const char *sim_key(const struct sim_section *section, size_t index);

/* Of a section that may be NULL. */
bool sim_has(const struct sim_section *section, const char *key);
/* The text of a value; `otherwise` if there is none. */
const char *sim_text(const struct sim_section *section, const char *key, const char *otherwise);
/* A number: decimal, 0x.. or negative, grown to the simulated clock. */
uint64_t sim_u64(const struct sim_section *section, const char *key, uint64_t otherwise);
int64_t sim_i64(const struct sim_section *section, const char *key, int64_t otherwise);
double sim_f64(const struct sim_section *section, const char *key, double otherwise);
/* The same of a value's text. */
uint64_t sim_parse(const char *value);
double sim_parse_f64(const char *value);
/* Bytes of hexadecimal digits, with or without blanks; how many there are, at most `size`. */
size_t sim_hex(const char *text, void *bytes, size_t size);
/* The same of a value. */
size_t sim_bytes(const struct sim_section *section, const char *key, void *bytes, size_t size);

/* A call of the backend is counted. Returns 0, or with what it is to fail. */
int sim_enter(const char *call, int64_t selector, int64_t subject);

/* Something was given out (1) or given back (-1). */
void sim_hold(int64_t count);

/* The errno of the thread, by Darwin's number. */
void sim_set_errno(int number);

/* A fault of the test or of the backend: says so and ends the program. */
_Noreturn void sim_panic(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
