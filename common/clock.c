#include "clock.h"

#ifdef CLOCK_UPTIME_RAW
#define CLOCK_STEADY CLOCK_UPTIME_RAW
#else
#define CLOCK_STEADY CLOCK_MONOTONIC
#endif

uint64_t clock_read_ns(clockid_t clock)
{
	struct timespec time;

	clock_gettime(clock, &time);
	return (uint64_t)time.tv_sec * SECOND_NS + (uint64_t)time.tv_nsec;
}

uint64_t clock_now_ns(void)
{
	return clock_read_ns(CLOCK_STEADY);
}

uint64_t clock_now_ms(void)
{
	return clock_now_ns() / (SECOND_NS / 1000);
}

struct timeval clock_until(uint64_t deadline_ns, uint64_t now_ns)
{
	uint64_t rest_us = deadline_ns > now_ns ? (deadline_ns - now_ns + 999) / 1000 : 0;

	return (struct timeval){
		.tv_sec = (time_t)(rest_us / 1000000),
		.tv_usec = (suseconds_t)(rest_us % 1000000),
	};
}
