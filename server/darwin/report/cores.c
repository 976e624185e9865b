#include "cores.h"

#include <stddef.h>
#include <string.h>

uint32_t core_speed(char letter)
{
	static const char letters[] = "SPME";
	const char *at = letter ? strchr(letters, letter) : NULL;

	return at ? (uint32_t)(at - letters) : sizeof letters - 1;
}

static bool take_number(const char **at, uint32_t *ret_number)
{
	const char *begin = *at;
	uint32_t number = 0;

	for (; **at >= '0' && **at <= '9' && number < 100000; ++*at)
		number = number * 10 + (uint32_t)(**at - '0');
	*ret_number = number;
	return *at != begin;
}

static bool take_text(const char **at, const char *text)
{
	size_t length = strlen(text);

	if (strncmp(*at, text, length) != 0)
		return false;
	*at += length;
	return true;
}

/* "_CPU3" and "1_CPU3", "0_2"; "3"; or "110", of which the first digit is the cluster. */
static bool take_place(const char **at, struct core_name *name)
{
	const char *begin = *at;
	bool has_number = take_number(at, &name->cluster);
	size_t digits = (size_t)(*at - begin);

	if (take_text(at, "_")) {
		take_text(at, "CPU");
		return take_number(at, &name->core);
	}
	name->core = name->cluster;
	name->cluster = digits == 3 ? name->core / 100 : 0;
	return has_number;
}

bool core_name_parse(const char *name, struct core_name *ret_name)
{
	const char *at = name;

	*ret_name = (struct core_name){0};
	if (take_text(&at, "DIE_") && (!take_number(&at, &ret_name->die) || *at++ != '_'))
		return false;
	ret_name->letter = *at;
	if (*at < 'A' || *at > 'Z')
		return false;
	at++;
	return take_text(&at, "CPU") && take_place(&at, ret_name) && *at == '\0';
}

static int order(uint32_t a, uint32_t b)
{
	return (a > b) - (a < b);
}

int core_name_compare(const struct core_name *a, const struct core_name *b)
{
	int result = order(core_speed(a->letter), core_speed(b->letter));

	if (!result)
		result = order((uint32_t)a->letter, (uint32_t)b->letter);
	if (!result)
		result = order(a->die, b->die);
	if (!result)
		result = order(a->cluster, b->cluster);
	return result ? result : order(a->core, b->core);
}
