/*
 * That libSystem has these names: they are linked, for both kinds of Mac, and never run. Those with a
 * declaration of their own here are in no public header.
 */
#include <dlfcn.h>
#include <launch.h>
#include <libkern/OSThermalNotification.h>
#include <libproc.h>
#include <mach/mach.h>
#include <mach/mach_time.h>
#include <stdint.h>
#include <unistd.h>
#include <uuid/uuid.h>

/* Only their addresses are taken: any type will do. */
int ledger(void);
int coalition_info_resource_usage(void);
int coalition_info_debug_info(void);
int proc_listcoalitions(void);
int responsibility_get_pid_responsible_for_pid(void);
int responsibility_get_uniqueid_responsible_for_pid(void);
int __proc_info(void);
int mach_vm_region(void);
int mach_vm_region_recurse(void);
int _dyld_get_shared_cache_range(void);
int _dyld_get_shared_cache_uuid(void);
int dyld_shared_cache_file_path(void);
int dyld_shared_cache_iterate_text(void);
int notify_register_check(void);
int notify_get_state(void);

#define NAME(name) (void (*)(void)) name

static void (*const names[])(void) = {
	NAME(ledger),
	NAME(coalition_info_resource_usage),
	NAME(coalition_info_debug_info),
	NAME(proc_listcoalitions),
	NAME(responsibility_get_pid_responsible_for_pid),
	NAME(responsibility_get_uniqueid_responsible_for_pid),
	NAME(task_name_for_pid),
	NAME(task_info),
	NAME(task_policy_get),
	NAME(__proc_info),
	NAME(proc_pidinfo),
	NAME(proc_pid_rusage),
	NAME(proc_listpids),
	NAME(proc_pidpath),
	NAME(mach_vm_region),
	NAME(mach_vm_region_recurse),
	NAME(mach_port_space_basic_info),
	NAME(mach_timebase_info),
	NAME(host_statistics64),
	NAME(host_processor_info),
	NAME(processor_set_statistics),
	NAME(launch_activate_socket),
	NAME(getpeereid),
	NAME(_dyld_get_shared_cache_range),
	NAME(_dyld_get_shared_cache_uuid),
	NAME(dyld_shared_cache_file_path),
	NAME(dyld_shared_cache_iterate_text),
	NAME(notify_register_check),
	NAME(notify_get_state),
	NAME(dlopen),
	NAME(dlsym),
};

int main(void)
{
	for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
		if (!names[i])
			return 1;
	return kOSThermalNotificationPressureLevelName[0] == '\0';
}
