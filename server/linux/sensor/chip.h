/*
 * Chip: a folder of /sys/class/hwmon or /sys/class/thermal, whose files ask one piece of
 * hardware.
 *
 * Workers read them, and their jobs may outlive the table: a chip is counted, and all that a
 * worker uses of it is constant or behind its lock. The folder stays open as long as the chip
 * lives: its name may go to other hardware, the open folder never does.
 */
#ifndef LINUX_CHIP_H
#define LINUX_CHIP_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* How long a reader is waited for by others of the same chip: less than the deadline of a job,
 * so that who waits is never late himself. */
#define CHIP_PATIENCE_NS (200 * UINT64_C(1000000))

enum chip_class { CHIP_HWMON, CHIP_ZONE, CHIP_COOLING, CHIP_CLASSES };

struct sensor_chip {
	/* Constant. */
	enum chip_class class;
	uint32_t number;
	dev_t filesystem;
	ino_t inode;
	int directory;
	char *name;   /* "coretemp", "cpu-thermal": of the driver or the zone */
	char *device; /* "nvme0", "0000:03:00.0": what it sits on; "" if nobody says */
	char *path;   /* of that device, the same at each boot; "" if there is none */
	char *status; /* path of the runtime_status that is looked at first; NULL: never sleeps */
	char *control; /* see struct chip_place; NULL: it is no GPU's */
	/* Reading it more often would harm: the controller of a drive stops to answer. 0: no. */
	uint64_t period_ns;

	/* Loop's thread only. */
	uint64_t finding; /* the find that met it last */
	uint32_t ordinal; /* among those that have name and path in common, from 0 */
	bool alike;       /* others have its name */

	atomic_uint references;
	/* Behind the lock: when the reader that is inside came in; 0: nobody is. */
	pthread_mutex_t lock;
	pthread_cond_t left;
	uint64_t entered_ns;
};

/* "hwmon": the folder below /sys/class, and what names in it begin with. */
const char *chip_class_folder(enum chip_class class);
const char *chip_class_prefix(enum chip_class class);

/* Opens /sys/class/.../PREFIXn. 0; -ENODEV: it is no sensor, or one that another table has; or
 * another negative errno. */
int chip_create(const char *sysfs, enum chip_class class, uint32_t number,
	struct sensor_chip **ret_chip);
struct sensor_chip *chip_retain(struct sensor_chip *self);
void chip_release(struct sensor_chip *self);

/* Is it of a GPU that the kernel suspends when nobody uses it? A look every few seconds would be
 * use enough: amdgpu until Linux 6.12, and Intel's. Table GPU has it, which lets it rest. */
bool chip_is_left_to_gpu(const struct sensor_chip *self);
/* Does the hardware sleep? Then it is left alone. Wakes nothing. */
bool chip_asleep(const struct sensor_chip *self);

/*
 * One reader at a time, so that a chip that hangs takes one worker and not all. STATE_OK: the
 * caller is inside, until chip_leave(). STATE_FAILED: somebody is, for so long that it hangs.
 * SAMPLE_GONE: others came first, and were no slower than they should be. Waits for
 * CHIP_PATIENCE_NS at most.
 */
int chip_enter(struct sensor_chip *self);
void chip_leave(struct sensor_chip *self);
/* Has a reader been inside for so long that it hangs? Does not wait. */
bool chip_hangs(struct sensor_chip *self);

#endif
