#include "accelerator.h"

#include <stdio.h>
#include <string.h>

#include "source.h"

/* 2 bytes of it, as the PCI bus has them. */
static bool pci_number(io_registry_entry_t device, const char *key, uint64_t *ret_number)
{
	if (!registry_u64(device, key, ret_number))
		return false;
	*ret_number &= 0xFFFF;
	return true;
}

/* "3:0:0(3:3)": bus, device and function, decimal; what is in parentheses is the bridge. Written as
 * everybody does. */
static void read_address(struct accelerator *self, io_registry_entry_t device)
{
	unsigned parts[3] = {0, 0, 0}, count = 0;
	char text[32];

	registry_text(device, "pcidebug", text, sizeof text);
	for (const char *at = text; *at && *at != '(' && count < 3; at++) {
		if (*at >= '0' && *at <= '9')
			parts[count] = (parts[count] * 10 + (unsigned)(*at - '0')) & 0xFF;
		else
			count++;
	}
	if (*text && count >= 2)
		snprintf(self->address, sizeof self->address, "0000:%02x:%02x.%x", parts[0],
			parts[1], parts[2]);
}

/* One driver says it in MiB, another one in bytes. */
static void read_memory(struct accelerator *self, io_registry_entry_t device)
{
	uint64_t number;

	if (registry_u64(device, "VRAM,totalsize", &number) && number)
		self->memory = number;
	else if (registry_u64(device, "VRAM,totalMB", &number) && number &&
		 number <= UINT64_MAX >> 24)
		self->memory = number << 20;
}

static void read_pci(struct accelerator *self, io_registry_entry_t device)
{
	uint64_t vendor, number;

	read_address(self, device);
	read_memory(self, device);
	if (pci_number(device, "vendor-id", &vendor) &&
		pci_number(device, "device-id", &number))
		snprintf(self->pci_id, sizeof self->pci_id, "%04x:%04x", (unsigned)vendor,
			(unsigned)number);
	if (!*self->model)
		registry_text(device, "model", self->model, sizeof self->model);
}

void accelerator_describe(struct accelerator *self, io_registry_entry_t entry)
{
	io_name_t class_name;
	io_registry_entry_t parent = registry_parent(entry);

	*self = (struct accelerator){.memory = ABSENT_U64(STATE_NONE)};
	registry_class(entry, class_name);
	snprintf(self->driver, sizeof self->driver, "%s", class_name);
	self->is_apple = strncmp(class_name, "AGX", 3) == 0;
	registry_text(entry, "model", self->model, sizeof self->model);
	if (!registry_u64(entry, "gpu-core-count", &self->cores))
		self->cores = ABSENT_U64(STATE_NONE);
	read_memory(self, entry);
	if (parent && registry_is(parent, "IOPCIDevice"))
		read_pci(self, parent);
	registry_release(parent);
}

void accelerator_call(const struct accelerator *self, char ret_name[ACCELERATOR_NAME])
{
	snprintf(ret_name, ACCELERATOR_NAME, "%s",
		*self->address ? self->address : self->driver);
}
