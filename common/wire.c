#include "wire.h"

#include <assert.h>
#include <errno.h>
#include <stdalign.h>
#include <stdlib.h>

#include "attribute.h"

/* The registry's numbers are the protocol's: the server sends one as the other. */
#define SAME(ours, theirs) static_assert((int)(ours) == (int)(theirs), #ours)
SAME(TABLE_PROCESS, PROCMON__TABLE__PROCESS);
SAME(TABLE_SYSTEM, PROCMON__TABLE__SYSTEM);
SAME(TABLE_COALITION, PROCMON__TABLE__COALITION);
SAME(TABLE_THREAD, PROCMON__TABLE__THREAD);
SAME(TABLE_LEDGER, PROCMON__TABLE__LEDGER);
SAME(TABLE_REGION, PROCMON__TABLE__REGION);
SAME(TABLE_FOOTPRINT, PROCMON__TABLE__FOOTPRINT);
SAME(TABLE_CPU, PROCMON__TABLE__CPU);
SAME(TABLE_GPU, PROCMON__TABLE__GPU);
SAME(TABLE_POWER, PROCMON__TABLE__POWER);
SAME(TABLE_SENSOR, PROCMON__TABLE__SENSOR);
SAME(TABLE_DISK, PROCMON__TABLE__DISK);
SAME(TABLE_NETWORK, PROCMON__TABLE__NETWORK);
SAME(TABLE_SERVER, PROCMON__TABLE__SERVER);
SAME(TABLE_SESSION, PROCMON__TABLE__SESSION);
SAME(TABLE_END, PROCMON__TABLE__SESSION + 1);
SAME(STATE_OK, PROCMON__STATE__OK);
SAME(STATE_NONE, PROCMON__STATE__NONE);
SAME(STATE_PENDING, PROCMON__STATE__PENDING);
SAME(STATE_DENIED, PROCMON__STATE__DENIED);
SAME(STATE_UNSUPPORTED, PROCMON__STATE__UNSUPPORTED);
SAME(STATE_ASLEEP, PROCMON__STATE__ASLEEP);
SAME(STATE_FAILED, PROCMON__STATE__FAILED);
SAME(STATE_END, PROCMON__STATE__FAILED + 1);
SAME(TYPE_U64, PROCMON__TYPE__U64);
SAME(TYPE_I64, PROCMON__TYPE__I64);
SAME(TYPE_F64, PROCMON__TYPE__F64);
SAME(TYPE_TEXT, PROCMON__TYPE__TEXT);
SAME(UNIT_NONE, PROCMON__UNIT__NO_UNIT);
SAME(UNIT_COUNT, PROCMON__UNIT__COUNT);
SAME(UNIT_BYTES, PROCMON__UNIT__BYTES);
SAME(UNIT_NANOSECONDS, PROCMON__UNIT__NANOSECONDS);
SAME(UNIT_NANOSECONDS_SINCE_1970, PROCMON__UNIT__NANOSECONDS_SINCE_1970);
SAME(UNIT_NANOSECONDS_SINCE_BOOT, PROCMON__UNIT__NANOSECONDS_SINCE_BOOT);
SAME(UNIT_HERTZ, PROCMON__UNIT__HERTZ);
SAME(UNIT_NANOJOULES, PROCMON__UNIT__NANOJOULES);
SAME(UNIT_MILLIWATTS, PROCMON__UNIT__MILLIWATTS);
SAME(UNIT_MILLICELSIUS, PROCMON__UNIT__MILLICELSIUS);
SAME(UNIT_CORES, PROCMON__UNIT__CORES);
SAME(UNIT_BYTES_PER_SECOND, PROCMON__UNIT__BYTES_PER_SECOND);
SAME(UNIT_PER_SECOND, PROCMON__UNIT__PER_SECOND);
SAME(UNIT_RATIO, PROCMON__UNIT__RATIO);
SAME(UNIT_MILLIVOLTS, PROCMON__UNIT__MILLIVOLTS);
SAME(UNIT_MILLIAMPERES, PROCMON__UNIT__MILLIAMPERES);
SAME(UNIT_ROTATIONS_PER_MINUTE, PROCMON__UNIT__ROTATIONS_PER_MINUTE);
SAME(UNIT_ADDRESS, PROCMON__UNIT__ADDRESS);
SAME(KIND_CONSTANT, PROCMON__KIND__CONSTANT);
SAME(KIND_GAUGE, PROCMON__KIND__GAUGE);
SAME(KIND_COUNTER, PROCMON__KIND__COUNTER);
SAME(KIND_DERIVED, PROCMON__KIND__DERIVED);
SAME(COST_CHEAP, PROCMON__COST__CHEAP);
SAME(COST_THREADS, PROCMON__COST__THREADS);
SAME(COST_SLOW, PROCMON__COST__SLOW);
SAME(COST_PAGES, PROCMON__COST__PAGES);
SAME(RULE_NONE, PROCMON__RULE__NOT_DERIVED);
SAME(RULE_RATE, PROCMON__RULE__RATE);
SAME(RULE_CPU_RATE, PROCMON__RULE__CPU_RATE);
SAME(RULE_AGE, PROCMON__RULE__AGE);
SAME(RULE_POWER_RATE, PROCMON__RULE__POWER_RATE);
SAME(RULE_SHARE, PROCMON__RULE__SHARE);
SAME(RULE_MEAN, PROCMON__RULE__MEAN);

