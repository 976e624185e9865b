/* Sources kernel and limits: what sysctl says of the system as a whole. */
#include <string.h>

#include "system.h"

/* A program that Rosetta runs is told of an Intel processor. */
static void read_machine(struct system *self)
{
	uint64_t arm = 0;

	host_sysctl_text("hw.machine", self->machine, sizeof self->machine);
	if (host_sysctl("hw.optional.arm64", &arm) && arm)
		memcpy(self->machine, "arm64", sizeof "arm64");
}

static void read_constants(struct system *self)
{
	if (self->kernel_known)
		return;
	host_sysctl_text("kern.ostype", self->system_name, sizeof self->system_name);
	host_sysctl_text("kern.osrelease", self->release, sizeof self->release);
	host_sysctl_text("kern.version", self->version, sizeof self->version);
	read_machine(self);
	self->kernel_known = true;
}

static int kernel_read(struct devices *devices, void *row, void *out)
{
	struct system *self = (struct system *)devices;

	(void)row;
	host_sysctl_text("kern.hostname", self->name, sizeof self->name);
	read_constants(self);
	*(struct darwin_kernel *)out = (struct darwin_kernel){
		.name = device_text(self->name),
		.system = device_text(self->system_name),
		.release = device_text(self->release),
		.version = device_text(self->version),
		.machine = device_text(self->machine),
	};
	return STATE_OK;
}

static uint64_t number_of(const char *name)
{
	uint64_t number;

	return host_sysctl(name, &number) ? number : ABSENT_U64(STATE_NONE);
}

/* kern.num_threads is the limit, whatever its name says. */
static int limits_read(struct devices *devices, void *row, void *out)
{
	(void)devices, (void)row;
	*(struct darwin_limits *)out = (struct darwin_limits){
		.files = number_of("kern.num_files"),
		.vnodes = number_of("kern.num_vnodes"),
		.files_max = number_of("kern.maxfiles"),
		.processes_max = number_of("kern.maxproc"),
		.threads_max = number_of("kern.num_threads"),
	};
	return STATE_OK;
}

const struct device_source kernel_source = {
	.source = {.name = "kernel",
		.sample_size = sizeof(struct darwin_kernel),
		.lane = LANE_FAST},
	.read = kernel_read,
};
const struct device_source limits_source = {
	.source = {.name = "limits",
		.sample_size = sizeof(struct darwin_limits),
		.lane = LANE_FAST},
	.read = limits_read,
};
