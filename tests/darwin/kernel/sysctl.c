/*
 * sysctl(3).
 *
 *	[sysctl]
 *	NAME = TYPE VALUE     u32, u64 or text; timeval SECONDS MICROSECONDS; bytes HEX
 *
 * What has no name but a number is told by those parts of the kernel that know it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysctl.h>
#include <sys/time.h>

#include "parts.h"
#include "region.h"
#include "store.h"

static int fail(int number)
{
	sim_set_errno(number);
	return -1;
}

int sim_answer(const void *value, size_t length, void *old, size_t *old_length)
{
	size_t size = old ? *old_length : 0;

	if (old_length)
		*old_length = length;
	if (!old)
		return 0;
	if (size < length) {
		memcpy(old, value, size);
		*old_length = size;
		return fail(ENOMEM);
	}
	memcpy(old, value, length);
	return 0;
}

static int answer_typed(const char *value, void *old, size_t *length)
{
	union {
		uint32_t u32;
		uint64_t u64;
		struct timeval time;
		unsigned char bytes[4096];
	} out;
	const char *rest = strchr(value, ' ');

	rest = rest ? rest + 1 : "";
	if (strncmp(value, "text ", 5) == 0)
		return sim_answer(rest, strlen(rest) + 1, old, length);
	if (strncmp(value, "u32 ", 4) == 0) {
		out.u32 = (uint32_t)sim_parse(rest);
		return sim_answer(&out, sizeof out.u32, old, length);
	}
	if (strncmp(value, "u64 ", 4) == 0) {
		out.u64 = sim_parse(rest);
		return sim_answer(&out, sizeof out.u64, old, length);
	}
	if (strncmp(value, "timeval ", 8) == 0) {
		char *end;
		memset(&out, 0, sizeof out);
		out.time.tv_sec = strtoll(rest, &end, 10);
		out.time.tv_usec = (int)strtol(end, NULL, 10);
		return sim_answer(&out, sizeof out.time, old, length);
	}
	sim_panic("a sysctl cannot have the value \"%s\"", value);
}

int sysctlbyname(const char *name, void *old, size_t *length, void *new, size_t new_length)
{
	const struct sim_section *section = sim_section("sysctl", "");
	int error = sim_enter(name, 0, -1);

	(void)new_length;
	if (error)
		return fail(error);
	error = sim_region_sysctl(name, new);
	if (error != SIM_NOT_MINE)
		return error ? fail(error) : 0;
	if (new)
		return fail(EPERM);
	if (!sim_has(section, name))
		return fail(ENOENT);
	if (strncmp(sim_text(section, name, ""), "bytes ", 6) == 0) {
		unsigned char bytes[4096];
		size_t count = sim_hex(sim_text(section, name, "") + 6, bytes, sizeof bytes);
		return sim_answer(bytes, count, old, length);
	}
	return answer_typed(sim_text(section, name, ""), old, length);
}

int sysctl(int *name, u_int count, void *old, size_t *length, void *new, size_t new_length)
{
	int error = count > 1 ? sim_enter("sysctl", (int64_t)name[0] << 32 | name[1],
					count > 2 ? name[count - 1] : -1)
			      : 0;

	(void)new, (void)new_length;
	if (error)
		return fail(error);
	for (size_t i = 0; sim_sysctls[i]; i++) {
		int result = sim_sysctls[i](name, count, old, length);
		if (result != SIM_NOT_MINE)
			return result;
	}
	return fail(ENOENT);
}
