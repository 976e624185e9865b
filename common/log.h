/*
 * The log: one line, one event, to stderr (or where it was redirected). At most
 * LOG_LINES_A_SECOND; what is beyond is counted and reported in one line.
 */
#ifndef COMMON_LOG_H
#define COMMON_LOG_H

#include <stdbool.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* Lines above this level are dropped. The default is LOG_LEVEL_INFO. */
void log_set_level(enum log_level level);
enum log_level log_get_level(void);

/*
 * Sends the log to a file from now on, at most max_bytes of it: at the limit the file starts
 * anew. Returns 0 or a negative errno. A failing write never disturbs the caller.
 */
int log_open_file(const char *path, unsigned long max_bytes);

void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
