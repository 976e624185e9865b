/*
 * A fuzzer without eyes, but fast and always the same: it needs no coverage to change a byte here and a
 * length there, and ten million times that is a question of a minute.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "replay.h"
#include "wire.h"

enum {
	MESSAGES_MAX = 64, /* of one input */
	CHANGES_MAX = 4,   /* of one message */
	RANGE_MAX = 64,    /* bytes that one change takes away, doubles or brings */
	INPUT_MAX = 1 << 20,
};

struct message {
	const uint8_t *bytes; /* behind the prefix */
	size_t size;
	bool is_rest; /* what is no whole message: it has no prefix to be put before it */
};

/* The input that is being made, or looked at by the target. */
static struct {
	uint64_t seed, number;
	uint8_t bytes[INPUT_MAX];
	size_t size;
} input;

/* ---------------------------------------------------------------------- chance */

static uint64_t chance_state;

/* splitmix64 */
static uint64_t chance(void)
{
	uint64_t z = chance_state += UINT64_C(0x9E3779B97F4A7C15);

	z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
	return z ^ z >> 31;
}

static size_t below(size_t limit)
{
	return limit ? (size_t)(chance() % limit) : 0;
}

/* --------------------------------------------------------------------- changes */

/* Puts `size` bytes at `at` in the place of `gone` bytes, as far as there is room. */
static size_t replace(uint8_t *bytes, size_t length, size_t at, size_t gone,
	const uint8_t *piece, size_t size)
{
	if (length - gone + size > WIRE_REQUEST_MAX)
		return length;
	memmove(bytes + at + size, bytes + at + gone, length - at - gone);
	memcpy(bytes + at, piece, size);
	return length - gone + size;
}

/* Numbers that somebody may have taken for granted not to come. */
static size_t put_number(uint8_t out[WIRE_PREFIX_MAX])
{
	static const uint64_t numbers[] = {0, 1, 127, 128, 255, 256, 257, 1024, 1025, 65535,
		65536, 65537, INT32_MAX, UINT32_MAX, INT64_MAX, UINT64_MAX};

	return wire_put_prefix(out, numbers[below(sizeof numbers / sizeof *numbers)]);
}

static size_t change(uint8_t *bytes, size_t length, const struct message *other)
{
	uint8_t piece[RANGE_MAX], number[WIRE_PREFIX_MAX];
	size_t at = below(length + 1), rest = length - at, size;

	switch (below(8)) {
	case 0:
	case 1:
		if (rest)
			bytes[at] ^= (uint8_t)(1u << below(8));
		return length;
	case 2:
		if (rest)
			bytes[at] = (uint8_t)chance();
		return length;
	case 3: /* the end is missing */
		return at;
	case 4:
		size = below((rest < RANGE_MAX ? rest : RANGE_MAX) + 1);
		return replace(bytes, length, at, size, piece, 0);
	case 5: /* once more */
		size = below((rest < RANGE_MAX ? rest : RANGE_MAX) + 1);
		memcpy(piece, bytes + at, size);
		return replace(bytes, length, below(length + 1), 0, piece, size);
	case 6: /* what belongs elsewhere */
		if (other->size == 0)
			return length;
		size = below((other->size < RANGE_MAX ? other->size : RANGE_MAX) + 1);
		memcpy(piece, other->bytes + below(other->size - size + 1), size);
		return replace(bytes, length, at, 0, piece, size);
	default:
		size = put_number(number);
		return replace(bytes, length, at, rest ? below(2) : 0, number, size);
	}
}

/* ---------------------------------------------------------------------- inputs */

static size_t cut(const struct sample *sample, struct message messages[MESSAGES_MAX])
{
	const uint8_t *at = sample->bytes, *end = at + sample->size;
	size_t count = 0;

	while (at < end && count < MESSAGES_MAX) {
		struct message *message = &messages[count++];

		*message = (struct message){at, (size_t)(end - at), true};
		if (wire_next(at, (size_t)(end - at), WIRE_REQUEST_MAX, &message->bytes,
			    &message->size) > 0)
			message->is_rest = false;
		at = message->bytes + message->size;
	}
	return count;
}

static void append_prefix(size_t size)
{
	/* One in sixteen lies. */
	if (below(16) == 0)
		input.size += put_number(input.bytes + input.size);
	else
		input.size += wire_put_prefix(input.bytes + input.size, size);
}

static void append(const struct message *message, bool changed, const struct message *other)
{
	static uint8_t bytes[WIRE_REQUEST_MAX + RANGE_MAX];
	size_t size = message->size;

	if (size > WIRE_REQUEST_MAX || size + WIRE_PREFIX_MAX > INPUT_MAX - input.size)
		return;
	memcpy(bytes, message->bytes, size);
	for (size_t changes = changed ? 1 + below(CHANGES_MAX) : 0; changes > 0; changes--)
		size = change(bytes, size, other);
	if (size + WIRE_PREFIX_MAX > INPUT_MAX - input.size)
		return;
	if (changed && !message->is_rest)
		append_prefix(size);
	else if (!message->is_rest)
		input.size += wire_put_prefix(input.bytes + input.size, size);
	memcpy(input.bytes + input.size, bytes, size);
	input.size += size;
}

/* Makes the next input; returns how many of its messages are changed. */
static uint64_t make_input(const struct sample *samples, size_t sample_count)
{
	struct message messages[MESSAGES_MAX] = {{0}}, others[MESSAGES_MAX] = {{0}};
	size_t count = cut(&samples[below(sample_count)], messages);
	size_t other_count = cut(&samples[below(sample_count)], others);
	/* One at least, and what comes before the first one is as it was: so it is heard. */
	size_t first = below(count);
	uint64_t changed = 0;

	input.size = 0;
	for (size_t i = 0; i < count; i++) {
		bool changes = i == first || (i > first && below(4) == 0);

		append(&messages[i], changes, &others[below(other_count)]);
		changed += changes;
	}
	return changed;
}

/* -------------------------------------------------------------------- findings */

/* NOLINTBEGIN(bugprone-signal-handler): the program is lost anyway, and its input is what is wanted */
static void tell(void)
{
	dprintf(STDERR_FILENO, "\nfound with --mutate 1 %" PRIu64 " %" PRIu64 ":", input.seed,
		input.number);
	for (size_t i = 0; i < input.size; i++)
		dprintf(STDERR_FILENO, "%s%02x", i % 32 ? "" : "\n", input.bytes[i]);
	dprintf(STDERR_FILENO, "\n");
}
/* NOLINTEND(bugprone-signal-handler) */

static void on_abort(int number)
{
	tell();
	signal(number, SIG_DFL);
	raise(number);
}

/* Of the sanitizers, where the program has them. */
void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));

uint64_t mutate(const struct sample *samples, size_t sample_count, uint64_t count,
	uint64_t seed, uint64_t first)
{
	uint64_t changed = 0;

	signal(SIGABRT, on_abort);
	if (__sanitizer_set_death_callback)
		__sanitizer_set_death_callback(tell);
	input.seed = seed;
	for (input.number = first; input.number < first + count; input.number++) {
		chance_state = seed;
		chance_state = chance() ^ input.number;
		changed += make_input(samples, sample_count);
		run_target(input.bytes, input.size);
	}
	return changed;
}
