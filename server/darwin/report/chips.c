#include "chips.h"

#include <stddef.h>
#include <string.h>

/*
 * Names of channels in "Energy Model", and in "PMP"/"Energy Counters", which has on the first M1
 * what the other lacks. What is not here is a detail (DTL, SRAM of cores, CPM: the fabric of a
 * cluster) or has never been seen.
 */
const struct chip_rail chip_rails[] = {
	/* M1 and later; of the Ultra "DIE_0_CPU Energy" and "DIE_1_CPU Energy" */
	{"CPU Energy", RAIL_CPU, 0, "CPU", false},

	/* M1 Pro to M4: EACC_CPU, PACC0_CPU */
	{"EACC_CPU", RAIL_CLUSTER, 0, NULL, false},
	{"EACC#_CPU", RAIL_CLUSTER, 0, NULL, false},
	{"PACC_CPU", RAIL_CLUSTER, 0, NULL, false},
	{"PACC#_CPU", RAIL_CLUSTER, 0, NULL, false},
	/* M1, M2: ECPU, PCPU. M5 Pro, M5 Max: PCPU is the Super cluster, MCPU0 and MCPU1 are
	 * those of the Performance cores. */
	{"ECPU", RAIL_CLUSTER, 0, NULL, false},
	{"PCPU", RAIL_CLUSTER, 0, NULL, false},
	{"MCPU#", RAIL_CLUSTER, 0, NULL, false},
	/* Cores: only where no cluster has a sum of its own */
	{"EACC_CPU#", RAIL_CLUSTER, 1, NULL, true},
	{"EACC#_CPU#", RAIL_CLUSTER, 1, NULL, true},
	{"PACC_CPU#", RAIL_CLUSTER, 1, NULL, true},
	{"PACC#_CPU#", RAIL_CLUSTER, 1, NULL, true},
	{"ECPU#", RAIL_CLUSTER, 1, NULL, true},
	{"PCPU#", RAIL_CLUSTER, 1, NULL, true},
	{"PACC_#", RAIL_CLUSTER, 1, NULL, true},
	{"MCPU#_#", RAIL_CLUSTER, 1, NULL, true},

	/* The driver's own count, in nJ; the power manager's, in mJ, is the same once more. */
	{"GPU Energy", RAIL_GPU, 0, "GPU", false},
	{"GPU#~", RAIL_GPU, 1, "GPU", false},
	{"GPU", RAIL_GPU, 1, "GPU", false},
	{"GPU SRAM#~", RAIL_GPU_SRAM, 0, "GPU SRAM", false},
	{"GPU SRAM", RAIL_GPU_SRAM, 0, "GPU SRAM", false},

	{"ANE#~", RAIL_ANE, 0, "ANE", false},
	{"ANE", RAIL_ANE, 0, "ANE", false},
	{"DRAM#~", RAIL_DRAM, 0, "DRAM", false},
	{"DRAM", RAIL_DRAM, 0, "DRAM", false},

	{"AMCC#~", RAIL_OTHER, 0, "AMCC", false},
	{"AMCC", RAIL_OTHER, 0, "AMCC", false},
	{"DCS#~", RAIL_OTHER, 0, "DCS", false},
	{"DCS", RAIL_OTHER, 0, "DCS", false},
	{"DISP#~", RAIL_OTHER, 0, "DISP", false},
	{"DISP", RAIL_OTHER, 0, "DISP", false},
	{"DISPEXT#~", RAIL_OTHER, 0, "DISPEXT", false},
	{"DISPEXT", RAIL_OTHER, 0, "DISPEXT", false},
	{"VDEC#~", RAIL_OTHER, 0, "VDEC", false},
	{"VDEC", RAIL_OTHER, 0, "VDEC", false},
	{"SOC_AON", RAIL_OTHER, 0, NULL, false},
	{"SOC_REST", RAIL_OTHER, 0, NULL, false},
	{"ISP#~", RAIL_OTHER, 0, "ISP", false},
	{"ISP", RAIL_OTHER, 0, "ISP", false},
	{"AVE#~", RAIL_OTHER, 0, "AVE", false},
	{"AVE", RAIL_OTHER, 0, "AVE", false},
	{"MSR#~", RAIL_OTHER, 0, "MSR", false},
	{"MSR", RAIL_OTHER, 0, "MSR", false},
	{"PCIe Port # Energy", RAIL_OTHER, 0, "PCIe ports", false},
	{"apciec# Energy", RAIL_OTHER, 0, "PCIe controllers", false},
	{NULL, RAIL_OTHER, 0, NULL, false},
};

#define GPU_KEYS                                                                               \
	{                                                                                      \
		"voltage-states9-sram", "voltage-states9", "voltage-states14-sram"             \
	}

/*
 * Keys of the pmgr of the registry. The unit is found by the numbers (Hz up to the M3, kHz from
 * the M4 on, of the GPU always Hz), and a table with another number of steps than the states
 * of the core is not used: a wrong key costs the frequency, it does not make a wrong one.
 */
static const struct chip chips[] = {
	/* Super cores, and two clusters of Performance cores */
	{"Apple M5 Pro",
		{{'P', {"voltage-states5-sram", NULL, NULL}},
			{'M', {"voltage-states22-sram", "voltage-states23-sram", NULL}}},
		GPU_KEYS},
	{"Apple M5 Max",
		{{'P', {"voltage-states5-sram", NULL, NULL}},
			{'M', {"voltage-states22-sram", "voltage-states23-sram", NULL}}},
		GPU_KEYS},
	/* The Max has a key for its second performance cluster as well, the Ultra those of one die. */
	{"Apple M",
		{{'P', {"voltage-states5-sram", "voltage-states13-sram", NULL}},
			{'E', {"voltage-states1-sram", NULL, NULL}}},
		GPU_KEYS},
	{"Apple A",
		{{'P', {"voltage-states5-sram", NULL, NULL}},
			{'E', {"voltage-states1-sram", NULL, NULL}}},
		GPU_KEYS},
	/* Anything else, and what does not tell its name */
	{"",
		{{'P', {"voltage-states5-sram", NULL, NULL}},
			{'M', {"voltage-states22-sram", "voltage-states23-sram", NULL}},
			{'E', {"voltage-states1-sram", NULL, NULL}}},
		GPU_KEYS},
};

const struct chip *chip_find(const char *brand)
{
	const struct chip *chip = chips;

	while (strncmp(brand, chip->brand, strlen(chip->brand)) != 0)
		chip++;
	return chip;
}

const char *chip_key(const struct chip *self, char letter, uint32_t cluster)
{
	const char *key = NULL;

	for (int i = 0; i < CHIP_TIERS; i++) {
		if (self->tiers[i].letter != letter)
			continue;
		for (uint32_t at = 0; at < CHIP_KEYS && self->tiers[i].keys[at]; at++) {
			key = self->tiers[i].keys[at];
			if (at == cluster)
				break;
		}
	}
	return key;
}
