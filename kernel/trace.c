/* Kernel events of trace builds. */
#include "kernel/trace.h"

#include "kernel/event.h"

void trace_emit(uint8_t kind, uint32_t thread, uint32_t code, uint32_t arg0, uint32_t arg1)
{
    const uint32_t arg[] = {arg0, arg1};

    event_emit(kind, thread, code, arg, 2);
}
