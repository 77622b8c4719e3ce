/* The trace image hands every kernel event to the board's sink, as a log line is. */
#pragma once

#include "kernel/trace.h"

#define port_trace(kind, thread, code, arg0, arg1) trace_emit(kind, thread, code, arg0, arg1)
