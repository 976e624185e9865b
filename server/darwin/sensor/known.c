#include "known.h"

#include <stdio.h>
#include <string.h>

/*
 * Keys of the SMC. Apple documents none of them. Where they are from: exelban/stats
 * (Modules/Sensors/values.swift, by families of chips), acidanthera/VirtualSMC (SMCSensorKeys.txt)
 * for Intel's; TCM? from oshi/oshi#3534; what M1 and M4 call a battery's gauge (TG0?) from what these
 * keys and the services of HID said at the same time. The first line that fits counts.
 *
 * Which core a sensor is at nobody knows: some chips have more sensors than cores.
 *
 * A ? of the key stands in the label as *. Where a label has none the key stands behind it.
 */
static const struct known keys[] = {
	/* The reference that the sensors are calibrated with: the same everywhere, for ever. */
	{"TR0Z", CHIP_APPLE, "calibration", false, true},
	{"TP0Z", CHIP_APPLE, "calibration", false, true},

	{"Tp09", CHIP_M1, "CPU efficiency cores 1", true, false},
	{"Tp0T", CHIP_M1, "CPU efficiency cores 2", true, false},
	{"Tp01", CHIP_M1, "CPU performance cores 1", true, false},
	{"Tp05", CHIP_M1, "CPU performance cores 2", true, false},
	{"Tp0D", CHIP_M1, "CPU performance cores 3", true, false},
	{"Tp0H", CHIP_M1, "CPU performance cores 4", true, false},
	{"Tp0L", CHIP_M1, "CPU performance cores 5", true, false},
	{"Tp0P", CHIP_M1, "CPU performance cores 6", true, false},
	{"Tp0X", CHIP_M1, "CPU performance cores 7", true, false},
	{"Tp0b", CHIP_M1, "CPU performance cores 8", true, false},
	{"Tg05", CHIP_M1, "GPU 1", true, false},
	{"Tg0D", CHIP_M1, "GPU 2", true, false},
	{"Tg0L", CHIP_M1, "GPU 3", true, false},
	{"Tg0T", CHIP_M1, "GPU 4", true, false},

	{"Tp1h", CHIP_M2, "CPU efficiency cores 1", true, false},
	{"Tp1t", CHIP_M2, "CPU efficiency cores 2", true, false},
	{"Tp1p", CHIP_M2, "CPU efficiency cores 3", true, false},
	{"Tp1l", CHIP_M2, "CPU efficiency cores 4", true, false},
	{"Tp01", CHIP_M2, "CPU performance cores 1", true, false},
	{"Tp05", CHIP_M2, "CPU performance cores 2", true, false},
	{"Tp09", CHIP_M2, "CPU performance cores 3", true, false},
	{"Tp0D", CHIP_M2, "CPU performance cores 4", true, false},
	{"Tp0X", CHIP_M2, "CPU performance cores 5", true, false},
	{"Tp0b", CHIP_M2, "CPU performance cores 6", true, false},
	{"Tp0f", CHIP_M2, "CPU performance cores 7", true, false},
	{"Tp0j", CHIP_M2, "CPU performance cores 8", true, false},
	{"Tg0f", CHIP_M2, "GPU 1", true, false},
	{"Tg0j", CHIP_M2, "GPU 2", true, false},

	{"Te05", CHIP_M3, "CPU efficiency cores 1", true, false},
	{"Te0L", CHIP_M3, "CPU efficiency cores 2", true, false},
	{"Te0P", CHIP_M3, "CPU efficiency cores 3", true, false},
	{"Te0S", CHIP_M3, "CPU efficiency cores 4", true, false},
	{"Tf04", CHIP_M3, "CPU performance cores 1", true, false},
	{"Tf09", CHIP_M3, "CPU performance cores 2", true, false},
	{"Tf0A", CHIP_M3, "CPU performance cores 3", true, false},
	{"Tf0B", CHIP_M3, "CPU performance cores 4", true, false},
	{"Tf0D", CHIP_M3, "CPU performance cores 5", true, false},
	{"Tf0E", CHIP_M3, "CPU performance cores 6", true, false},
	{"Tf44", CHIP_M3, "CPU performance cores 7", true, false},
	{"Tf49", CHIP_M3, "CPU performance cores 8", true, false},
	{"Tf4A", CHIP_M3, "CPU performance cores 9", true, false},
	{"Tf4B", CHIP_M3, "CPU performance cores 10", true, false},
	{"Tf4D", CHIP_M3, "CPU performance cores 11", true, false},
	{"Tf4E", CHIP_M3, "CPU performance cores 12", true, false},
	{"Tf14", CHIP_M3, "GPU 1", true, false},
	{"Tf18", CHIP_M3, "GPU 2", true, false},
	{"Tf19", CHIP_M3, "GPU 3", true, false},
	{"Tf1A", CHIP_M3, "GPU 4", true, false},
	{"Tf24", CHIP_M3, "GPU 5", true, false},
	{"Tf28", CHIP_M3, "GPU 6", true, false},
	{"Tf29", CHIP_M3, "GPU 7", true, false},
	{"Tf2A", CHIP_M3, "GPU 8", true, false},

	{"Te05", CHIP_M4, "CPU efficiency cores 1", true, false},
	{"Te0S", CHIP_M4, "CPU efficiency cores 2", true, false},
	{"Te09", CHIP_M4, "CPU efficiency cores 3", true, false},
	{"Te0H", CHIP_M4, "CPU efficiency cores 4", true, false},
	{"Tp01", CHIP_M4, "CPU performance cores 1", true, false},
	{"Tp05", CHIP_M4, "CPU performance cores 2", true, false},
	{"Tp09", CHIP_M4, "CPU performance cores 3", true, false},
	{"Tp0D", CHIP_M4, "CPU performance cores 4", true, false},
	{"Tp0V", CHIP_M4, "CPU performance cores 5", true, false},
	{"Tp0Y", CHIP_M4, "CPU performance cores 6", true, false},
	{"Tp0b", CHIP_M4, "CPU performance cores 7", true, false},
	{"Tp0e", CHIP_M4, "CPU performance cores 8", true, false},
	{"Tg0G", CHIP_M4, "GPU 1", true, false},
	{"Tg0H", CHIP_M4, "GPU 2", true, false},
	{"Tg1U", CHIP_M4, "GPU 3", true, false},
	{"Tg1k", CHIP_M4, "GPU 4", true, false},

	{"Ts??", CHIP_M5, "CPU super cores", true, false},

	{"TCMb", CHIP_APPLE, "CPU, mean of its dies", true, false},
	{"TCMz", CHIP_APPLE, "CPU, hottest place", true, false},
	{"Tp??", CHIP_APPLE, "CPU", true, false},
	{"Tc??", CHIP_APPLE, "CPU core", true, false},
	{"Te??", CHIP_APPLE, "CPU efficiency cores", true, false},
	{"Tf??", CHIP_APPLE, "CPU or GPU cluster", true, false},
	{"Tg??", CHIP_APPLE, "GPU", true, false},
	{"Tm??", CHIP_APPLE, "memory", true, false},
	{"TG??", CHIP_APPLE, "battery gauge", false, false},
	{"TB0T", CHIP_APPLE, "battery, highest", false, false},
	{"TCHP", CHIP_APPLE, "charger", false, false},
	{"TH?x", CHIP_APPLE, "SSD *, highest", false, false},
	{"TH??", CHIP_APPLE, "SSD", false, false},
	{"TaLP", CHIP_APPLE, "airflow left", false, false},
	{"TaRF", CHIP_APPLE, "airflow right", false, false},
	{"TAOL", CHIP_APPLE, "ambient", false, false},

	{"TC?c", CHIP_INTEL, "CPU core *", false, false},
	{"TC?C", CHIP_INTEL, "CPU core *", false, false},
	{"TC0D", CHIP_INTEL, "CPU diode", false, false},
	{"TC0E", CHIP_INTEL, "CPU diode, virtual", false, false},
	{"TC0F", CHIP_INTEL, "CPU diode, filtered", false, false},
	{"TC0H", CHIP_INTEL, "CPU heatsink", false, false},
	{"TC0P", CHIP_INTEL, "CPU proximity", false, false},
	{"TCAD", CHIP_INTEL, "CPU package", false, false},
	{"TCXC", CHIP_INTEL, "CPU, by itself", false, false},
	{"TCGC", CHIP_INTEL, "GPU in the CPU", false, false},
	{"TCGc", CHIP_INTEL, "GPU in the CPU", false, false},
	{"TG0D", CHIP_INTEL, "GPU diode", false, false},
	{"TGDD", CHIP_INTEL, "GPU of AMD", false, false},
	{"TG0H", CHIP_INTEL, "GPU heatsink", false, false},
	{"TG0P", CHIP_INTEL, "GPU proximity", false, false},
	{"TM?P", CHIP_INTEL, "memory bank *", false, false},
	{"Tm0P", CHIP_INTEL, "mainboard", false, false},
	{"Tp0P", CHIP_INTEL, "power supply", false, false},
	{"Th?H", CHIP_INTEL, "heat pipe *", false, false},
	{"TH?A", CHIP_INTEL, "disk * A", false, false},
	{"TH?B", CHIP_INTEL, "disk * B", false, false},
	{"TH?C", CHIP_INTEL, "disk * C", false, false},
	{"TN0D", CHIP_INTEL, "northbridge diode", false, false},
	{"TN0H", CHIP_INTEL, "northbridge heatsink", false, false},
	{"TN0P", CHIP_INTEL, "northbridge proximity", false, false},

	{"TB?T", UINT32_MAX, "battery *", false, false},
	{"TW0P", UINT32_MAX, "wireless module", false, false},
	{"TL0P", UINT32_MAX, "display", false, false},
	{"TA?P", UINT32_MAX, "ambient *", false, false},
	{"TI?P", UINT32_MAX, "Thunderbolt *", false, false},
	{"TZ?C", UINT32_MAX, "thermal zone *", false, false},

	{"VCAC", CHIP_INTEL, "CPU voltage", false, false},
	{"VCSC", CHIP_INTEL, "CPU system agent voltage", false, false},
	{"VC?C", CHIP_INTEL, "CPU core * voltage", false, false},
	{"VCTC", CHIP_INTEL, "GPU in the CPU voltage", false, false},
	{"VG0C", CHIP_INTEL, "GPU voltage", false, false},
	{"VM0R", CHIP_INTEL, "memory voltage", false, false},
	{"Vb0R", CHIP_INTEL, "CMOS battery voltage", false, false},
	{"VP0R", CHIP_INTEL, "12 V rail", false, false},
	{"VD0R", UINT32_MAX, "adapter voltage", false, false},
	{"IC0R", CHIP_INTEL, "CPU current", false, false},
	{"IG0R", CHIP_INTEL, "GPU current", false, false},
	{"ID0R", UINT32_MAX, "adapter current", false, false},
	{"IBAC", UINT32_MAX, "battery current", false, false},
};

