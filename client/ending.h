/* How a process ended, in words. */
#ifndef CLIENT_ENDING_H
#define CLIENT_ENDING_H

#include <stdint.h>

#define ENDING_MAX 64

/* What wait(2) tells, into out[ENDING_MAX]: "exit 7", "signal 9 (KILL)",
 * "signal 11 (SEGV, core)". */
void ending_describe(char out[ENDING_MAX], uint64_t status);

#endif
