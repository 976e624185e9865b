#include "ledger.h"

#include <errno.h>
#include <stdlib.h>

#include "alloc.h"

/* There are about 60: who has more room than entries has seen all of them. */
enum { ROOM = 96, ROOM_MAX = 4096 };

static void *pid_argument(int pid)
{
	return (void *)(intptr_t)pid;
}

static int call(int command, void *first, void *second, void *third)
{
	if (ledger(command, first, second, third) == 0)
		return 0;
	return errno ? -errno : -EIO;
}

int ledger_list_read(struct ledger_list *self, int pid)
{
	for (;;) {
		int count = (int)self->room, result;
		if (self->count == self->room) { /* also at first */
			self->room = self->room ? self->room * 2 : ROOM;
			self->entries =
				xreallocarray(self->entries, self->room, sizeof *self->entries);
			count = (int)self->room;
		}
		result = call(LEDGER_ENTRY_INFO, pid_argument(pid), self->entries, &count);
		if (result)
			return result;
		if (count < 0 || count > (int)self->room || self->room > ROOM_MAX)
			return -EBADMSG;
		self->count = (uint32_t)count;
		if (self->count < self->room)
			return 0;
	}
}

int ledger_list_read_templates(struct ledger_list *self)
{
	int count = (int)self->count + 1, result;

	self->templates =
		xreallocarray(self->templates, (size_t)count, sizeof *self->templates);
	result = call(LEDGER_TEMPLATE_INFO, self->templates, &count, NULL);
	if (result)
		return result;
	if (count != (int)self->count)
		return -EBADMSG;
	for (uint32_t i = 0; i < self->count; i++) {
		struct ledger_template_info *template = &self->templates[i];
		template->name[sizeof template->name - 1] = '\0';
		template->group[sizeof template->group - 1] = '\0';
		template->units[sizeof template->units - 1] = '\0';
	}
	return 0;
}

void ledger_list_finish(struct ledger_list *self)
{
	free(self->entries);
	free(self->templates);
	*self = (struct ledger_list){.entries = NULL};
}

bool ledger_is_open(int pid)
{
	struct ledger_info info;

	return ledger(LEDGER_INFO, pid_argument(pid), &info, NULL) == 0;
}
