#include "host.h"

#include <errno.h>
#include <mach/mach.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysctl.h>
#include <unistd.h>

#include "alloc.h"
#include "ledger.h"
#include "platform.h"
#include "report/ioreport.h"
#include "smc.h"

bool host_sysctl(const char *name, uint64_t *ret_number)
{
	union {
		uint32_t u32;
		uint64_t u64;
	} value = {.u64 = 0};
	size_t length = sizeof value;

	if (sysctlbyname(name, &value, &length, NULL, 0) != 0)
		return false;
	if (length != sizeof value.u32 && length != sizeof value.u64)
		return false;
	*ret_number = length == sizeof value.u32 ? value.u32 : value.u64;
	return true;
}

void host_sysctl_text(const char *name, char *text, size_t size)
{
	size_t length = size - 1;

	memset(text, 0, size);
	if (sysctlbyname(name, text, &length, NULL, 0) != 0)
		*text = '\0';
}

static uint64_t greatest_divisor(uint64_t a, uint64_t b)
{
	while (b) {
		uint64_t rest = a % b;
		a = b;
		b = rest;
	}
	return a;
}

static struct scale find_tick(void)
{
	static const uint64_t second_ns = 1000000000;
	uint64_t frequency, divisor;

	if (!host_sysctl("hw.tbfrequency", &frequency) || frequency == 0)
		return (struct scale){1, 1}; /* a Mac of before 2020: all have ns */
	divisor = greatest_divisor(second_ns, frequency);
	return (struct scale){second_ns / divisor, frequency / divisor};
}

/* "23.5.0". */
static uint32_t find_darwin(void)
{
	char release[32];
	uint32_t parts[2] = {0, 0};
	int part = 0;

	host_sysctl_text("kern.osrelease", release, sizeof release);
	for (const char *at = release; *at && part < 2; at++) {
		if (*at == '.')
			part++;
		else if (*at >= '0' && *at <= '9' && parts[part] < 1000)
			parts[part] = parts[part] * 10 + (uint32_t)(*at - '0');
	}
	return parts[0] * 100 + parts[1];
}

/* 0: it does not say. */
static uint32_t number(const char *name)
{
	uint64_t value;

	return host_sysctl(name, &value) ? (uint32_t)value : 0;
}

/* Of the kernel: getpagesize() and hw.pagesize tell programs under Rosetta of 4 KiB. */
static uint64_t find_page_size(uint32_t port)
{
	vm_size_t size = 0;

	return host_page_size(port, &size) == KERN_SUCCESS && size ? size : 4096;
}

/* No switches are known: --without, --procfs and --sysfs are Linux'. */
static int check_config(const struct platform_config *config, char *error, size_t size)
{
	if (!config->without || !*config->without)
		return 0;
	snprintf(error, size,
		"--without=%s: on macOS there are no features that can be left out",
		config->without);
	return -EINVAL;
}

int host_init(struct host *self, const struct platform_config *config, char *error, size_t size)
{
	int result = check_config(config, error, size);

	if (result < 0)
		return result;
	*self = (struct host){.tick = find_tick(), .uid = geteuid()};
	self->memory = xcalloc(1, sizeof *self->memory);
	self->reports = reports_create();
	self->port = mach_host_self();
	self->page_size = find_page_size(self->port);
	if (!host_sysctl("hw.pagesize", &self->own_page_size))
		self->own_page_size = self->page_size;
	self->darwin = find_darwin();
	self->is_arm = number("hw.optional.arm64") != 0;
	self->is_virtual = number("kern.hv_vmm_present") != 0;
	self->is_translated = number("sysctl.proc_translated") != 0;
	self->core_kinds = number("hw.nperflevels");
	host_sysctl_text("hw.model", self->model, sizeof self->model);
	host_sysctl_text("kern.osproductversion", self->system, sizeof self->system);
	self->has_foreign_ledgers = ledger_is_open(1);
	snprintf(self->description, sizeof self->description, "macOS %s, %s%s",
		*self->system ? self->system : "of an unknown version",
		*self->model ? self->model : "an unknown model",
		self->has_foreign_ledgers ? ", ledgers of all users" : "");
	return 0;
}

void host_finish(struct host *self)
{
	smc_keys_release(self->memory->smc_keys);
	free(self->memory);
	reports_release(self->reports);
	mach_port_deallocate(mach_task_self(), self->port);
}

int host_state_of(int error)
{
	switch (error) {
	case ESRCH:
		return SAMPLE_GONE;
	case EPERM:
	case EACCES:
		return STATE_DENIED;
	case ENOENT:
		return STATE_NONE;
	default:
		return STATE_FAILED;
	}
}
