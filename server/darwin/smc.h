/*
 * SMC: the system management controller, which measures what has no better place to be measured:
 * temperatures, fans, voltages, and the power of the whole machine. What it knows goes by keys of
 * four characters. Everyone may read it.
 *
 * A call asks another processor and may take its time: it belongs to workers. A connection may be
 * used by several at once.
 */
#ifndef DARWIN_SMC_H
#define DARWIN_SMC_H

#include <stdbool.h>
#include <stdint.h>

#include "attribute.h"
#include "private/iokit.h"

/* Four characters as a number. */
#define SMC_CODE(a, b, c, d)                                                                   \
	((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (uint32_t)(d))

struct smc {
	io_connect_t connection;
};

/* What the controller says of a key, which never changes: to be asked for once. */
struct smc_key {
	uint32_t code, type;
	uint32_t size;
	uint8_t attributes;
};

enum { SMC_BYTES_MAX = 32, SMC_NAME_SIZE = 5 };

/* Is there a controller? Virtual machines have none. Asks the registry alone, and does not block. */
bool smc_is_there(void);
/* STATE_OK, STATE_NONE: there is no controller, or why it cannot be used. */
enum cell_state smc_open(struct smc *self);
void smc_close(struct smc *self);

/* "TB0T" <-> a number; of what is no text of four characters it is 0. */
uint32_t smc_code(const char *name);
void smc_name(uint32_t code, char name[SMC_NAME_SIZE]);

/* STATE_NONE: there is no such key. */
enum cell_state smc_find(const struct smc *self, uint32_t code, struct smc_key *ret_key);
/* How many keys there are, and which. */
enum cell_state smc_count(const struct smc *self, uint32_t *ret_count);
enum cell_state smc_at(const struct smc *self, uint32_t index, uint32_t *ret_code);

enum cell_state smc_bytes(
	const struct smc *self, const struct smc_key *key, uint8_t bytes[SMC_BYTES_MAX]);
/* The number that a key has; STATE_NONE: what it has is no number. */
enum cell_state smc_number(
	const struct smc *self, const struct smc_key *key, double *ret_number);

/*
 * The keys of all that is measured: temperatures, fans, voltages, currents (T, F, V, I). To find them
 * takes two thousand calls and more; they stay what they are while the machine is up. Shared by those
 * who retain it.
 */
struct smc_keys {
	uint32_t references;
	size_t count;
	struct smc_key *keys;
};
enum cell_state smc_keys_find(const struct smc *self, struct smc_keys **ret_keys);
struct smc_keys *smc_keys_retain(struct smc_keys *self);
/* NULL is nothing. */
void smc_keys_release(struct smc_keys *self);
/* NULL: there is no such key among them. */
const struct smc_key *smc_keys_get(const struct smc_keys *self, uint32_t code);

/* Of bytes that are there. False: the type is none that is known, or not of that size, or they are
 * no number. */
bool smc_decode(const struct smc_key *key, const uint8_t *bytes, double *ret_number);
/* Is it a number that may have a fraction? Those count what is measured; the whole ones are mostly
 * settings. */
bool smc_is_measure(const struct smc_key *key);

#endif
