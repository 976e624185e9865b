/*
 * The wire: length-delimited protobuf messages, decoded into a bounded arena.
 *
 * protobuf-c turns a hostile message into up to 84 times its size in memory, so every decode
 * gets an allocator with a cap. No message type contains itself, so the depth is bounded by
 * the schema (test_schema walks the descriptors).
 */
#ifndef COMMON_WIRE_H
#define COMMON_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "limit.h"
#include "procmon.pb-c.h"

enum { WIRE_PROTOCOL = 1 }; /* the protocol version of this build */

/* An arena: everything that one decode allocates, freed at once. */
struct wire_arena {
	ProtobufCAllocator allocator; /* give this to protobuf_c's unpack */
	struct wire_block *blocks;
	size_t used_bytes, limit_bytes;
	bool out_of_memory; /* a piece was refused by malloc and not by the limit */
};

/* allocator.alloc returns NULL beyond limit_bytes (or out of memory). */
void wire_arena_init(struct wire_arena *arena, size_t limit_bytes);
/* Frees all that was allocated; keeps one block for the next decode. */
void wire_arena_reset(struct wire_arena *arena);
void wire_arena_finish(struct wire_arena *arena);

/* Writes the varint prefix for a message of `size` bytes; returns its length (1..10). */
size_t wire_put_prefix(uint8_t out[WIRE_PREFIX_MAX], uint64_t size);

/* Encoded size of a varint. */
size_t wire_varint_size(uint64_t value);

/*
 * Looks for a whole message at the start of `bytes`. Returns 1 and its place and size
 * (without the prefix) in *ret_message, *ret_size; 0 when more bytes are needed; -EMSGSIZE
 * when the announced size is over max_size; -EBADMSG when the prefix is no varint.
 * A zero-length message is valid framing (an empty message).
 */
int wire_next(const uint8_t *bytes, size_t size, size_t max_size, const uint8_t **ret_message,
	size_t *ret_size);

#endif
