/* Dialogue: what client and core say to each other through a session. */
#ifndef SERVER_DIALOGUE_H
#define SERVER_DIALOGUE_H

#include <stddef.h>
#include <stdint.h>

#include "subscription.h"

struct session;

/* A whole message of the client; it may end in the session closing. */
void dialogue_take(struct session *self, const uint8_t *bytes, size_t size);

/* What the core calls. */
extern const struct subscriber_ops dialogue_ops;

#endif
