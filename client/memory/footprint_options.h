/* The options of `procctl footprint`, which are those of footprint(1). */
#ifndef CLIENT_MEMORY_FOOTPRINT_OPTIONS_H
#define CLIENT_MEMORY_FOOTPRINT_OPTIONS_H

#include "footprint.h"
#include "options.h"
#include "target.h"

extern const struct own_option footprint_own_options[];

struct footprint_options {
	struct target_words words; /* its arrays are owned */
	bool skip;
	uint64_t interval_ns, duration_ns; /* 0: once; no end */
	const char *json;                  /* NULL: no file */
	bool to_stdout;                    /* JSON in place of the table */
	struct footprint_wish wish;
	struct footprint_style style;
};

/* Returns EXIT_DONE, or EXIT_USAGE after a complaint. To be finished in any case. */
int footprint_options_init(struct footprint_options *self, const struct options *options);
void footprint_options_finish(struct footprint_options *self);

#endif
