/*
 * Source gpu: what a process had of the GPUs, of every user, from the user clients of their drivers.
 * All of them are walked through once a tick, for all rows. What was closed before somebody wanted
 * to know it is not known.
 */
#include "devices.h" /* device_text() */
#include "process.h"

static int gpu_read(struct processes *self, uint32_t slot, void *memory)
{
	struct darwin_gpu *sample = memory;
	const struct client_account *account;

	if (!self->gpu)
		self->gpu = clients_create();
	if (self->gpu_round != self->round)
		clients_walk(self->gpu);
	self->gpu_round = self->round;
	account = clients_account_of(self->gpu, self->rows[slot].identity);
	if (!account)
		return STATE_NONE;
	clients_name_devices(
		self->gpu, account->devices, self->gpu_devices, sizeof self->gpu_devices);
	*sample = (struct darwin_gpu){
		.time_ns = account->told ? account->time_ns : ABSENT_U64(STATE_NONE),
		.devices = device_text(self->gpu_devices),
		.source = device_text("registry"),
	};
	return STATE_OK;
}

const struct process_source gpu_source = {
	.source = {.name = "gpu", .sample_size = sizeof(struct darwin_gpu), .lane = LANE_FAST},
	.read = gpu_read,
};