/*
 * Services of HID, by how their names begin. Names from exelban/stats#210 (M1) and oshi/oshi#3534 (M2
 * Max, M3 Pro). "PMU tcal" says 51.85 on every machine (macmade/Hot#29).
 */
static const struct known services[] = {
	{"PMU tcal", CHIP_APPLE, "calibration", false, true},
	{"PMU2 tcal", CHIP_APPLE, "calibration", false, true},
	{"PMU2 TR0Z", CHIP_APPLE, "calibration", false, true},
	{"noname", CHIP_APPLE, "", false, true},
	{"pACC MTR Temp Sensor", CHIP_APPLE, "CPU performance cluster", true, false},
	{"eACC MTR Temp Sensor", CHIP_APPLE, "CPU efficiency cluster", true, false},
	{"GPU MTR Temp Sensor", CHIP_APPLE, "GPU", true, false},
	{"SOC MTR Temp Sensor", CHIP_APPLE, "SoC", true, false},
	{"ANE MTR Temp Sensor", CHIP_APPLE, "neural engine", true, false},
	{"ISP MTR Temp Sensor", CHIP_APPLE, "image processor", true, false},
	{"PMGR SOC Die Temp Sensor", CHIP_APPLE, "SoC die", true, false},
	{"PMU tdie", CHIP_APPLE, "SoC die", true, false},
	{"PMU2 tdie", CHIP_APPLE, "second SoC die", true, false},
	{"gas gauge battery", CHIP_APPLE, "battery", false, false},
	{"NAND CH", CHIP_APPLE, "SSD channel", false, false},
};

