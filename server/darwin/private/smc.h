/*
 * SMC: how the driver of the system management controller is spoken to: one structure there and
 * back, by method 2 of the user client of AppleSMC. Nothing of it is in the public SDK; it is known
 * from the programs that use it (beltex/SMCKit, exelban/stats). The compiler's own padding is
 * part of it: without that it has 76 bytes, and the kernel takes nothing but 80.
 */
#ifndef DARWIN_PRIVATE_SMC_H
#define DARWIN_PRIVATE_SMC_H

#include <stddef.h>
#include <stdint.h>

/* Selector of the method, and what `command` can be. */
#define SMC_HANDLE_EVENT 2
enum smc_command {
	SMC_READ_BYTES = 5,
	SMC_KEY_OF_INDEX = 8,
	SMC_KEY_INFO = 9,
};

/* What `result` can be; any other number is an error as well. */
enum smc_result {
	SMC_OK = 0,
	SMC_NO_SUCH_KEY = 0x84,
};

/* In `attributes` of a key: the lowest byte of a whole number comes first. As measured on a
 * Mac16,5, where it agrees with what each key must mean. */
#define SMC_LITTLE_ENDIAN 0x04

struct smc_version {
	uint8_t major, minor, build, reserved;
	uint16_t release;
};

struct smc_limits {
	uint16_t version, length;
	uint32_t cpu, gpu, memory;
};

struct smc_info {
	uint32_t size;
	uint32_t type; /* four characters, as a key */
	uint8_t attributes;
};

struct smc_message {
	uint32_t key; /* four characters, the first one in the highest byte */
	struct smc_version version;
	struct smc_limits limits;
	struct smc_info info;
	uint8_t result, status;
	uint8_t command;
	uint32_t index;
	uint8_t bytes[32];
};

_Static_assert(sizeof(struct smc_version) == 6, "smc_version");
_Static_assert(sizeof(struct smc_limits) == 16, "smc_limits");
_Static_assert(sizeof(struct smc_info) == 12, "smc_info");
_Static_assert(sizeof(struct smc_message) == 80, "smc_message");
_Static_assert(offsetof(struct smc_message, version) == 4, "version");
_Static_assert(offsetof(struct smc_message, limits) == 12, "limits");
_Static_assert(offsetof(struct smc_message, info) == 28, "info");
_Static_assert(offsetof(struct smc_message, result) == 40, "result");
_Static_assert(offsetof(struct smc_message, status) == 41, "status");
_Static_assert(offsetof(struct smc_message, command) == 42, "command");
_Static_assert(offsetof(struct smc_message, index) == 44, "index");
_Static_assert(offsetof(struct smc_message, bytes) == 48, "bytes");

#endif
