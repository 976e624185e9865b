#include "peaks.h"

void peaks_advance(struct peaks *self, uint64_t now_ns)
{
	uint64_t now = now_ns / PEAKS_BUCKET_NS;

	for (int i = 0; self->bucket < now; i++) {
		if (i == PEAKS_BUCKETS) /* all are empty */
			self->bucket = now;
		else
			self->recent[++self->bucket % PEAKS_BUCKETS] = 0;
	}
}

void peaks_add(struct peaks *self, uint64_t value)
{
	uint64_t *recent = &self->recent[self->bucket % PEAKS_BUCKETS];

	if (self->ever < value + 1)
		self->ever = value + 1;
	if (*recent < value + 1)
		*recent = value + 1;
}

static bool take(uint64_t peak, uint64_t *ret_value)
{
	if (peak)
		*ret_value = peak - 1;
	return peak != 0;
}

bool peaks_ever(const struct peaks *self, uint64_t *ret_value)
{
	return take(self->ever, ret_value);
}

bool peaks_recent(const struct peaks *self, uint64_t *ret_value)
{
	uint64_t peak = 0;

	for (int i = 0; i < PEAKS_BUCKETS; i++)
		if (self->recent[i] > peak)
			peak = self->recent[i];
	return take(peak, ret_value);
}
