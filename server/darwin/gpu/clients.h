/*
 * Clients: what processes had of the GPUs, of all users, from the user clients that sit on the
 * accelerators in the IORegistry. One walk tells of all processes.
 *
 * A client counts from when it was made; a process may have several, and each goes when it is
 * closed. So the sum is kept here, by process: what a client had is not lost when it goes, and one
 * that begins anew adds only what it gets from then on.
 */
#ifndef DARWIN_GPU_CLIENTS_H
#define DARWIN_GPU_CLIENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CLIENTS_DEVICES = 32, CLIENTS_TEXT = 256 };

struct client_account {
	uint64_t unique_id; /* of the process */
	uint32_t pid;
	uint32_t clients; /* that it has open */
	uint32_t devices; /* bit mask: on which it has or had one */
	bool told;        /* some client told a time */
	uint64_t time_ns;
	uint64_t checked; /* in which walk the process was seen to live */
};

struct clients;

struct clients *clients_create(void);
void clients_destroy(struct clients *self);
/* Reads all clients. False: the kernel did not answer; what was known stays. */
bool clients_walk(struct clients *self);
/* NULL: the process never had a client. Good until the next walk. */
const struct client_account *clients_account_of(const struct clients *self, uint64_t unique_id);
/* Names of the accelerators in a bit mask, with commas: addresses on the PCI bus, else classes. */
void clients_name_devices(
	const struct clients *self, uint32_t devices, char *text, size_t size);

/* The pid in "pid 123, name"; 0: it is none. */
uint32_t clients_parse_creator(const char *creator);

#endif
