#include "pages.h"

#include <string.h>

#include "source.h"

enum line {
	PAGE_SIZE_KIB,
	RSS,
	PSS,
	SHARED_CLEAN,
	SHARED_DIRTY,
	PRIVATE_CLEAN,
	PRIVATE_DIRTY,
	REFERENCED,
	ANONYMOUS,
	KSM,
	LAZY_FREE,
	ANONYMOUS_HUGE,
	SHARED_HUGE,
	FILE_HUGE,
	SHARED_HUGETLB,
	PRIVATE_HUGETLB,
	SWAP,
	SWAP_PSS,
	LOCKED,
};

_Static_assert(LOCKED + 1 == PAGE_LINES, "one each");

/* In the order of the file. */
static const struct pair keys[PAGE_LINES] = {
	PAIR("KernelPageSize", PAGE_SIZE_KIB, 1),
	PAIR("Rss", RSS, 1),
	PAIR("Pss", PSS, 1),
	PAIR("Shared_Clean", SHARED_CLEAN, 1),
	PAIR("Shared_Dirty", SHARED_DIRTY, 1),
	PAIR("Private_Clean", PRIVATE_CLEAN, 1),
	PAIR("Private_Dirty", PRIVATE_DIRTY, 1),
	PAIR("Referenced", REFERENCED, 1),
	PAIR("Anonymous", ANONYMOUS, 1),
	PAIR("KSM", KSM, 1),
	PAIR("LazyFree", LAZY_FREE, 1),
	PAIR("AnonHugePages", ANONYMOUS_HUGE, 1),
	PAIR("ShmemPmdMapped", SHARED_HUGE, 1),
	PAIR("FilePmdMapped", FILE_HUGE, 1),
	PAIR("Shared_Hugetlb", SHARED_HUGETLB, 1),
	PAIR("Private_Hugetlb", PRIVATE_HUGETLB, 1),
	PAIR("Swap", SWAP, 1),
	PAIR("SwapPss", SWAP_PSS, 1),
	PAIR("Locked", LOCKED, 1),
};

/* ------------------------------------------------------------------------------ lines */

void page_lines_begin(struct page_lines *self)
{
	*self = (struct page_lines){0};
}

/* Most are told apart by where the colon is. */
static bool has_key(struct scan line, const struct pair *pair)
{
	return (size_t)(line.end - line.at) > pair->length &&
	       line.at[pair->length - 1] == ':' &&
	       memcmp(line.at, pair->key, pair->length) == 0;
}

static uint32_t after(uint32_t key)
{
	return key + 1 < PAGE_LINES ? key + 1 : 0;
}

/* Newer kernels have lines in between that are not ours. */
void page_lines_take(struct page_lines *self, struct scan line)
{
	uint32_t key = self->next;
	int64_t number;

	for (uint32_t tried = 0; !has_key(line, &keys[key]); tried++) {
		if (tried == PAGE_LINES - 1)
			return;
		key = after(key);
	}
	line.at += keys[key].length;
	while (line.at < line.end && *line.at == ' ')
		line.at++;
	if (!scan_number(&line, &number) || number < 0)
		return;
	self->kib[key] = (uint64_t)number;
	self->seen |= UINT32_C(1) << key;
	self->next = after(key);
}

/* ----------------------------------------------------------------------------- amounts */

#define UNKNOWN ABSENT_U64(STATE_UNSUPPORTED)

static bool is_known(uint64_t amount)
{
	return amount <= NUMBER_LIMIT;
}

static uint64_t plus(uint64_t a, uint64_t b)
{
	if (!is_known(a) || !is_known(b))
		return is_known(a) ? b : a;
	return a + b < NUMBER_LIMIT ? a + b : NUMBER_LIMIT;
}

static uint64_t minus(uint64_t a, uint64_t b)
{
	if (!is_known(a) || !is_known(b))
		return is_known(a) ? b : a;
	return a > b ? a - b : 0;
}

static uint64_t get(const struct page_lines *self, enum line line)
{
	if (!(self->seen >> line & 1))
		return UNKNOWN;
	return self->kib[line] < NUMBER_LIMIT / 1024 ? self->kib[line] * 1024 : NUMBER_LIMIT;
}

static uint64_t sum_of(const struct page_lines *self, enum line a, enum line b)
{
	return plus(get(self, a), get(self, b));
}

/*
 * From the kernel's numbers to ours. Private_Dirty will not do: pages that were swapped in and
 * only read are Private_Clean, though they are the process' own; and what is dirty in the cache
 * of a shared file is not.
 */
void page_lines_finish(
	const struct page_lines *self, bool is_memory, struct map_pages *ret_pages)
{
	uint64_t hugetlb = sum_of(self, SHARED_HUGETLB, PRIVATE_HUGETLB);
	uint64_t own = minus(get(self, ANONYMOUS), get(self, LAZY_FREE));
	uint64_t others = minus(get(self, RSS), get(self, ANONYMOUS));
	uint64_t shared = is_memory ? others : 0;

	*ret_pages = (struct map_pages){
		.resident = get(self, RSS),
		.dirty = plus(plus(own, get(self, SWAP)), plus(hugetlb, shared)),
		.swap = get(self, SWAP),
		.clean = is_memory ? 0 : others,
		.reclaimable = get(self, LAZY_FREE),
		.wired = get(self, LOCKED),
		.pss = get(self, PSS),
		.unique = plus(
			sum_of(self, PRIVATE_CLEAN, PRIVATE_DIRTY), get(self, PRIVATE_HUGETLB)),
		.common = plus(
			sum_of(self, SHARED_CLEAN, SHARED_DIRTY), get(self, SHARED_HUGETLB)),
		.swap_pss = get(self, SWAP_PSS),
		.anonymous = get(self, ANONYMOUS),
		.shared = shared,
		.huge = plus(sum_of(self, ANONYMOUS_HUGE, SHARED_HUGE), get(self, FILE_HUGE)),
		.hugetlb = hugetlb,
		.merged = get(self, KSM),
		.referenced = get(self, REFERENCED),
	};
}

uint64_t page_lines_size(const struct page_lines *self)
{
	return get(self, PAGE_SIZE_KIB);
}

/* -------------------------------------------------------------------------------- sums */

enum { AMOUNTS = sizeof(struct map_pages) / sizeof(uint64_t) };

void map_pages_clear(struct map_pages *self, enum cell_state state)
{
	for (uint32_t i = 0; i < AMOUNTS; i++)
		((uint64_t *)self)[i] = ABSENT_U64(state);
}

void map_pages_add(struct map_pages *sum, const struct map_pages *more)
{
	uint64_t *to = (uint64_t *)sum;
	const uint64_t *from = (const uint64_t *)more;

	for (uint32_t i = 0; i < AMOUNTS; i++)
		to[i] = plus(to[i], from[i]);
}
