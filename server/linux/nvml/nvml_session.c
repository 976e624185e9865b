#include "nvml_session.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "alloc.h"
#include "clock.h"
#include "log.h"
#include "nvml_devices.h"
#include "nvml_gpus.h"

/*
 * While the library is initialised no GPU falls asleep, and initialising wakes those that do.
 * But whether somebody uses a GPU can only be seen when it is. So that watching does not keep
 * a laptop's GPU awake for ever:
 *
 * - Nothing of the library is called while any GPU is asleep.
 * - When a GPU may sleep, and for IDLE_NS no process came or went, none changed its memory
 *   and none worked, the library is shut down: we rest. (Who only asks for the GPUs
 *   themselves goes by their work and their memory. Waiting until no process is left
 *   would not do: a desktop has some memory on every GPU, all the time.)
 * - A rest ends when a GPU was asleep and is not any more: somebody else woke it; or when the
 *   driver was opened or closed by somebody else; or after a while, for one look. If still
 *   nothing happened the next rest is twice as long. So sooner or later a rest is longer than
 *   the time after which an unused GPU falls asleep, whatever that is.
 * - The same holds for attempts after errors.
 */
#define IDLE_NS      (5 * SECOND_NS)
#define REST_NS      (10 * SECOND_NS)
#define REST_MAX_NS  (3600 * SECOND_NS)
#define RETRY_NS     (10 * SECOND_NS)
#define RETRY_MAX_NS (320 * SECOND_NS)
#define FIND_NS      (10 * SECOND_NS)

void nvml_session_open(
	struct nvml_session *self, const char *procfs, const char *sysfs, const char *path)
{
	memset(self, 0, sizeof *self);
	self->procfs = xstrdup(procfs);
	self->sysfs = xstrdup(sysfs);
	self->path = xstrdup(path);
	self->power.sysfs = self->sysfs;
	self->parts = 1u << NVML_PROCESSES;
}

void nvml_session_shut_down(struct nvml_session *self)
{
	if (!self->initialised)
		return;
	self->initialised = false;
	self->library.shutdown();
	nvml_library_unload(&self->library);
}

void nvml_session_close(struct nvml_session *self)
{
	nvml_session_shut_down(self);
	nvml_devices_forget(self);
	nvml_listing_finish(&self->listing);
	free(self->samples);
	free(self->procfs);
	free(self->sysfs);
	free(self->path);
}

/* Says it once, until something else or nothing is wrong. */
__attribute__((format(printf, 2, 3))) static void report(
	struct nvml_session *self, const char *format, ...)
{
	char text[sizeof self->reported];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	if (strcmp(text, self->reported) == 0)
		return;
	memcpy(self->reported, text, sizeof text);
	log_error("NVIDIA GPUs: %s", text);
}

static void report_code(struct nvml_session *self, int code)
{
	const char *text = self->library.error_string ? self->library.error_string(code) : NULL;

	report(self, "%s (NVML error %d)%s", text ? text : "an error", code,
		code == NVML_LIB_RM_VERSION_MISMATCH ? ": the driver was updated; load its "
						       "kernel module anew or restart the "
						       "machine"
						     : "");
}

static void begin_retry(struct nvml_session *self, uint64_t now_ns)
{
	self->failed_ns = now_ns;
	self->retry_ns = self->retry_ns == 0                 ? RETRY_NS
			 : 2 * self->retry_ns < RETRY_MAX_NS ? 2 * self->retry_ns
							     : RETRY_MAX_NS;
}

static int initialise(struct nvml_session *self, const struct nvml_now *now)
{
	char error[192];

	if (nvml_library_load(&self->library, self->path, error, sizeof error) < 0) {
		report(self, "%s", error);
		begin_retry(self, now->mono_ns);
		return STATE_FAILED;
	}
	int code = self->library.init();
	if (code != NVML_SUCCESS) {
		report_code(self, code);
		nvml_library_unload(&self->library);
		begin_retry(self, now->mono_ns);
		return STATE_FAILED;
	}
	self->initialised = true;
	if (self->active_ns == 0 || self->slept)
		self->active_ns = now->mono_ns;
	self->slept = false;
	return STATE_OK;
}

/* After an error nothing that is known is worth anything: processes may have been killed. */
static int fail(struct nvml_session *self, int code, const struct nvml_now *now)
{
	report_code(self, code);
	nvml_session_shut_down(self);
	nvml_devices_forget(self);
	begin_retry(self, now->mono_ns);
	return STATE_FAILED;
}

static bool rest_is_over(struct nvml_session *self, uint64_t now_ns)
{
	if (self->slept)
		self->rest_length_ns = 0;
	return nvml_power_users(&self->power) != self->rest_users ||
	       now_ns - self->rest_ns >= self->rest_length_ns;
}

/* Where nobody asks for processes it is the GPUs that tell whether they are used. */
static void rest_if_idle(struct nvml_session *self, uint64_t now_ns)
{
	bool listed = self->parts >> NVML_PROCESSES & 1;

	if (listed ? nvml_devices_changed(self)
		   : nvml_power_managed(&self->power) && nvml_gpus_used(self)) {
		self->active_ns = now_ns;
		self->rest_length_ns = 0;
		return;
	}
	if (now_ns - self->active_ns < IDLE_NS || !nvml_power_managed(&self->power))
		return;
	nvml_session_shut_down(self);
	self->rest_ns = now_ns;
	self->rest_users = nvml_power_users(&self->power);
	self->rest_length_ns = self->rest_length_ns == 0 ? REST_NS : 2 * self->rest_length_ns;
	if (self->rest_length_ns > REST_MAX_NS)
		self->rest_length_ns = REST_MAX_NS;
}

/* May the library be called? Makes it ready for that. */
static int prepare(struct nvml_session *self, const struct nvml_now *now)
{
	uint64_t now_ns = now->mono_ns;

	if (self->found_ns == 0 || now_ns - self->found_ns >= FIND_NS) {
		nvml_power_find(&self->power);
		self->found_ns = now_ns;
	}
	if (nvml_power_asleep(&self->power)) {
		self->slept = true;
		return STATE_ASLEEP;
	}
	if (self->initialised)
		return STATE_OK;
	if (self->retry_ns && now_ns - self->failed_ns < self->retry_ns)
		return STATE_FAILED;
	if (self->rest_ns && !rest_is_over(self, now_ns))
		return STATE_ASLEEP;
	self->rest_ns = 0;
	int state = initialise(self, now);
	if (state != STATE_OK)
		return state;
	int code = nvml_devices_find(self);
	return code == NVML_SUCCESS ? STATE_OK : fail(self, code, now);
}

static struct nvml_snapshot *make_empty(int state)
{
	struct nvml_snapshot *snapshot = xcalloc(1, sizeof *snapshot);

	snapshot->state = state;
	return snapshot;
}

struct nvml_snapshot *nvml_session_sample(struct nvml_session *self, const struct nvml_now *now)
{
	int state = prepare(self, now);
	if (state != STATE_OK)
		return make_empty(state);
	int code = NVML_SUCCESS;
	if (self->parts >> NVML_PROCESSES & 1)
		code = nvml_devices_sample(self, now);
	if (code == NVML_SUCCESS)
		code = nvml_gpus_sample(self);
	if (code != NVML_SUCCESS)
		return make_empty(fail(self, code, now));
	self->retry_ns = 0;
	self->reported[0] = '\0';
	struct nvml_snapshot *snapshot = nvml_snapshot_create(self);
	rest_if_idle(self, now->mono_ns);
	return snapshot;
}
