/* Why there is no value, in words. */
#ifndef CLIENT_EXPLAIN_H
#define CLIENT_EXPLAIN_H

#include "procmon.h"

/* "denied: run the server as root": the state, and what to do if that is known, else what it
 * means here. To be freed. */
char *explain_state(const struct procmon_attribute *attribute, enum procmon_state state);

#endif
