/*
 * Budget: how much CPU the server's own sampling may take, as a share of one core.
 *
 * Time brings credit, sampling spends it. Of little credit the slow lane gets nothing: it
 * is stretched first. Without any, whoever was answered before is answered without a new
 * sampling: intervals are stretched. A newcomer may run into debt, which is paid back.
 */
#ifndef SERVER_BUDGET_H
#define SERVER_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

struct budget {
	uint32_t percent;  /* of one core; 0: no limit */
	int64_t credit_ns; /* CPU time; below 0 it is a debt */
	uint64_t refilled_ns;
};

void budget_init(struct budget *self, uint32_t percent);
/* Up to now. */
void budget_refill(struct budget *self, uint64_t now_ns);
void budget_spend(struct budget *self, uint64_t cpu_ns);

/* May be sampled? */
bool budget_allows(const struct budget *self);
/* The slow lane too? If not, each of its sources is let through now and then nevertheless. */
bool budget_is_ample(const struct budget *self);

#endif
