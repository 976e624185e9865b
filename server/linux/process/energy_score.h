/*
 * Energy score: Activity Monitor's Energy Impact, as far as Linux knows what it is made of. There
 * 1 is 10 ms of CPU time a second; the coefficients are those that macOS has where it does not
 * know the machine (/usr/share/pmenergy/default.plist): 1 for CPU time, 0.8 for that in the
 * background, 4.5e-10 s for a byte read and 2.4e-10 s for one written, 0 for the GPU and the
 * network. Its 2e-4 s for a wakeup of an idle package are left out: Linux counts all wakeups,
 * and most of these find a core that works already.
 *
 * The score is in billionths of that unit, so that all coefficients are whole numbers.
 */
#ifndef LINUX_ENERGY_SCORE_H
#define LINUX_ENERGY_SCORE_H

#include <stdbool.h>
#include <stdint.h>

enum {
	SCORE_CPU = 100,       /* a ns */
	SCORE_BACKGROUND = 80, /* likewise */
	SCORE_READ = 45,       /* a byte */
	SCORE_WRITTEN = 24,
};

/* What a process has used since it started, the bytes first. */
struct energy_use {
	bool disk_known;
	uint64_t read, written; /* bytes, with those of ended children that it waited for */
	uint64_t children;      /* grows with each such child: their page faults */
	uint64_t cpu_ns;
	bool background; /* now */
};

/* A zeroed struct has seen nothing. */
struct energy_score {
	bool begun, disk_known;
	bool unsure; /* a child may have come to the bytes after these were read */
	uint64_t cpu_ns, read, written, children; /* as last seen */
	uint64_t score;
};

/*
 * Adds what is new. What was used before the first call is weighed like the rest. Bytes count as
 * far as they are its own: those of an ended child were counted with the child, and come as one
 * heap when it is waited for. So what is new of them is left out then, and what came before they
 * could be read.
 */
void energy_score_add(struct energy_score *self, const struct energy_use *use);

#endif
