/* Chip place: which device a chip of hwmon or thermal sits on, and whether that may sleep. */
#ifndef LINUX_CHIP_PLACE_H
#define LINUX_CHIP_PLACE_H

#include <limits.h>
#include <stdbool.h>

enum { PLACE_PATH_MAX = PATH_MAX };

struct chip_place {
	char path[PLACE_PATH_MAX];        /* of the device, "" if there is no link to it */
	char name[256];                   /* for people: "sda", "nvme0", "coretemp.0" */
	char status[PLACE_PATH_MAX + 64]; /* "" if it never sleeps */
	/* Of a GPU's own chip the file that says whether the kernel may suspend it; else "". */
	char control[PLACE_PATH_MAX + 64];
};

/*
 * Of a chip's folder. False: it is shown elsewhere: battery and charger belong to table POWER,
 * and what is made of a thermal zone is that zone once more.
 */
bool chip_place_find(struct chip_place *self, const char *chip);
/* Does the device sleep that has this file of its status? Wakes nothing. */
bool chip_place_asleep(const char *status);

#endif
