#include "object.h"

#include <stddef.h>

#include "connection.h"
#include "request.h"
#include "table.h"

/* A row stands for its table. */
static struct object *counted(void *pointer)
{
	struct object *object = pointer;

	if (object->kind == OBJECT_ROW)
		return &((struct procmon_row *)pointer)->table->object;
	return object;
}

void *procmon_retain(void *object)
{
	if (object)
		counted(object)->references++;
	return object;
}

void procmon_release(void *object)
{
	if (!object)
		return;
	struct object *self = counted(object);
	if (--self->references)
		return;
	switch (self->kind) {
	case OBJECT_CONNECTION:
		procmon_connection_destroy((struct procmon_connection *)self);
		break;
	case OBJECT_REQUEST:
		procmon_request_destroy((struct procmon_request *)self);
		break;
	case OBJECT_TABLE:
	case OBJECT_ROW:
		procmon_table_destroy((struct procmon_table *)self);
		break;
	}
}
