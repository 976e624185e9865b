/* Program: running another program to its end. */
#ifndef CLIENT_PROGRAM_H
#define CLIENT_PROGRAM_H

#include <stdbool.h>

/*
 * Runs arguments[0], a whole path, and waits for it. Nothing is read from our input; when `quiet` what
 * it writes is thrown away, else it goes to stderr. Returns its exit status, 128 and more when a
 * signal ended it, or a negative errno when it could not be started.
 */
int program_run(const char *const arguments[], bool quiet);

/* In words, what that was; to be freed. */
char *program_explain(int status);

#endif
