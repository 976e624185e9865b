/* Feeds the files of a corpus to a fuzz target, without a fuzzer: each file is one test.
 *
 *	fuzz_NAME [FILE..]    the files of tests/fuzz/corpus/NAME if none is named
 *	fuzz_NAME --mutate COUNT [SEED [FIRST]]
 *	                      so many inputs from number FIRST on, made of that corpus
 */
#include "replay.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void run_target(const uint8_t *bytes, size_t size)
{
	uint8_t *exact = malloc(size ? size : 1);

	if (!exact)
		abort();
	memcpy(exact, bytes, size);
	LLVMFuzzerTestOneInput(exact, size);
	free(exact);
}

static int read_sample(const char *path, struct sample *ret)
{
	static uint8_t bytes[1 << 20];
	FILE *file = fopen(path, "rb");

	if (!file) {
		perror(path);
		return -1;
	}
	ret->size = fread(bytes, 1, sizeof bytes, file);
	fclose(file);
	ret->bytes = malloc(ret->size + 1);
	if (!ret->bytes)
		abort();
	memcpy(ret->bytes, bytes, ret->size);
	return 0;
}

static int compare_names(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* All files of a corpus, in the order of their names: numbered inputs are made of them. */
static size_t read_corpus(const char *topic, struct sample **ret)
{
	struct dirent **entries = NULL;
	char folder[256], path[600];
	size_t count = 0;

	snprintf(folder, sizeof folder, "tests/fuzz/corpus/%s", topic);
	int entry_count = scandir(folder, &entries, NULL, compare_names);
	*ret = calloc(entry_count > 0 ? (size_t)entry_count : 1, sizeof **ret);
	if (!*ret)
		abort();
	for (int i = 0; i < entry_count; i++) {
		snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
		if (entries[i]->d_name[0] != '.' && read_sample(path, &(*ret)[count]) == 0)
			count++;
		free(entries[i]);
	}
	free(entries);
	return count;
}

static int mutate_corpus(
	const char *name, const struct sample *samples, size_t count, int argc, char **argv)
{
	uint64_t numbers[] = {0, 1, 0}; /* how many, seed, first */

	for (int i = 0; i < argc && i < 3; i++)
		numbers[i] = strtoull(argv[i], NULL, 0);
	if (count == 0 || numbers[0] == 0) {
		fprintf(stderr, "%s: nothing to change, or not even once\n", name);
		return 1;
	}
	printf("%s: %" PRIu64 " messages changed\n", name,
		mutate(samples, count, numbers[0], numbers[1], numbers[2]));
	return 0;
}

int main(int argc, char **argv)
{
	const char *slash = strrchr(argv[0], '/'), *name = slash ? slash + 1 : argv[0];
	const char *topic = strncmp(name, "fuzz_", 5) == 0 ? name + 5 : name;
	bool mutates = argc > 1 && strcmp(argv[1], "--mutate") == 0;
	unsigned passed = 0, failed = 0;
	struct sample *samples;
	size_t count;

	if (argc > 1 && !mutates) {
		samples = calloc((size_t)argc, sizeof *samples);
		count = 0;
		for (int i = 1; samples && i < argc; i++)
			read_sample(argv[i], &samples[count]) == 0 ? count++ : failed++;
	} else {
		count = read_corpus(topic, &samples);
	}
	int result = 0;
	if (mutates) {
		result = mutate_corpus(name, samples, count, argc - 2, argv + 2);
	} else {
		for (; passed < count; passed++)
			run_target(samples[passed].bytes, samples[passed].size);
		printf("%s: %u passed, %u failed, 0 skipped\n", name, passed, failed);
		result = failed > 0 || passed == 0;
	}
	for (size_t i = 0; i < count; i++)
		free(samples[i].bytes);
	free(samples);
	return result;
}
