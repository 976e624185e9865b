/* Sources identity and image: what the list has found out. */
#include "process.h"

static int identity_read(struct processes *self, uint32_t slot, void *memory)
{
	struct darwin_identity *sample = memory;

	sample->pid = self->rows[slot].pid;
	sample->unique_id = self->rows[slot].identity;
	return STATE_OK;
}

static void write_uuid(const uint8_t uuid[16], char text[37])
{
	static const char digits[] = "0123456789ABCDEF";
	char *at = text;

	for (int i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*at++ = '-';
		*at++ = digits[uuid[i] >> 4];
		*at++ = digits[uuid[i] & 15];
	}
	*at = '\0';
}

/* An executable need not have one: zeros. */
static int image_read(struct processes *self, uint32_t slot, void *memory)
{
	struct darwin_image *sample = memory;
	const struct row *row = &self->rows[slot];
	bool has_uuid = false;

	for (int i = 0; i < 16; i++)
		has_uuid |= row->uuid[i] != 0;
	write_uuid(row->uuid, self->uuid);
	sample->uuid = (struct sample_text){.state = STATE_NONE};
	if (has_uuid)
		sample->uuid = (struct sample_text){self->uuid, 36, STATE_OK};
	/* The first process was started by none. */
	sample->parent_unique_id = row->pid ? row->starter : ABSENT_U64(STATE_NONE);
	return STATE_OK;
}

const struct process_source identity_source = {
	.source = {.name = "identity",
		.sample_size = sizeof(struct darwin_identity),
		.lane = LANE_FAST,
		.gated = true},
	.read = identity_read,
};

const struct process_source image_source = {
	.source = {.name = "image",
		.sample_size = sizeof(struct darwin_image),
		.lane = LANE_FAST,
		.gated = true},
	.read = image_read,
};
