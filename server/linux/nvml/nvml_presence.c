#include "nvml_presence.h"

#include <stdio.h>
#include <unistd.h>

#include "nvml_library.h"
#include "nvml_power.h"

static void explain_driver(
	const struct nvml_power *power, const char *procfs, const char *sysfs, char why[512])
{
	char driver[32];

	if (power->count == 0) {
		snprintf(why, 512,
			"no NVIDIA GPU found on this host (no display device of vendor 0x10de "
			"in "
			"%.100s/bus/pci/devices, no driver in %.100s/driver/nvidia)",
			sysfs, procfs);
		return;
	}
	nvml_power_driver(power, 0, driver);
	snprintf(why, 512,
		"the NVIDIA GPU %s is run by %s, which tells no use by process: install "
		"NVIDIA's driver (Debian: nvidia-driver, Ubuntu: ubuntu-drivers install, "
		"Fedora: akmod-nvidia of RPM Fusion, Arch: nvidia)",
		power->addresses[0], driver[0] ? driver : "no driver");
}

int nvml_presence_check(const char *procfs, const char *sysfs, const char *path, char why[512])
{
	struct nvml_power power = {.sysfs = sysfs};
	struct nvml_library library;
	char version[4096], error[192];

	nvml_power_find(&power);
	snprintf(version, sizeof version, "%s/driver/nvidia/version", procfs);
	if (access(version, F_OK) != 0) {
		explain_driver(&power, procfs, sysfs, why);
		return STATE_UNSUPPORTED;
	}
	if (nvml_power_asleep(&power))
		return STATE_ASLEEP;
	if (nvml_library_load(&library, path, error, sizeof error) == 0) {
		nvml_library_unload(&library);
		return STATE_OK;
	}
	snprintf(why, 512,
		"the NVIDIA driver is loaded, but its library is not to be had (%s): install "
		"the "
		"package of the driver's version (Debian: libnvidia-ml1, Ubuntu: "
		"libnvidia-compute-VERSION, Fedora: xorg-x11-drv-nvidia-cuda-libs of RPM "
		"Fusion, Arch: nvidia-utils)",
		error);
	return STATE_UNSUPPORTED;
}
