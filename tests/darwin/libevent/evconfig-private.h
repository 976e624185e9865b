/* What libevent's configure would say here it would not say on macOS. */
#ifndef TESTS_DARWIN_LIBEVENT_EVCONFIG_PRIVATE_H
#define TESTS_DARWIN_LIBEVENT_EVCONFIG_PRIVATE_H

#endif
