#include "budget.h"

/* So much may be saved up, and so much owed, in time: a rare look may cost more than its share,
 * and one that was very dear does not silence the server for long. */
#define SAVED_NS UINT64_C(1000000000)
#define OWED_NS  (5 * UINT64_C(1000000000))

static int64_t share_of(const struct budget *self, uint64_t time_ns)
{
	return (int64_t)(time_ns / 100 * self->percent);
}

void budget_init(struct budget *self, uint32_t percent)
{
	*self = (struct budget){.percent = percent};
	self->credit_ns = share_of(self, SAVED_NS);
}

void budget_refill(struct budget *self, uint64_t now_ns)
{
	uint64_t elapsed_ns = self->refilled_ns ? now_ns - self->refilled_ns : 0;

	/* Nobody gets more than what is owed and saved together. */
	if (elapsed_ns > OWED_NS + SAVED_NS)
		elapsed_ns = OWED_NS + SAVED_NS;
	self->refilled_ns = now_ns;
	self->credit_ns += share_of(self, elapsed_ns);
	if (self->credit_ns > share_of(self, SAVED_NS))
		self->credit_ns = share_of(self, SAVED_NS);
}

void budget_spend(struct budget *self, uint64_t cpu_ns)
{
	int64_t floor_ns = -share_of(self, OWED_NS);

	self->credit_ns -= cpu_ns < INT64_MAX / 2 ? (int64_t)cpu_ns : INT64_MAX / 2;
	if (self->credit_ns < floor_ns)
		self->credit_ns = floor_ns;
}

bool budget_allows(const struct budget *self)
{
	return self->percent == 0 || self->credit_ns > 0;
}

bool budget_is_ample(const struct budget *self)
{
	return self->percent == 0 || self->credit_ns >= share_of(self, SAVED_NS) / 2;
}
