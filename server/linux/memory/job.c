#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "../process/process.h"
#include "memory.h"

int memory_job_open(struct memory_job *self, int directory)
{
	self->directory = fcntl(directory, F_DUPFD_CLOEXEC, 0);
	return self->directory < 0 ? STATE_FAILED : STATE_OK;
}

void memory_job_close(struct memory_job *self)
{
	close(self->directory);
}

/* A program that begins another one while it is looked at is looked at again. */
struct attempt {
	int (*read)(void *context, int directory);
	void *context;
	bool again;
};

static int try_read(void *context, int directory)
{
	struct attempt *self = context;
	int result = self->read(self->context, directory);

	self->again = result == -EAGAIN;
	return result;
}

int memory_job_run(const struct memory_job *self, int (*read)(void *context, int directory),
	void *context)
{
	enum { ATTEMPTS = 5 };
	struct process_job job = {.directory = self->directory};
	struct attempt attempt = {read, context, false};
	int result = STATE_FAILED;

	for (int i = 0; i < ATTEMPTS; i++) {
		result = job_read_shared(&job, try_read, &attempt);
		if (!attempt.again)
			break;
	}
	return result;
}
