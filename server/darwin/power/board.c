#include "board.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "power.h"

/*
 * Keys of power: exelban/stats (Modules/Sensors/values.swift) and metaspartan/mactop (smc.c). None of
 * them is said to be a part of another, but the first has all others in it.
 */
static const struct board_key {
	const char *key, *name;
	bool has_others;
} keys[] = {
	{"PSTR", "system", true},
	{"PDTR", "DC input", false},
	{"PPBR", "battery rail", false},
	{"PZC0", "CPU package", false},
	{"PCPT", "CPU package", false},
	{"PCTR", "CPU", false},
	{"PCPC", "CPU cores", false},
	{"PC0C", "CPU core 0", false},
	{"PC0R", "CPU, high side", false},
	{"PCPG", "GPU in the CPU", false},
	{"PG0R", "GPU", false},
	{"PC3C", "memory", false},
	{"PMTR", "memory, total", false},
	{"PBwo", "backlight", false},
	{"PDBR", "display backlight", false},
	{"PHPC", "heat pipe", false},
	{"PD0R", "mainboard 0", false},
	{"PD1R", "mainboard 1", false},
};

_Static_assert(sizeof keys / sizeof *keys <= BOARD_RAILS_MAX, "room for all");

static bool is_known(const struct board *self, const char *name)
{
	for (size_t i = 0; i < self->count; i++)
		if (strcmp(self->rails[i].name, name) == 0)
			return true;
	return false;
}

/* Of two keys for the same the first counts. */
static void add_rail(struct board *self, const struct board_key *rail)
{
	struct smc_key key;

	if (is_known(self, rail->name) ||
		smc_find(&self->smc, smc_code(rail->key), &key) != STATE_OK ||
		!smc_is_measure(&key))
		return;
	self->rails[self->count++] = (struct board_rail){
		.name = rail->name,
		.in_total = rail->has_others ? 0 : ABSENT_U64(STATE_NONE),
		.key = key,
	};
}

struct board *board_open(void)
{
	struct board *self = xcalloc(1, sizeof *self);

	self->references = 1;
	if (smc_open(&self->smc) != STATE_OK) {
		board_release(self);
		return NULL;
	}
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		add_rail(self, &keys[i]);
	return self;
}

struct board *board_retain(struct board *self)
{
	if (self)
		__atomic_add_fetch(&self->references, 1, __ATOMIC_RELAXED);
	return self;
}

void board_release(struct board *self)
{
	if (!self || __atomic_sub_fetch(&self->references, 1, __ATOMIC_ACQ_REL))
		return;
	smc_close(&self->smc);
	free(self);
}

static const struct smc_key *find_key(const struct board *self, uint32_t code)
{
	for (size_t i = 0; self && i < self->count; i++)
		if (self->rails[i].key.code == code)
			return &self->rails[i].key;
	return NULL;
}

void power_find_board(struct powers *self, power_visit *visit, void *context)
{
	for (size_t i = 0; self->board && i < self->board->count; i++) {
		const struct board_rail *rail = &self->board->rails[i];
		visit(context, &(struct power_finding){.kind = POWER_BOARD,
				       .name = rail->name,
				       .part_of = "",
				       .in_total = rail->in_total,
				       .number = rail->key.code});
	}
}

int power_draw_board(struct power_job *job, struct darwin_power_draw *sample)
{
	return board_power(job->board, (uint32_t)job->number, &sample->now);
}

/* A battery's rail says less than nothing while it is charged: how much flows is the same. No Mac takes
 * more than 2 kW. */
enum cell_state board_power(const struct board *self, uint32_t code, uint64_t *ret_microwatts)
{
	const struct smc_key *key = find_key(self, code);
	double watts = 0;
	enum cell_state state = key ? smc_number(&self->smc, key, &watts) : STATE_NONE;

	if (state != STATE_OK)
		return state;
	if (!(fabs(watts) < 2000))
		return STATE_NONE;
	*ret_microwatts = (uint64_t)llround(fabs(watts) * 1e6);
	return STATE_OK;
}
