/* Why the measures of a process differ, in words: one sentence for each difference. */
#ifndef CLIENT_MEMORY_EXPLANATION_H
#define CLIENT_MEMORY_EXPLANATION_H

#include <stddef.h>

#include "account.h"

struct explanation {
	const char *name; /* what it is about: "reserved" */
	uint64_t bytes;
	char *text; /* a sentence that begins with the amount; owned */
};

/*
 * What there is to say of a closed account, from the largest on. Without `all` what is below one
 * percent of the larger of resident and footprint is left out, and counted in *ret_left_out.
 * Returns the number of sentences; to be released with explanations_free.
 */
size_t explain_account(const struct account *account, bool all,
	struct explanation **ret_explanations, size_t *ret_left_out);
void explanations_free(struct explanation *self, size_t count);

#endif
