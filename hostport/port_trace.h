/* Kernel events of the hosted port: always compiled in, asked for at run time.
 *
 * A machine says which kinds it wants; the others cost one test.
 */
#pragma once

#include "hostport/hostport.h"

#define port_trace(kind, thread, code, arg0, arg1)                                                 \
    do {                                                                                           \
        if (hostport_wants(kind)) {                                                                \
            hostport_trace(kind, thread, code, arg0, arg1);                                        \
        }                                                                                          \
    } while (0)
