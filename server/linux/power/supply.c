/*
 * Which batteries and adapters there are in class/power_supply
 * (Documentation/ABI/testing/sysfs-class-power). The type is the kernel's own and a scope is a
 * constant in every driver that has one; everything else there may run a method of the firmware.
 */
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "../sysfs.h"
#include "power.h"

static void read_word(const char *path, const char *name, char *word, size_t size)
{
	char full[POWER_PATH_SIZE + 32];

	snprintf(full, sizeof full, "%s/%s", path, name);
	sysfs_text(AT_FDCWD, full, word, size);
}

/* An uninterruptible supply is a battery to its host. */
static bool kind_of(const char *path, enum power_kind *ret_kind)
{
	char type[32], scope[32];

	read_word(path, "type", type, sizeof type);
	if (strcmp(type, "Battery") == 0 || strcmp(type, "UPS") == 0) {
		read_word(path, "scope", scope, sizeof scope);
		*ret_kind = strcmp(scope, "Device") == 0 ? POWER_DEVICE_BATTERY : POWER_BATTERY;
		return true;
	}
	*ret_kind = POWER_ADAPTER;
	return strcmp(type, "Mains") == 0 || strncmp(type, "USB", 3) == 0 ||
	       strcmp(type, "Wireless") == 0;
}

void power_scan_supplies(const struct host *host,
	void (*visit)(void *context, const struct power_finding *finding), void *context)
{
	char folder[POWER_PATH_SIZE / 2], path[POWER_PATH_SIZE];
	struct power_finding finding = {
		.path = path, .channel = "", .part_of = "", .in_total = ABSENT_U64(STATE_NONE)};
	const struct dirent *entry;
	DIR *directory;

	snprintf(folder, sizeof folder, "%s/class/power_supply", host->sysfs);
	directory = opendir(folder);
	if (!directory)
		return;
	while ((entry = readdir(directory))) {
		if (entry->d_name[0] == '.' || strlen(entry->d_name) >= POWER_NAME_SIZE)
			continue;
		snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
		finding.name = entry->d_name;
		if (kind_of(path, &finding.kind))
			visit(context, &finding);
	}
	closedir(directory);
}
