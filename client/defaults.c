#include "defaults.h"

#include <stddef.h>

#include "procmon.h"

const char *defaults_find(uint32_t table)
{
	switch (table) {
	case PROCMON_COALITION:
		return "name,kind,tasks,cpu.usage,memory.current,memory.swap,io.read_rate,"
		       "io.write_rate";
	case PROCMON_THREAD:
		return "tid,name,state,cpu.usage,cpu.total,run_delay,switches.voluntary,"
		       "priority,last_cpu";
	case PROCMON_CPU:
		return "name,type,busy,frequency.now,temperature,time.user,time.system";
	case PROCMON_GPU:
		return "name,driver,busy,memory.used,memory.total,frequency.now,power.now,"
		       "temperature,fan";
	case PROCMON_POWER:
		return "name,kind,power.now,power.average,energy,battery.level,battery.status";
	case PROCMON_SENSOR:
		return "name,kind,temperature,temperature.max,temperature.crit,fan.speed,"
		       "voltage,current";
	case PROCMON_DISK:
		return "name,size,busy,read_rate,write_rate,read_latency,write_latency";
	case PROCMON_NETWORK:
		return "name,kind,state,speed,receive_rate,send_rate,received.errors,sent."
		       "errors";
	default:
		return NULL;
	}
}
