/*
 * Ioreport steps: at which frequencies cores and GPU can run. The power manager's entry in the
 * registry (a service of class AppleARMIODevice with the name pmgr) has a table for each cluster
 * and for the GPU, under keys that chips.c knows. A table is used only if it has as many steps as
 * the core has active states.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../host.h"
#include "../registry.h"
#include "chips.h"
#include "ioreport_account.h"

static io_registry_entry_t find_pmgr(void)
{
	struct registry_walk walk;
	io_name_t name;

	for (registry_services(&walk, "AppleARMIODevice"); registry_next(&walk);) {
		registry_name(walk.entry, name);
		if (strcmp(name, "pmgr") != 0)
			continue;
		io_registry_entry_t pmgr = registry_keep(walk.entry);
		registry_end(&walk);
		return pmgr;
	}
	return 0;
}

static bool try(struct report_unit *self, io_registry_entry_t pmgr, const char *key)
{
	CFTypeRef value = key ? registry_property(pmgr, key) : NULL;
	size_t length = 0;
	const uint8_t *bytes = property_bytes(value, &length);

	self->dvfs.count = 0;
	if (bytes)
		dvfs_decode(&self->dvfs, bytes, length);
	property_release(value);
	if (self->dvfs.count != self->steps)
		self->dvfs.count = 0;
	return self->dvfs.count != 0;
}

/*
 * acc-clusters: 8 bytes for each cluster, the first of which is the number of its table, the second
 * its rank, from the slowest on. Ours are from the fastest on.
 */
static bool try_cluster(struct report_unit *self, io_registry_entry_t pmgr, uint32_t rank)
{
	CFTypeRef value = registry_property(pmgr, "acc-clusters");
	size_t length = 0;
	const uint8_t *bytes = property_bytes(value, &length);
	char key[40] = "";

	for (size_t at = 0; bytes && at + 8 <= length; at += 8)
		if (bytes[at + 1] == rank)
			snprintf(key, sizeof key, "voltage-states%u-sram", bytes[at]);
	property_release(value);
	return *key && try(self, pmgr, key);
}

static bool is_same_cluster(const struct core_name *a, const struct core_name *b)
{
	return a->letter == b->letter && a->die == b->die && a->cluster == b->cluster;
}

/* How many clusters of its die are slower: with the cores by speed, those behind it. */
static uint32_t rank_of(const struct report_account *self, uint32_t core)
{
	const struct core_name *place = &self->cores[core].place, *last = place;
	uint32_t rank = 0;

	for (uint32_t i = core + 1; i < self->core_count; i++) {
		const struct core_name *other = &self->cores[i].place;
		if (other->die != place->die || is_same_cluster(other, last))
			continue;
		rank++;
		last = other;
	}
	return rank;
}

static void find_for_core(struct report_account *self, uint32_t core, io_registry_entry_t pmgr,
	const struct chip *chip)
{
	struct report_unit *unit = &self->cores[core];
	const struct core_name *place = &unit->place;

	if (core && is_same_cluster(place, &self->cores[core - 1].place) &&
		self->cores[core - 1].dvfs.count == unit->steps) {
		unit->dvfs = self->cores[core - 1].dvfs;
		return;
	}
	if (!try(unit, pmgr, chip_key(chip, place->letter, place->cluster)) &&
		!try(unit, pmgr, chip_key(chip, place->letter, 0)))
		try_cluster(unit, pmgr, rank_of(self, core));
}

static void find_for_gpu(
	struct report_account *self, io_registry_entry_t pmgr, const struct chip *chip)
{
	for (int i = 0; self->has_gpu && i < CHIP_KEYS; i++)
		if (try(&self->gpu, pmgr, chip->gpu[i]))
			return;
}

void report_account_find_steps(struct report_account *self)
{
	io_registry_entry_t pmgr = find_pmgr();
	char brand[64];

	if (!pmgr)
		return;
	host_sysctl_text("machdep.cpu.brand_string", brand, sizeof brand);
	for (uint32_t i = 0; i < self->core_count; i++)
		find_for_core(self, i, pmgr, chip_find(brand));
	find_for_gpu(self, pmgr, chip_find(brand));
	registry_release(pmgr);
}
