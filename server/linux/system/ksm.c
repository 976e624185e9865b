/*
 * Source ksm: /sys/kernel/mm/ksm, what the kernel saves by keeping equal pages once
 * (Documentation/admin-guide/mm/ksm.rst of the kernel).
 */
#include <errno.h>
#include <string.h>

#include "../read.h"
#include "fields.h"
#include "system.h"

#define FOLDER "kernel/mm/ksm"

/* A number that this kernel has not, or that makes no sense, is no other's concern. */
static void take(struct devices *self, const char *path, uint64_t *ret_pages)
{
	int result = system_number(self, SYS, path, ret_pages);

	if (result < 0)
		*ret_pages = ABSENT_U64(system_state(result));
}

/* It may be negative: bookkeeping can take more than there is to save. */
static void take_profit(struct devices *self, int64_t *ret_bytes)
{
	struct scan text;
	int result = system_file(self, SYS, FOLDER "/general_profit", &text);

	if (result == 0 && !scan_number(&text, ret_bytes))
		result = -EBADMSG;
	if (result < 0)
		*ret_bytes = ABSENT_I64(system_state(result));
}

static int ksm_read(struct devices *self, void *row, void *memory)
{
	struct linux_ksm *sample = memory;

	(void)row;
	take(self, FOLDER "/pages_shared", &sample->shared);
	take(self, FOLDER "/pages_sharing", &sample->saved);
	take(self, FOLDER "/ksm_zero_pages", &sample->zero);
	take_profit(self, &sample->profit);
	return STATE_OK;
}

static const char *ksm_unsupported(const struct host *host, enum cell_state *ret_state)
{
	return system_lacks(host, SYS, FOLDER,
		"this kernel does not merge equal pages: it was built without CONFIG_KSM, or "
		"/sys is hidden",
		ret_state);
}

const struct device_source ksm_source = {
	.source = {.name = "ksm", .sample_size = sizeof(struct linux_ksm), .lane = LANE_FAST},
	.unsupported = ksm_unsupported,
	.read = ksm_read,
};
