#include "explain.h"

#include "alloc.h"

static const char *meaning(const struct procmon_attribute *attribute, enum procmon_state state)
{
	if (attribute->state == state && *attribute->reason)
		return attribute->reason;
	switch (state) {
	case PROCMON_NONE:
		return "there is no such thing here";
	case PROCMON_PENDING:
		return "not read yet";
	case PROCMON_DENIED:
		return "the kernel does not tell the server's user";
	case PROCMON_UNSUPPORTED:
		return "not measurable on this host";
	case PROCMON_ASLEEP:
		return "the device is suspended, and is not woken to look";
	case PROCMON_FAILED:
		return "an error, or no answer in time";
	default:
		return "";
	}
}

char *explain_state(const struct procmon_attribute *attribute, enum procmon_state state)
{
	bool known = state == PROCMON_DENIED && *attribute->remedy;

	return xasprintf("%s: %s", procmon_state_name(state),
		known ? attribute->remedy : meaning(attribute, state));
}
