/* Hash: numbers for bytes, the same on every machine. Not against those who want collisions. */
#ifndef COMMON_HASH_H
#define COMMON_HASH_H

#include <stddef.h>
#include <stdint.h>

/* A number for some bytes, by FNV-1a: equal ones have the same, others most likely another. */
uint64_t hash_bytes(const char *bytes, size_t length);
/* Much faster. */
uint64_t hash_words(const uint64_t *words, size_t count);

#endif
