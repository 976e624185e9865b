/* Object: what all that procmon_retain() and procmon_release() take begins with. */
#ifndef CLIENT_OBJECT_H
#define CLIENT_OBJECT_H

#include <stdint.h>

enum object_kind {
	OBJECT_CONNECTION = 1,
	OBJECT_REQUEST,
	OBJECT_TABLE,
	OBJECT_ROW, /* has no count of its own: it lives and is counted with its table */
};

struct object {
	enum object_kind kind;
	uint32_t references; /* one thread at a time, so not atomic */
};

#endif
