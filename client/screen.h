/*
 * The terminal under a live table: another screen while it runs, the user's own screen
 * and settings back after any end.
 */
#ifndef CLIENT_SCREEN_H
#define CLIENT_SCREEN_H

#include <stdbool.h>
#include <stddef.h>

/* Columns and lines of the terminal at stdout; 0 if there is none. */
size_t screen_width(void);
size_t screen_height(void);

/* Does the locale say that the terminal can show other than ASCII? */
bool screen_can_utf8(void);

/* Whether stdout is a terminal that can redraw in place. */
bool screen_is_live(void);

/*
 * Switches to a screen of our own, without cursor and echo, unless it is there already. Fatal
 * signals leave it by themselves.
 */
void screen_enter(void);
/* Whether there was one to leave. */
bool screen_leave(void);

/* Replaces what is on the screen by these lines. */
void screen_show(const char *text);

#endif
