/* What runs a fuzz target without a fuzzer. */
#ifndef TESTS_FUZZ_REPLAY_H
#define TESTS_FUZZ_REPLAY_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* A file of the corpus. */
struct sample {
	uint8_t *bytes;
	size_t size;
};

/* Gives the target a copy of exactly this size, so that AddressSanitizer sees a read beyond it. */
void run_target(const uint8_t *bytes, size_t size);

/*
 * Takes the samples for streams of messages and gives them to the target `count` times, each time with
 * other changes to some of their messages. Input number n is always the same for the same seed: a
 * finding prints both, and the bytes. Returns how many messages were changed.
 */
uint64_t mutate(const struct sample *samples, size_t sample_count, uint64_t count,
	uint64_t seed, uint64_t first);

#endif
