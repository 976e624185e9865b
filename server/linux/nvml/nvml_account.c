#include "nvml_account.h"

#include <stdlib.h>
#include <string.h>

#include "alloc.h"

/* A sample cannot be from later than now, but clocks are not read at the same moment. */
#define FUTURE_US UINT64_C(1000000)

static struct nvml_account *find(const struct nvml_accounts *self, uint32_t pid)
{
	for (uint32_t i = 0; i < self->count; i++)
		if (self->items[i].pid == pid)
			return &self->items[i];
	return NULL;
}

static struct nvml_account *append(struct nvml_accounts *self, uint32_t pid)
{
	if (self->count == self->capacity) {
		self->capacity = self->capacity ? 2 * self->capacity : 16;
		self->items = xreallocarray(self->items, self->capacity, sizeof *self->items);
	}
	struct nvml_account *account = &self->items[self->count++];
	*account = (struct nvml_account){.pid = pid};
	return account;
}

/* A process on several instances of a device has memory on each. */
static uint64_t add_memory(uint64_t a, uint64_t b)
{
	return a == UINT64_MAX || b == UINT64_MAX ? UINT64_MAX : a + b;
}

static void list_process(
	struct nvml_accounts *self, const struct nvml_listed *listed, uint64_t start_ticks)
{
	struct nvml_account *account = find(self, listed->pid);

	if (account && account->listed) {
		account->kinds |= listed->kinds;
		account->memory = add_memory(account->memory, listed->memory);
		return;
	}
	if (!account)
		account = append(self, listed->pid);
	if (account->start_ticks != start_ticks) {
		*account =
			(struct nvml_account){.pid = listed->pid, .start_ticks = start_ticks};
		self->changed = true;
	}
	account->memory = listed->memory;
	account->kinds = listed->kinds;
	account->listed = true;
}

void nvml_accounts_list(struct nvml_accounts *self, const struct nvml_listing *listing,
	uint64_t (*start_of)(void *context, uint32_t pid), void *context)
{
	uint32_t kept = 0;

	self->changed = false;
	self->strays += listing->garbage;
	for (uint32_t i = 0; i < self->count; i++) {
		self->items[i].listed_before = self->items[i].listed;
		self->items[i].listed = false;
		self->items[i].memory_before = self->items[i].memory;
	}
	for (uint32_t i = 0; i < listing->count; i++) {
		uint64_t start_ticks = start_of(context, listing->items[i].pid);
		if (start_ticks)
			list_process(self, &listing->items[i], start_ticks);
		else
			self->strays++;
	}
	for (uint32_t i = 0; i < self->count; i++) {
		const struct nvml_account *account = &self->items[i];
		self->changed |= account->listed != account->listed_before ||
				 account->memory != account->memory_before;
		if (account->listed || start_of(context, account->pid) == account->start_ticks)
			self->items[kept++] = *account;
	}
	self->count = kept;
}

/* Nanoseconds in `percent` of the time; more than 100 is cut. */
static uint64_t part_of(uint64_t time_us, uint32_t percent)
{
	return time_us * 10 * (percent > 100 ? 100 : percent);
}

static void add_sample(struct nvml_account *self, uint64_t time_us)
{
	const struct nvml_sample *sample = &self->sample;
	bool draws = self->kinds & 1u << NVML_GRAPHICS;
	bool computes = self->kinds & (1u << NVML_COMPUTE | 1u << NVML_MPS);
	uint64_t *sum = draws && computes ? &self->other_ns
			: draws           ? &self->render_ns
					  : &self->compute_ns;

	*sum += part_of(time_us, sample->sm);
	self->video_ns += part_of(time_us, sample->encoder) + part_of(time_us, sample->decoder);
	self->garbage += sample->sm > 100 || sample->encoder > 100 || sample->decoder > 100;
}

/*
 * Finds what can be true: the newest sample of each process on the device, if it is from the
 * time that was asked for. Returns the newest time stamp of all; 0: there is none.
 */
static uint64_t take_samples(struct nvml_accounts *self, const struct nvml_sample *samples,
	uint32_t count, uint64_t latest_us)
{
	uint64_t newest_us = 0;

	for (uint32_t i = 0; i < self->count; i++)
		self->items[i].sample.time_us = 0;
	for (uint32_t i = 0; i < count; i++) {
		struct nvml_account *account = find(self, samples[i].pid);
		uint64_t time_us = samples[i].time_us;
		if (!account || !account->listed) {
			self->strays++;
			continue;
		}
		if (time_us <= self->last_us || time_us > latest_us) {
			account->garbage++;
			continue;
		}
		account->garbage += account->sample.time_us != 0; /* one is too many */
		if (time_us > account->sample.time_us)
			account->sample = samples[i];
		if (time_us > newest_us)
			newest_us = time_us;
	}
	return newest_us;
}

/*
 * There is one sample for each process that worked: the mean of all periods since last_us, also
 * of those in which others worked or nobody did; its time stamp is that of the last period in
 * which this process did. So all samples are about the same time, up to the newest period.
 * That is the newest time stamp, if somebody works all the time; but no period comes later
 * than NVML_PERIOD_US, so that what is older than that is over in any case.
 *
 * Whatever the time stamps say, it is not about more time than has passed since the driver was
 * asked last, and a period before that.
 */
void nvml_accounts_add(struct nvml_accounts *self, const struct nvml_sample *samples,
	uint32_t count, const struct nvml_now *now)
{
	uint64_t latest_us = now->real_us + FUTURE_US, end_us = now->real_us - NVML_PERIOD_US;

	if (self->last_us > latest_us) /* the clock was set back */
		self->sampled_ns = self->last_us = 0;
	uint64_t newest_us = take_samples(self, samples, count, latest_us);
	if (newest_us > end_us)
		end_us = newest_us;
	uint64_t limit_us = (now->mono_ns - self->sampled_ns) / 1000 + NVML_PERIOD_US;
	uint64_t time_us = end_us > self->last_us ? end_us - self->last_us : 0;
	if (time_us > limit_us)
		time_us = limit_us;
	for (uint32_t i = 0; i < self->count; i++) {
		struct nvml_account *account = &self->items[i];
		if (!account->sample.time_us)
			continue;
		self->changed |= account->sample.sm || account->sample.encoder ||
				 account->sample.decoder;
		if (self->sampled_ns) /* else nobody knows since when */
			add_sample(account, time_us);
	}
	if (end_us > self->last_us)
		self->last_us = end_us;
	self->sampled_ns = now->mono_ns;
}

void nvml_accounts_finish(struct nvml_accounts *self)
{
	free(self->items);
	memset(self, 0, sizeof *self);
}
