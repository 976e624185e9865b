/*
 * Due: which subscriptions want a frame in this tick, step 2 of seven. Whose reader has not taken
 * the frame before does not, and newcomers get their sampling at once only a few times in a
 * row.
 */
#ifndef SERVER_DUE_H
#define SERVER_DUE_H

#include <stdbool.h>
#include <stdint.h>

struct instance;
struct sampler;
struct subscription;

bool due_is(const struct subscription *self, uint64_t now_ns);

/* Who has waited for slow cells long enough, or has them all, is due. */
void due_end_waits(struct sampler *self);
/* A reader that has not taken its last frame is not asked: true. */
bool due_hold_back(struct sampler *self, struct subscription *subscription);
/* Before anything is read: what nobody takes is not sampled. */
void due_hold_back_stalled(struct sampler *self);
/* Puts newcomers off that are too many. */
void due_limit_unplanned(struct sampler *self);

/* Is anybody of this instance due who cannot be answered from the table as it stands? */
bool due_must_sample(const struct sampler *self, const struct instance *instance);
/* Is anybody due who was never answered? He cannot do with what is there. */
bool due_has_newcomer(const struct sampler *self, const struct instance *instance);

#endif
