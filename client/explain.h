/* Why there is no value, in words. */
#ifndef CLIENT_EXPLAIN_H
#define CLIENT_EXPLAIN_H

#include "procmon.h"

/*
 * "denied: the kernel does not tell the server's user; run the server as root": the state, what
 * it means here, and what to do if that is known. To be freed.
 */
char *explain_state(const struct procmon_attribute *attribute, enum procmon_state state);

#endif
