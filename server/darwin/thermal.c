#include "thermal.h"

#include "private/notify.h"

enum cell_state thermal_open(struct thermal *self)
{
	self->token = -1;
	if (notify_register_check(NOTIFY_THERMAL_PRESSURE, &self->token) == NOTIFY_STATUS_OK)
		return STATE_OK;
	self->token = -1;
	return STATE_FAILED;
}

void thermal_close(struct thermal *self)
{
	if (self->token >= 0)
		notify_cancel(self->token);
	self->token = -1;
}

enum cell_state thermal_level(const struct thermal *self, uint64_t *ret_level)
{
	if (self->token < 0 || notify_get_state(self->token, ret_level) != NOTIFY_STATUS_OK)
		return STATE_FAILED;
	return *ret_level <= THERMAL_LEVEL_MAX ? STATE_OK : STATE_FAILED;
}

const char *thermal_word(uint64_t level)
{
	static const char *const words[] = {
		"nominal", "moderate", "heavy", "trapping", "sleeping"};

	return level <= THERMAL_LEVEL_MAX ? words[level] : NULL;
}
