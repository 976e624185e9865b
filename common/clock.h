/* The system's clocks, in nanoseconds. */
#ifndef COMMON_CLOCK_H
#define COMMON_CLOCK_H

#include <stdint.h>
#include <sys/time.h>
#include <time.h>

#define SECOND_NS UINT64_C(1000000000)

uint64_t clock_read_ns(clockid_t clock);

/*
 * The clock that every deadline is told in, and every time on the wire: it never steps, and stands
 * while the machine sleeps. Linux: CLOCK_MONOTONIC. macOS: CLOCK_UPTIME_RAW, for CLOCK_MONOTONIC
 * goes on there, in whole microseconds.
 */
uint64_t clock_now_ns(void);
uint64_t clock_now_ms(void);

/* The rest until a deadline, rounded up: an event must not come before its time. */
struct timeval clock_until(uint64_t deadline_ns, uint64_t now_ns);

#endif
