"""GPUs: this host may have none, so a substitute tree with the dump of one is asked."""
import os

from values.check import Check

NAMES = ("time", "time_render", "time_compute", "time_copy", "time_video", "time_enhance",
         "time_other", "memory", "memory_shared", "memory_device", "memory_system", "devices",
         "source", "garbage")


def no_gpu():
    """No device file of a driver that could be read."""
    try:
        nodes = os.listdir("/sys/class/drm")
    except OSError:
        nodes = []
    return not any(node.startswith("renderD") for node in nodes) and not any(
        os.path.exists(path) for path in ("/proc/driver/nvidia", "/dev/nvidiactl", "/dev/kfd",
                                          "/dev/accel", "/dev/dxg"))


PROCESS = {f"gpu.{name}": Check(lambda s: None, cause=no_gpu) for name in NAMES}
