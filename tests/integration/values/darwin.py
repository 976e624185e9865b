"""What is of macOS alone, besides what stands with its themes: Linux counts nothing that is the same."""

UNMEASURABLE = (
    "cpu.performance_cycles", "cpu.performance_instructions", "cpu.performance_system",
    "cpu.performance_user", "cpu.runnable_lifetime", "cpu.secure", "energy.cpu",
    "energy.cpu_performance", "energy.top", "energy.top_score", "files.table",
    "mem.decompressions", "mem.devices", "mem.drivers", "mem.file_peak", "mem.graphics_counted",
    "mem.graphics_other", "mem.media_counted", "mem.media_other", "mem.network_counted",
    "mem.network_other", "mem.neural", "mem.neural_counted", "mem.neural_interval_peak",
    "mem.neural_lifetime_peak", "mem.neural_other", "mem.page_size", "mem.purgeable_used",
    "mem.purgeable_volatile", "mem.reusable", "mem.swap_peak", "mem.swap_total", "mem.swapped_in",
    "switches.clusters")
UNMEASURABLE_COALITION = (
    "cpu.cycles", "cpu.instructions", "cpu.performance", "cpu.qos_background", "cpu.qos_default",
    "cpu.qos_legacy", "cpu.qos_maintenance", "cpu.qos_user_initiated", "cpu.qos_user_interactive",
    "cpu.qos_utility", "energy.gpu", "energy.neural", "energy.top", "energy.top_score",
    "gpu.time_kernel", "neural.time")
UNMEASURABLE_CPU = (
    "active.idle_time", "active.off_time", "active.time", "residency.active",
    "residency.idle", "residency.off")
UNMEASURABLE_DISK = ("retries",)
UNMEASURABLE_FOOTPRINT = ("mem.resident_private", "mem.resident_shared")
UNMEASURABLE_GPU = ("busy.renderer", "busy.tiler", "cores", "memory.system_allocated", "recoveries")
UNMEASURABLE_LEDGER = ("limit",)
UNMEASURABLE_POWER = (
    "adapter.model", "adapter.rating", "battery.current", "battery.temperature", "battery.voltage")
UNMEASURABLE_REGION = ("mem.resident_private", "mem.resident_shared")
UNMEASURABLE_SYSTEM = (
    "limit.processes", "mem.app", "pressure.memory_level", "pressure.memory_share",
    "processes.total")