enum {
	BLOCK_SIZE = 32 * 1024,     /* of the blocks that small pieces are cut from */
	PIECE_MAX = BLOCK_SIZE / 4, /* larger ones get a block of their own */
	ALIGNMENT = 16,             /* of every piece */
};

struct wire_block {
	struct wire_block *next;
	size_t size, used;
	alignas(ALIGNMENT) unsigned char bytes[];
};

static struct wire_block *block_create(size_t size)
{
	struct wire_block *block = malloc(sizeof *block + size);

	if (!block)
		return NULL;
	block->next = NULL;
	block->size = size;
	block->used = 0;
	return block;
}

static void *arena_alloc(void *data, size_t size)
{
	struct wire_arena *self = data;
	struct wire_block *head = self->blocks;

	if (size > self->limit_bytes - self->used_bytes)
		return NULL;
	size_t rounded = (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
	if (!head || rounded > head->size - head->used) {
		bool own = rounded > PIECE_MAX;
		struct wire_block *block = block_create(own ? rounded : BLOCK_SIZE);

		if (!block) {
			self->out_of_memory = true;
			return NULL;
		}
		/* What is left of the head stays in use when a large piece passes by. */
		if (own && head) {
			block->next = head->next;
			head->next = block;
		} else {
			block->next = head;
			self->blocks = block;
		}
		head = block;
	}
	void *piece = head->bytes + head->used;
	head->used += rounded;
	/* The rounding counts too: a million empty strings take memory. */
	self->used_bytes += rounded < self->limit_bytes - self->used_bytes
				    ? rounded
				    : self->limit_bytes - self->used_bytes;
	return piece;
}

static void arena_free(void *data, void *piece)
{
	(void)data; /* all at once, by wire_arena_reset */
	(void)piece;
}

void wire_arena_init(struct wire_arena *arena, size_t limit_bytes)
{
	*arena = (struct wire_arena){.limit_bytes = limit_bytes};
	arena->allocator = (ProtobufCAllocator){
		.alloc = arena_alloc,
		.free = arena_free,
		.allocator_data = arena,
	};
}

void wire_arena_reset(struct wire_arena *arena)
{
	struct wire_block *kept = NULL;

	while (arena->blocks) {
		struct wire_block *block = arena->blocks;

		arena->blocks = block->next;
		if (!kept && block->size == BLOCK_SIZE)
			kept = block;
		else
			free(block);
	}
	if (kept) {
		kept->next = NULL;
		kept->used = 0;
	}
	arena->blocks = kept;
	arena->used_bytes = 0;
	arena->out_of_memory = false;
}

void wire_arena_finish(struct wire_arena *arena)
{
	wire_arena_reset(arena);
	free(arena->blocks);
	arena->blocks = NULL;
}

size_t wire_varint_size(uint64_t value)
{
	size_t size = 1;

	for (; value >= 0x80; value >>= 7)
		size++;
	return size;
}

size_t wire_put_prefix(uint8_t out[WIRE_PREFIX_MAX], uint64_t size)
{
	size_t length = 0;

	for (; size >= 0x80; size >>= 7)
		out[length++] = (uint8_t)(size | 0x80);
	out[length++] = (uint8_t)size;
	return length;
}

int wire_next(const uint8_t *bytes, size_t size, size_t max_size, const uint8_t **ret_message,
	size_t *ret_size)
{
	uint64_t announced = 0;

	for (size_t i = 0;; i++) {
		if (i == size)
			return announced > max_size ? -EMSGSIZE : 0;
		/* The tenth byte holds the 64th bit and nothing else. */
		if (i == WIRE_PREFIX_MAX - 1 && bytes[i] > 1)
			return -EBADMSG;
		announced |= (uint64_t)(bytes[i] & 0x7F) << (7 * i);
		if (bytes[i] & 0x80)
			continue;
		if (announced > max_size)
			return -EMSGSIZE;
		if (announced > size - (i + 1))
			return 0;
		*ret_message = bytes + i + 1;
		*ret_size = (size_t)announced;
		return 1;
	}
}
