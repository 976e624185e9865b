/* Accelerator: a GPU as the IORegistry has it, and the device on the PCI bus that it may sit on. */
#ifndef DARWIN_GPU_ACCELERATOR_H
#define DARWIN_GPU_ACCELERATOR_H

#include "../registry.h"

/* What all drivers of GPUs are derived from, Apple's own and those of virtual machines included. */
#define ACCELERATOR_CLASS "IOAccelerator"

enum { ACCELERATOR_NAME = 64 };

struct accelerator {
	char driver[ACCELERATOR_NAME]; /* its class: AGXAcceleratorG13X */
	char model[ACCELERATOR_NAME];  /* "Apple M1 Pro"; "": it does not say */
	char address[32];              /* on the PCI bus, "0000:03:00.0"; "": it is not there */
	char pci_id[16];               /* "1002:7340"; "": likewise */
	uint64_t cores;                /* absent where it does not say */
	uint64_t memory;               /* bytes of its own; absent where it has none */
	bool is_apple;
};

void accelerator_describe(struct accelerator *self, io_registry_entry_t entry);
/* What it is called among others: its address, else its driver. */
void accelerator_call(const struct accelerator *self, char ret_name[ACCELERATOR_NAME]);

#endif
