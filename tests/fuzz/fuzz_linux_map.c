/* The texts of smaps or maps, and behind a NUL that of mountinfo, against any bytes. */
#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "linux/memory/map.h"
#include "source.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* Sums up what it finds, and reads all of it. */
struct sums {
	struct map_pages pages;
	uint64_t count, hash;
};

static void check_amounts(const struct map_pages *pages)
{
	const uint64_t *amounts = (const uint64_t *)pages;

	for (size_t i = 0; i < sizeof *pages / sizeof *amounts; i++)
		if (amounts[i] > NUMBER_LIMIT && amounts[i] != ABSENT_U64(STATE_UNSUPPORTED))
			abort();
}

static bool visit(void *context, const struct mapping *mapping)
{
	struct sums *sums = context;

	if (mapping->start >= mapping->end || !mapping->category_length ||
		(mapping->is_deleted && !mapping->is_file))
		abort();
	check_amounts(&mapping->pages);
	map_pages_add(&sums->pages, &mapping->pages);
	sums->count++;
	sums->hash ^= hash_bytes(mapping->text, mapping->text_length) ^
		      hash_bytes(mapping->category, mapping->category_length);
	if (mapping->flags_length)
		sums->hash ^= hash_bytes(mapping->flags, mapping->flags_length);
	return sums->count < 100000;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	const char *text = (const char *)bytes;
	const char *end = memchr(text, '\0', size);
	size_t length = end ? (size_t)(end - text) : size;
	struct sums sums = {0};
	int result = map_parse(text, length, end ? end + 1 : text + size,
		end ? size - length - 1 : 0, visit, &sums);

	if (result == 0 && !sums.count)
		abort();
	check_amounts(&sums.pages);
	return 0;
}
