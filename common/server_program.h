/* Server program: where the server is that belongs to this program. */
#ifndef COMMON_SERVER_PROGRAM_H
#define COMMON_SERVER_PROGRAM_H

#include <stddef.h>

/*
 * $PROCMON_SERVER; beside the program that calls; else where it is installed (PROCMON_BINDIR is the
 * Makefile's). Never by PATH: whoever sets it would choose what runs. Returns 0, or a negative errno and
 * a sentence.
 */
int server_program_find(char *out, size_t out_size, char *error, size_t error_size);

#endif
