/* What Mach tells of tasks, of memory, and of the host. */
#include "layout.h"

#include <mach/host_info.h>
#include <mach/mach.h>
#include <mach/mach_time.h>
#include <mach/processor_info.h>
#include <mach/processor_set.h>
#include <mach/task_info.h>
#include <mach/task_policy.h>
#include <mach/vm_region.h>
#include <mach/vm_statistics.h>
VALUE(TASK_BASIC_INFO_32, 4);
VALUE(TASK_EVENTS_INFO, 2);
VALUE(TASK_THREAD_TIMES_INFO, 3);
VALUE(TASK_ABSOLUTETIME_INFO, 1);
VALUE(TASK_AUDIT_TOKEN, 15);
VALUE(TASK_DYLD_INFO, 17);
VALUE(MACH_TASK_BASIC_INFO, 20);
VALUE(TASK_POWER_INFO, 21);
VALUE(TASK_VM_INFO, 22);
VALUE(TASK_VM_INFO_PURGEABLE, 23);
VALUE(TASK_WAIT_STATE_INFO, 25);
VALUE(TASK_POWER_INFO_V2, 26);
VALUE(TASK_FLAGS_INFO, 28);
VALUE(TASK_AUDIT_TOKEN_COUNT, 8);
VALUE(TASK_EVENTS_INFO_COUNT, 8);
VALUE(MACH_TASK_BASIC_INFO_COUNT, 12);
VALUE(TASK_POWER_INFO_COUNT, 12);
VALUE(TASK_ABSOLUTETIME_INFO_COUNT, 8);
#if defined(__arm64__)
SIZE(struct task_power_info_v2, 104);
VALUE(TASK_POWER_INFO_V2_COUNT, 26);
VALUE(TASK_POWER_INFO_V2_COUNT_OLD, 22);
OFFSET(struct task_power_info_v2, task_energy, 80);
OFFSET(struct task_power_info_v2, task_ptime, 88);
OFFSET(struct task_power_info_v2, task_pset_switches, 96);
#else
SIZE(struct task_power_info_v2, 96);
VALUE(TASK_POWER_INFO_V2_COUNT, 24);
VALUE(TASK_POWER_INFO_V2_COUNT_OLD, 20);
OFFSET(struct task_power_info_v2, task_ptime, 80);
OFFSET(struct task_power_info_v2, task_pset_switches, 88);
#endif
OFFSET(struct task_power_info_v2, cpu_energy.task_interrupt_wakeups, 16);
OFFSET(struct task_power_info_v2, cpu_energy.task_platform_idle_wakeups, 24);
OFFSET(struct task_power_info_v2, cpu_energy.task_timer_wakeups_bin_1, 32);
OFFSET(struct task_power_info_v2, cpu_energy.task_timer_wakeups_bin_2, 40);
OFFSET(struct task_power_info_v2, gpu_energy.task_gpu_utilisation, 48);
OFFSET(struct task_vm_info, virtual_size, 0);
OFFSET(struct task_vm_info, region_count, 8);
OFFSET(struct task_vm_info, page_size, 12);
OFFSET(struct task_vm_info, resident_size, 16);
OFFSET(struct task_vm_info, resident_size_peak, 24);
OFFSET(struct task_vm_info, device, 32);
OFFSET(struct task_vm_info, internal, 48);
OFFSET(struct task_vm_info, internal_peak, 56);
OFFSET(struct task_vm_info, external, 64);
OFFSET(struct task_vm_info, reusable, 80);
OFFSET(struct task_vm_info, purgeable_volatile_pmap, 96);
OFFSET(struct task_vm_info, purgeable_volatile_resident, 104);
OFFSET(struct task_vm_info, purgeable_volatile_virtual, 112);
OFFSET(struct task_vm_info, compressed, 120);
OFFSET(struct task_vm_info, compressed_peak, 128);
OFFSET(struct task_vm_info, compressed_lifetime, 136);
OFFSET(struct task_vm_info, phys_footprint, 144);
OFFSET(struct task_vm_info, min_address, 152);
OFFSET(struct task_vm_info, max_address, 160);
OFFSET(struct task_vm_info, ledger_phys_footprint_peak, 168);
OFFSET(struct task_vm_info, ledger_purgeable_nonvolatile, 176);
OFFSET(struct task_vm_info, ledger_tag_graphics_footprint, 272);
OFFSET(struct task_vm_info, ledger_tag_neural_footprint, 304);
OFFSET(struct task_vm_info, limit_bytes_remaining, 336);
OFFSET(struct task_vm_info, decompressions, 344);
OFFSET(struct task_vm_info, ledger_swapins, 348);

