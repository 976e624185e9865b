/*
 * Of which kind each core is. The device tree has a node cpuN for the core N of
 * host_processor_info(), with the letter of its cluster (E, P ..) and its number; no sysctl tells that.
 * What people call a kind is in hw.perflevelN.name, from the fastest on.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../registry.h"
#include "alloc.h"
#include "cpu.h"

/* "cpu12" is 12. */
static bool number_of(const char *name, uint32_t *ret_number)
{
	char *end;
	unsigned long number;

	if (strncmp(name, "cpu", 3) != 0 || name[3] < '0' || name[3] > '9')
		return false;
	number = strtoul(name + 3, &end, 10);
	*ret_number = (uint32_t)number;
	return *end == '\0' && number < CORES_MAX;
}

static void add(struct cpus *self, uint32_t number, io_registry_entry_t entry)
{
	char type[8];
	struct cpu_kind *kind = &self->kinds[number];

	if (!registry_text(entry, "cluster-type", type, sizeof type) || !*type)
		return;
	if (!registry_u64(entry, "logical-cluster-id", &kind->cluster))
		kind->cluster = ABSENT_U64(STATE_NONE);
	kind->letter = *type;
	kind->known = true;
	if (number >= self->kind_count)
		self->kind_count = number + 1;
}

static void read_registry(struct cpus *self)
{
	struct registry_walk walk;
	io_name_t name;
	uint32_t number;

	for (registry_services(&walk, "IOPlatformDevice"); registry_next(&walk);) {
		registry_name(walk.entry, name);
		if (number_of(name, &number))
			add(self, number, walk.entry);
	}
}

static bool comes_before(const struct cpu_kind *a, const struct cpu_kind *b)
{
	uint32_t left = core_speed(a->letter), right = core_speed(b->letter);

	return left < right || (left == right && a->letter < b->letter);
}

/* How many kinds are faster, how large this one is, and which place in it the core has. */
static struct report_core place_of(const struct cpus *self, uint32_t number)
{
	const struct cpu_kind *kind = &self->kinds[number];
	struct report_core place = {0};
	char counted[CORES_MAX + 1] = "";

	for (uint32_t i = 0; i < self->kind_count; i++) {
		const struct cpu_kind *other = &self->kinds[i];
		if (!other->known)
			continue;
		if (other->letter == kind->letter) {
			place.place += i < number;
			place.tier_size++;
		} else if (comes_before(other, kind) && !strchr(counted, other->letter)) {
			counted[place.tier++] = other->letter;
		}
	}
	return place;
}

static const char *word_of(char letter)
{
	return letter == 'S'   ? "super"
	       : letter == 'P' ? "performance"
	       : letter == 'E' ? "efficiency"
	       : letter == 'M' ? "middle"
			       : "";
}

static void lower(char *text)
{
	for (; *text; text++)
		if (*text >= 'A' && *text <= 'Z')
			*text = (char)(*text - 'A' + 'a');
}

static void name_kind(struct cpu_kind *self, uint32_t tiers)
{
	uint64_t levels = 0;
	char key[32];

	snprintf(self->type, sizeof self->type, "%s", word_of(self->letter));
	if (!host_sysctl("hw.nperflevels", &levels) || levels != tiers)
		return;
	snprintf(key, sizeof key, "hw.perflevel%u.name", (unsigned)self->place.tier);
	host_sysctl_text(key, self->type, sizeof self->type);
	lower(self->type);
	if (!*self->type)
		snprintf(self->type, sizeof self->type, "%s", word_of(self->letter));
}

void cpus_find_kinds(struct cpus *self)
{
	uint32_t tiers = 0;

	self->kinds = xcalloc(CORES_MAX, sizeof *self->kinds);
	read_registry(self);
	for (uint32_t i = 0; i < self->kind_count; i++) {
		if (!self->kinds[i].known)
			continue;
		self->kinds[i].place = place_of(self, i);
		if (self->kinds[i].place.tier >= tiers)
			tiers = self->kinds[i].place.tier + 1;
	}
	for (uint32_t i = 0; i < self->kind_count; i++)
		if (self->kinds[i].known)
			name_kind(&self->kinds[i], tiers);
}
