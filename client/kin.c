#include "kin.h"

#include <stddef.h>

#include "procmon.h"

const struct kin *kin_find(uint32_t table)
{
	static const struct kin process = {NULL, "ppid", "comm"};
	static const struct kin group = {"id", "parent", "name"};

	return table == PROCMON_PROCESS ? &process : table == PROCMON_COALITION ? &group : NULL;
}
