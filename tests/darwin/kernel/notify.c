/*
 * notify(3).
 *
 *	[notify]
 *	NAME = NUMBER         its state, 0 without, as of a name that nobody has set
 */
#include <string.h>

#include "private/notify.h"
#include "store.h"

enum { NAMES = 16, INVALID_TOKEN = 2, FAILED = 1000000 };

/* What a token is for. */
static char names[NAMES][128];

uint32_t notify_register_check(const char *name, int *ret_token)
{
	if (sim_enter("notify_register_check", 0, -1))
		return FAILED;
	for (int i = 0; i < NAMES; i++)
		if (!*names[i]) {
			strlcpy(names[i], name, sizeof names[i]);
			*ret_token = i;
			sim_hold(1);
			return NOTIFY_STATUS_OK;
		}
	sim_panic("so many tokens are out that one must have been forgotten");
}

static int is_token(int token)
{
	return token >= 0 && token < NAMES && *names[token];
}

uint32_t notify_get_state(int token, uint64_t *ret_state)
{
	if (sim_enter("notify_get_state", 0, -1))
		return FAILED;
	if (!is_token(token))
		return INVALID_TOKEN;
	*ret_state = sim_u64(sim_section("notify", ""), names[token], 0);
	return NOTIFY_STATUS_OK;
}

uint32_t notify_cancel(int token)
{
	sim_enter("notify_cancel", 0, -1);
	if (!is_token(token))
		return INVALID_TOKEN;
	*names[token] = '\0';
	sim_hold(-1);
	return NOTIFY_STATUS_OK;
}
