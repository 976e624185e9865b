/* What is shown of a table when nobody says what. */
#ifndef CLIENT_DEFAULTS_H
#define CLIENT_DEFAULTS_H

#include <stdint.h>

/*
 * Names as after --attrs, in an order in which the last ones go first when a screen is narrow.
 * NULL: all but details. The server need not know all of them.
 */
const char *defaults_find(uint32_t table);

#endif
