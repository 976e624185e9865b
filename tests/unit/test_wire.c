#include "wire.h"

#include <errno.h>
#include <protobuf-c/protobuf-c.h>

#include "test.h"

TEST(varints_have_the_sizes_of_protobuf)
{
	CHECK_INT(wire_varint_size(0), 1);
	CHECK_INT(wire_varint_size(0x7F), 1);
	CHECK_INT(wire_varint_size(0x80), 2);
	CHECK_INT(wire_varint_size(0x3FFF), 2);
	CHECK_INT(wire_varint_size(0x4000), 3);
	CHECK_INT(wire_varint_size(UINT64_MAX), 10);
}

TEST(a_prefix_is_read_back_as_written)
{
	static const uint64_t sizes[] = {0, 1, 127, 128, 300, 16383, 16384, 65536};

	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		uint8_t *bytes = calloc(1, WIRE_PREFIX_MAX + sizes[i]);
		const uint8_t *message = NULL;
		size_t size = 0, length = wire_put_prefix(bytes, sizes[i]);

		CHECK_INT(length, wire_varint_size(sizes[i]));
		CHECK_INT(wire_next(bytes, length + sizes[i], 65536, &message, &size), 1);
		CHECK(message == bytes + length);
		CHECK_INT(size, sizes[i]);
		free(bytes);
	}
	uint8_t longest[WIRE_PREFIX_MAX];
	CHECK_INT(wire_put_prefix(longest, UINT64_MAX), 10);
	CHECK_INT(longest[9], 1);
}

TEST(a_message_is_seen_with_its_last_byte)
{
	uint8_t bytes[2 + 300];
	const uint8_t *message;
	size_t size;

	memset(bytes, 7, sizeof bytes);
	CHECK_INT(wire_put_prefix(bytes, 300), 2);
	for (size_t have = 0; have < sizeof bytes; have++)
		CHECK_INT(wire_next(bytes, have, 1000, &message, &size), 0);
	CHECK_INT(wire_next(bytes, sizeof bytes, 1000, &message, &size), 1);
	CHECK_INT(size, 300);
}

TEST(lying_lengths_are_refused)
{
	uint8_t bytes[WIRE_PREFIX_MAX + 1];
	const uint8_t *message;
	size_t size;

	size_t length = wire_put_prefix(bytes, 1001);
	CHECK_INT(wire_next(bytes, length, 1000, &message, &size), -EMSGSIZE);
	CHECK_INT(wire_next(bytes, length, 1001, &message, &size), 0);
	length = wire_put_prefix(bytes, UINT64_MAX);
	CHECK_INT(wire_next(bytes, length, 1000, &message, &size), -EMSGSIZE);
	/* refused as soon as it is sure, not when the prefix ends */
	CHECK_INT(wire_next(bytes, 3, 1000, &message, &size), -EMSGSIZE);
	CHECK_INT(wire_next(bytes, 3, SIZE_MAX, &message, &size), 0);
}

TEST(a_prefix_that_is_no_varint_is_refused)
{
	uint8_t bytes[WIRE_PREFIX_MAX + 1];
	const uint8_t *message;
	size_t size;

	memset(bytes, 0x80, sizeof bytes);
	CHECK_INT(wire_next(bytes, 9, 1000, &message, &size), 0);
	CHECK_INT(wire_next(bytes, 10, 1000, &message, &size), -EBADMSG);
	bytes[9] = 2; /* the 65th bit */
	CHECK_INT(wire_next(bytes, 10, SIZE_MAX, &message, &size), -EBADMSG);
	bytes[9] = 1;
	CHECK_INT(wire_next(bytes, 10, SIZE_MAX, &message, &size), 0);
}

/* Pieces of all sizes, written from end to end: an address sanitizer sees what overlaps.
 */
TEST(an_arena_gives_what_is_asked_and_no_more)
{
	struct wire_arena arena;

	wire_arena_init(&arena, 1024 * 1024);
	for (int round = 0; round < 3; round++) {
		size_t total = 0;
		unsigned char *previous = NULL;
		size_t previous_size = 0;
		for (size_t size = 0; total + size + 16 < 1024 * 1024;
			size = size * 5 / 4 + 1) {
			unsigned char *piece = arena.allocator.alloc(&arena, size);
			CHECK(piece);
			CHECK((uintptr_t)piece % 16 == 0);
			memset(piece, (int)(size & 0xFF), size);
			if (previous_size)
				CHECK_INT(previous[previous_size - 1], previous_size & 0xFF);
			previous = piece;
			previous_size = size;
			total += (size + 15) & ~(size_t)15;
		}
		CHECK_INT(arena.used_bytes, total);
		wire_arena_reset(&arena);
		CHECK_INT(arena.used_bytes, 0);
	}
	wire_arena_finish(&arena);
}

TEST(an_arena_ends_at_its_limit)
{
	static const size_t limits[] = {WIRE_REQUEST_ARENA, WIRE_FRAME_ARENA};

	for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
		const size_t limit = limits[i],
			     sizes[] = {limit - 1, limit, limit + 1, SIZE_MAX, SIZE_MAX - 15};
		struct wire_arena arena;

		wire_arena_init(&arena, limit);
		for (size_t j = 0; j < sizeof sizes / sizeof *sizes; j++) {
			CHECK(!arena.allocator.alloc(&arena, sizes[j]) == (sizes[j] > limit));
			wire_arena_reset(&arena);
		}
		/* many small ones: each takes its rounded size */
		size_t count = 0;
		while (arena.allocator.alloc(&arena, 1))
			CHECK(++count <= limit);
		CHECK_INT(count, limit / 16);
		CHECK(!arena.allocator.alloc(&arena, 1));
		wire_arena_finish(&arena);
		wire_arena_finish(&arena);
	}
}

/* A message of 64 KiB that wants 84 times its size: the arena says no, and early. */
TEST(a_message_that_blows_up_is_refused)
{
	enum { BOMB = 64 * 1024 };
	uint8_t *bytes = malloc(BOMB);
	struct wire_arena arena;

	/* Catalog.attributes, empty, 32,768 times */
	for (size_t i = 0; i < BOMB; i += 2) {
		bytes[i] = 1 << 3 | 2;
		bytes[i + 1] = 0;
	}
	wire_arena_init(&arena, WIRE_REQUEST_ARENA);
	CHECK(!procmon__catalog__unpack(&arena.allocator, BOMB, bytes));
	CHECK(arena.used_bytes <= WIRE_REQUEST_ARENA);
	wire_arena_reset(&arena);
	Procmon__Catalog *some = procmon__catalog__unpack(&arena.allocator, 2000, bytes);
	CHECK(some);
	CHECK_INT(some->n_attributes, 1000);
	wire_arena_finish(&arena);
	free(bytes);
}

TESTS(CASE(varints_have_the_sizes_of_protobuf), CASE(a_prefix_is_read_back_as_written),
	CASE(a_message_is_seen_with_its_last_byte), CASE(lying_lengths_are_refused),
	CASE(a_prefix_that_is_no_varint_is_refused),
	CASE(an_arena_gives_what_is_asked_and_no_more), CASE(an_arena_ends_at_its_limit),
	CASE(a_message_that_blows_up_is_refused))
