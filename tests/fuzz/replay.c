/* Feeds the files of a corpus to a fuzz target, without a fuzzer: each file is one test.
 *
 *	fuzz_NAME [FILE..]    the files of tests/fuzz/corpus/NAME if none is named
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static int replay(const char *path)
{
	static uint8_t bytes[1 << 20];
	FILE *file = fopen(path, "rb");
	uint8_t *exact;
	size_t size;

	if (!file) {
		perror(path);
		return -1;
	}
	size = fread(bytes, 1, sizeof bytes, file);
	fclose(file);
	/* Of exactly this size, so that AddressSanitizer sees a read beyond it. */
	exact = malloc(size ? size : 1);
	if (!exact)
		return -1;
	memcpy(exact, bytes, size);
	LLVMFuzzerTestOneInput(exact, size);
	free(exact);
	return 0;
}

int main(int argc, char **argv)
{
	const char *slash = strrchr(argv[0], '/'), *name = slash ? slash + 1 : argv[0];
	const char *topic = strncmp(name, "fuzz_", 5) == 0 ? name + 5 : name;
	unsigned passed = 0, failed = 0;
	char folder[256], path[600];
	struct dirent *entry;
	DIR *corpus;

	for (int i = 1; i < argc; i++)
		replay(argv[i]) == 0 ? passed++ : failed++;
	snprintf(folder, sizeof folder, "tests/fuzz/corpus/%s", topic);
	corpus = argc > 1 ? NULL : opendir(folder);
	while (corpus && (entry = readdir(corpus))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
		replay(path) == 0 ? passed++ : failed++;
	}
	if (corpus)
		closedir(corpus);
	printf("%s: %u passed, %u failed, 0 skipped\n", name, passed, failed);
	return failed > 0 || passed == 0;
}
