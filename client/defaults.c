#include "defaults.h"

#include <stddef.h>

#include "procmon.h"

static const char system_names[] =
	"host.name,host.kernel,uptime,load,threads.total,threads.running,cpu.cores,cpu.busy_"
	"share,"
	"cpu.user_share,cpu.system_share,cpu.iowait_share,cpu.steal_share,mem.total,mem.used,"
	"mem.used_share,mem.available,mem.cached,mem.shared,swap.total,swap.used,swap.used_"
	"share,"
	"swap.in_rate,swap.out_rate,faults.major_rate,pressure.cpu_some,pressure.memory_some,"
	"pressure.io_some,disk.read_rate,disk.write_rate,net.receive_rate,net.send_rate";

const char *defaults_find(uint32_t table)
{
	switch (table) {
	case PROCMON_SYSTEM:
		return system_names;
	case PROCMON_COALITION:
		return "name,kind,tasks,cpu.usage,mem.current,mem.swap,disk.read_rate,"
		       "disk.write_rate";
	case PROCMON_THREAD:
		return "tid,name,state,cpu.usage,cpu.total,cpu.run_delay,cpu.last,switches."
		       "rate,"
		       "priority";
	case PROCMON_LEDGER:
		return "group,name,balance,units";
	case PROCMON_REGION:
		return "start,end,size,protection,share_mode,category,path";
	case PROCMON_FOOTPRINT:
		return "category,mem.dirty,mem.swap,mem.clean,mem.reclaimable,regions";
	case PROCMON_CPU:
		return "name,type,usage.busy,usage.user,usage.system,usage.iowait,frequency."
		       "now,"
		       "temperature";
	case PROCMON_GPU:
		return "name,busy.gpu,memory.usage,memory.used,frequency.gpu,power.now,"
		       "temperature.gpu";
	case PROCMON_POWER:
		return "name,kind,power.now,power.average,energy.total,battery.level,"
		       "battery.time_left,battery.status";
	case PROCMON_SENSOR:
		return "name,kind,temperature,temperature.max,temperature.crit,fan.speed,"
		       "voltage,current";
	case PROCMON_DISK:
		return "name,kind,size,busy.usage,read.rate,read.latency,write.rate,"
		       "write.latency,space.usage";
	case PROCMON_NETWORK:
		return "name,kind,state,speed,receive.rate,receive.errors,send.rate,send."
		       "errors";
	default:
		return NULL;
	}
}