static const struct known nothing = {"", UINT32_MAX, NULL, true, false};

/* Keys that are there as well for what a service measures. On M1 the keys of all cores begin with
 * Tp. */
static const struct {
	const char *service, *keys;
} same[] = {
	{"pACC MTR Temp Sensor", "Tp"},
	{"eACC MTR Temp Sensor", "Te"},
	{"eACC MTR Temp Sensor", "Tp"},
	{"GPU MTR Temp Sensor", "Tg"},
	{"gas gauge battery", "TB"},
	{"NAND CH", "TH"},
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

enum known_chip known_chip(const char *brand)
{
	static const struct {
		const char *word;
		enum known_chip chip;
	} chips[] = {
		{"Apple M1", CHIP_M1},
		{"Apple M2", CHIP_M2},
		{"Apple M3", CHIP_M3},
		{"Apple M4", CHIP_M4},
		{"Apple M5", CHIP_M5},
		{"Apple A18", CHIP_A18},
		{"Apple", CHIP_NEW},
	};

	for (size_t i = 0; i < COUNT(chips); i++)
		if (strncmp(brand, chips[i].word, strlen(chips[i].word)) == 0)
			return chips[i].chip;
	return CHIP_INTEL;
}

static bool key_fits(const char *pattern, const char *key)
{
	while (*pattern && (*pattern == '?' || *pattern == *key))
		pattern++, key++;
	return *pattern == *key;
}

const struct known *known_key(enum known_chip chip, const char *key)
{
	for (size_t i = 0; i < COUNT(keys); i++)
		if (keys[i].chips & chip && key_fits(keys[i].pattern, key))
			return &keys[i];
	return &nothing;
}

static bool begins(const char *text, const char *beginning)
{
	return strncmp(text, beginning, strlen(beginning)) == 0;
}

const struct known *known_service(const char *name)
{
	for (size_t i = 0; i < COUNT(services); i++)
		if (begins(name, services[i].pattern))
			return &services[i];
	return &nothing;
}

const char *known_same_keys(const char *service, size_t index)
{
	for (size_t i = 0; i < COUNT(same); i++)
		if (begins(service, same[i].service) && index-- == 0)
			return same[i].keys;
	return NULL;
}

void known_key_name(const struct known *known, const char *key, char name[KNOWN_NAME_SIZE])
{
	const char *any = strchr(known->pattern, '?');
	const char *star = known->label ? strchr(known->label, '*') : NULL;

	if (!known->label)
		snprintf(name, KNOWN_NAME_SIZE, "%s", key);
	else if (!any)
		snprintf(name, KNOWN_NAME_SIZE, "%s", known->label);
	else if (!star)
		snprintf(name, KNOWN_NAME_SIZE, "%s %s", known->label, key);
	else
		snprintf(name, KNOWN_NAME_SIZE, "%.*s%c%s", (int)(star - known->label),
			known->label, key[any - known->pattern], star + 1);
}

void known_service_name(
	const struct known *known, const char *service, char name[KNOWN_NAME_SIZE])
{
	const char *rest = service + strlen(known->pattern);

	if (!known->label)
		snprintf(name, KNOWN_NAME_SIZE, "%s", service);
	else if (*rest)
		snprintf(name, KNOWN_NAME_SIZE, "%s %s", known->label, rest);
	else
		snprintf(name, KNOWN_NAME_SIZE, "%s", known->label);
}

/*
 * Nothing in a Mac that runs is at 0 degrees or below, and what is at 125 has long been switched
 * off: Intel's say 129 for a sensor that is not there (beltex/SMCKit#15). What is switched off says
 * 4 to 9 on Apple's chips, and no sensor that works was ever seen below 15 (oshi/oshi#3531).
 */
bool known_temperature(enum known_chip chip, const struct known *known, double celsius)
{
	double lowest = chip & CHIP_APPLE && known->parks ? 15 : 0;

	return celsius > lowest && celsius < 125;
}