/* counts derived from offsets: rev0..rev6 */
VALUE(offsetof(struct task_vm_info, phys_footprint) / 4, 36);
VALUE(offsetof(struct task_vm_info, min_address) / 4, 38);
VALUE(offsetof(struct task_vm_info, ledger_phys_footprint_peak) / 4, 42);
VALUE(offsetof(struct task_vm_info, limit_bytes_remaining) / 4, 84);
VALUE(offsetof(struct task_vm_info, decompressions) / 4, 86);
VALUE(offsetof(struct task_vm_info, ledger_swapins) / 4, 87);
VALUE(TASK_VM_INFO_COUNT, 89);
/* header set = rev6 */
VALUE(TASK_VM_INFO_REV0_COUNT, 36);
VALUE(TASK_VM_INFO_REV1_COUNT, 38);
VALUE(TASK_VM_INFO_REV2_COUNT, 42);
VALUE(TASK_VM_INFO_REV3_COUNT, 84);
VALUE(TASK_VM_INFO_REV4_COUNT, 86);
VALUE(TASK_VM_INFO_REV5_COUNT, 87);

/* host */
VALUE(HOST_VM_INFO64, 4);
VALUE(HOST_VM_INFO64_COUNT, 38);
VALUE(HOST_VM_INFO64_REV0_COUNT,
	sizeof(struct vm_statistics64) / 4 > 38 ? 0 : HOST_VM_INFO64_REV0_COUNT);
SIZE(struct vm_statistics64, 152);
OFFSET(struct vm_statistics64, free_count, 0);
OFFSET(struct vm_statistics64, active_count, 4);
OFFSET(struct vm_statistics64, inactive_count, 8);
OFFSET(struct vm_statistics64, wire_count, 12);
OFFSET(struct vm_statistics64, zero_fill_count, 16);
OFFSET(struct vm_statistics64, reactivations, 24);
OFFSET(struct vm_statistics64, pageins, 32);
OFFSET(struct vm_statistics64, pageouts, 40);
OFFSET(struct vm_statistics64, faults, 48);
OFFSET(struct vm_statistics64, cow_faults, 56);
OFFSET(struct vm_statistics64, lookups, 64);
OFFSET(struct vm_statistics64, hits, 72);
OFFSET(struct vm_statistics64, purges, 80);
OFFSET(struct vm_statistics64, purgeable_count, 88);
OFFSET(struct vm_statistics64, speculative_count, 92);
OFFSET(struct vm_statistics64, decompressions, 96);
OFFSET(struct vm_statistics64, compressions, 104);
OFFSET(struct vm_statistics64, swapins, 112);
OFFSET(struct vm_statistics64, swapouts, 120);
OFFSET(struct vm_statistics64, compressor_page_count, 128);
OFFSET(struct vm_statistics64, throttled_count, 132);
OFFSET(struct vm_statistics64, external_page_count, 136);
OFFSET(struct vm_statistics64, internal_page_count, 140);
OFFSET(struct vm_statistics64, total_uncompressed_pages_in_compressor, 144);
VALUE(PROCESSOR_CPU_LOAD_INFO, 2);
VALUE(CPU_STATE_USER, 0);
VALUE(CPU_STATE_SYSTEM, 1);
VALUE(CPU_STATE_IDLE, 2);
VALUE(CPU_STATE_NICE, 3);
VALUE(CPU_STATE_MAX, 4);
VALUE(PROCESSOR_CPU_LOAD_INFO_COUNT, 4);
VALUE(HOST_CPU_LOAD_INFO, 3);
VALUE(HOST_CPU_LOAD_INFO_COUNT, 4);
VALUE(HOST_BASIC_INFO, 1);
VALUE(PROCESSOR_SET_LOAD_INFO, 4);
VALUE(TASK_BASE_QOS_POLICY, 8);
VALUE(TASK_QOS_POLICY_COUNT, 2);

