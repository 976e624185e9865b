#include "questions.h"

#include <mach/mach_time.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 1024 };

static const struct {
	const char *title;
	question *ask;
} questions[] = {
	{"ledgers of another user's process", ask_ledgers},
	{"what Mach tells by the name port of a task", ask_name_port},
	{"rusage of version 6, energy of a process", ask_rusage},
	{"resources of a coalition", ask_coalition},
	{"IOReport: energy and states", ask_ioreport},
	{"frequencies of pmgr", ask_frequencies},
	{"clients of the GPU", ask_gpu_clients},
	{"keys of the SMC and services of HID", ask_sensors},
	{"statistics of memory, 20 times", ask_vm_statistics},
	{"bytes of network interfaces in a second", ask_interfaces},
	{"footprint by regions", ask_footprint},
	{"ports of a process", ask_ports},
	{"the shared cache of libraries", ask_shared_cache},
};

void tell(const struct asking *self, const char *format, ...)
{
	char line[LINE_MAX_BYTES] = "    ";
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(line + 4, sizeof line - 4, format, arguments);
	va_end(arguments);
	self->say(self->context, line);
}

void wait_a_while(uint64_t ns)
{
	mach_timebase_info_data_t base;

	mach_timebase_info(&base);
	mach_wait_until(mach_absolute_time() + ns * base.denom / base.numer);
}

void questions_ask(const struct platform *platform, platform_say *say, void *context)
{
	struct asking self = {platform->context, say, context, getpid()};
	char line[LINE_MAX_BYTES];

	snprintf(line, sizeof line, "%s, uid %u", platform_describe(platform), self.host->uid);
	say(context, line);
	for (size_t i = 0; i < sizeof questions / sizeof *questions; i++) {
		snprintf(line, sizeof line, "%2zu. %s", i + 1, questions[i].title);
		say(context, line);
		questions[i].ask(&self);
	}
}
