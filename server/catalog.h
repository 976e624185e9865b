/* Catalog: everything that can be asked of this server, and what of it this host has. */
#ifndef SERVER_CATALOG_H
#define SERVER_CATALOG_H

#include <stddef.h>
#include <stdint.h>

#include "sampler.h"

/*
 * Encodes a ServerMessage with the catalog, length prefix included. Made anew each time:
 * a device may have come since. The bytes are malloc'd, the caller's.
 */
void catalog_encode(const struct sampler *sampler, uint8_t **ret_bytes, size_t *ret_size);

#endif