/* vm region */
SIZE(struct vm_region_submap_info_64, 76);
VALUE(VM_REGION_SUBMAP_INFO_COUNT_64, 19);
VALUE(VM_REGION_SUBMAP_INFO_V2_SIZE, 76);
VALUE(VM_REGION_SUBMAP_INFO_V0_COUNT_64, 16);
VALUE(VM_REGION_SUBMAP_INFO_V1_COUNT_64, 17);
OFFSET(struct vm_region_submap_info_64, protection, 0);
OFFSET(struct vm_region_submap_info_64, max_protection, 4);
OFFSET(struct vm_region_submap_info_64, inheritance, 8);
OFFSET(struct vm_region_submap_info_64, offset, 12);
OFFSET(struct vm_region_submap_info_64, user_tag, 20);
OFFSET(struct vm_region_submap_info_64, pages_resident, 24);
OFFSET(struct vm_region_submap_info_64, pages_shared_now_private, 28);
OFFSET(struct vm_region_submap_info_64, pages_swapped_out, 32);
OFFSET(struct vm_region_submap_info_64, pages_dirtied, 36);
OFFSET(struct vm_region_submap_info_64, ref_count, 40);
OFFSET(struct vm_region_submap_info_64, shadow_depth, 44);
OFFSET(struct vm_region_submap_info_64, external_pager, 46);
OFFSET(struct vm_region_submap_info_64, share_mode, 47);
OFFSET(struct vm_region_submap_info_64, is_submap, 48);
OFFSET(struct vm_region_submap_info_64, behavior, 52);
OFFSET(struct vm_region_submap_info_64, object_id, 56);
OFFSET(struct vm_region_submap_info_64, user_wired_count, 60);
OFFSET(struct vm_region_submap_info_64, pages_reusable, 64);
OFFSET(struct vm_region_submap_info_64, object_id_full, 68);
VALUE(VM_REGION_TOP_INFO, 12);
SIZE(struct vm_region_top_info, 20);
OFFSET(struct vm_region_top_info, obj_id, 0);
OFFSET(struct vm_region_top_info, ref_count, 4);
OFFSET(struct vm_region_top_info, private_pages_resident, 8);
OFFSET(struct vm_region_top_info, shared_pages_resident, 12);
OFFSET(struct vm_region_top_info, share_mode, 16);
VALUE(VM_MEMORY_MALLOC, 1);
VALUE(VM_MEMORY_MALLOC_SMALL, 2);
VALUE(VM_MEMORY_MALLOC_LARGE, 3);
VALUE(VM_MEMORY_MALLOC_HUGE, 4);
VALUE(VM_MEMORY_SBRK, 5);
VALUE(VM_MEMORY_REALLOC, 6);
VALUE(VM_MEMORY_MALLOC_TINY, 7);
VALUE(VM_MEMORY_MALLOC_LARGE_REUSABLE, 8);
VALUE(VM_MEMORY_MALLOC_LARGE_REUSED, 9);
VALUE(VM_MEMORY_ANALYSIS_TOOL, 10);
VALUE(VM_MEMORY_MALLOC_NANO, 11);
VALUE(VM_MEMORY_MALLOC_MEDIUM, 12);
VALUE(VM_MEMORY_MACH_MSG, 20);
VALUE(VM_MEMORY_IOKIT, 21);
VALUE(VM_MEMORY_STACK, 30);
VALUE(VM_MEMORY_GUARD, 31);
VALUE(VM_MEMORY_SHARED_PMAP, 32);
VALUE(VM_MEMORY_DYLIB, 33);
VALUE(VM_MEMORY_OBJC_DISPATCHERS, 34);
VALUE(VM_MEMORY_UNSHARED_PMAP, 35);
VALUE(VM_MEMORY_APPKIT, 40);
VALUE(VM_MEMORY_FOUNDATION, 41);
VALUE(VM_MEMORY_COREGRAPHICS, 42);
VALUE(VM_MEMORY_CORESERVICES, 43);
VALUE(VM_MEMORY_JAVA, 44);
VALUE(VM_MEMORY_COREDATA, 45);
VALUE(VM_MEMORY_ATS, 50);
VALUE(VM_MEMORY_LAYERKIT, 51);
VALUE(VM_MEMORY_CGIMAGE, 52);
VALUE(VM_MEMORY_TCMALLOC, 53);
VALUE(VM_MEMORY_DYLD, 60);
VALUE(VM_MEMORY_DYLD_MALLOC, 61);
VALUE(VM_MEMORY_SQLITE, 62);
VALUE(VM_MEMORY_JAVASCRIPT_CORE, 63);
VALUE(VM_MEMORY_JAVASCRIPT_JIT_EXECUTABLE_ALLOCATOR, 64);
VALUE(VM_MEMORY_GLSL, 66);
VALUE(VM_MEMORY_OPENCL, 67);
VALUE(VM_MEMORY_COREIMAGE, 68);
VALUE(VM_MEMORY_IMAGEIO, 70);
VALUE(VM_MEMORY_ASSETSD, 72);
VALUE(VM_MEMORY_OS_ALLOC_ONCE, 73);
VALUE(VM_MEMORY_LIBDISPATCH, 74);
VALUE(VM_MEMORY_ACCELERATE, 75);
VALUE(VM_MEMORY_COREUI, 76);
VALUE(VM_MEMORY_GENEALOGY, 78);
VALUE(VM_MEMORY_RAWCAMERA, 79);
VALUE(VM_MEMORY_CORPSEINFO, 80);
VALUE(VM_MEMORY_SWIFT_RUNTIME, 82);
VALUE(VM_MEMORY_SWIFT_METADATA, 83);
VALUE(VM_MEMORY_SCENEKIT, 86);
VALUE(VM_MEMORY_SKYWALK, 87);
VALUE(VM_MEMORY_IOSURFACE, 88);
VALUE(VM_MEMORY_LIBNETWORK, 89);
VALUE(VM_MEMORY_AUDIO, 90);
VALUE(VM_MEMORY_VIDEOBITSTREAM, 91);
VALUE(VM_MEMORY_IOACCELERATOR, 100);
VALUE(VM_MEMORY_APPLICATION_SPECIFIC_1, 240);
#ifdef VM_MEMORY_ROSETTA
VALUE(VM_MEMORY_ROSETTA, 230);
#endif

/* mach_port_space_basic_info reply */
SIZE(struct ipc_info_space_basic, 24);
OFFSET(struct ipc_info_space_basic, iisb_table_inuse, 12);
SIZE(struct mach_timebase_info, 8);
SIZE(audit_token_t, 32);
VALUE(KERN_INVALID_ARGUMENT, 4);
VALUE(KERN_FAILURE, 5);
VALUE(MACH_SEND_INVALID_DEST, 0x10000003);
