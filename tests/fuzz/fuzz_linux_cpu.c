/* The parsers of tables CPU and THREAD against any bytes: each of them gets the input. */
#include <stdlib.h>
#include <string.h>

#include "linux/cpu/cpu.h"
#include "linux/thread/thread.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void parse_lines(const char *input, size_t size)
{
	enum { CAPACITY = 3 };
	struct cpu_line lines[CAPACITY];
	struct cpu_counter counter = {0};
	struct linux_cpu_times times;
	bool more;
	int64_t count = cpu_lines_parse(input, size, lines, CAPACITY, &more);

	if (count < 0)
		abort();
	for (int64_t i = 0; i < count && i < CAPACITY; i++) {
		if (!lines[i].good)
			continue;
		cpu_times_of(&lines[i], &times);
		if (times.user > lines[i].times.user || times.busy < times.user)
			abort();
		cpu_counter_follow(&counter, times.idle, 200);
	}
}

static void parse_list(const char *input, size_t size)
{
	struct scan scan = {input, input + size};
	uint32_t first, last;

	while (cpu_list_next(&scan, &first, &last))
		if (first > last || last > UINT16_MAX)
			abort();
}

static void parse_model(const char *input, size_t size)
{
	char text[64];
	const char *model;
	size_t length = cpu_model_parse(input, size, 0, text, &model);

	if (length && model == text
			? length >= sizeof text
			: length && (model < input || model + length > input + size))
		abort();
}

static void parse_thread(const char *input, size_t size)
{
	struct thread thread = {.state = 'S', .is_hidden = size & 1};
	struct schedule schedule;
	struct sample_text channel = thread_wait_parse(input, size, &thread);

	if (channel.bytes && (channel.bytes != input || channel.length != size))
		abort();
	thread_schedule_parse(input, size, &schedule);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	const char *input = (const char *)bytes;

	parse_lines(input, size);
	parse_list(input, size);
	parse_model(input, size);
	parse_thread(input, size);
	return 0;
}
