/* Kernel events of trace builds. */
#include "kernel/trace.h"

#include "kernel/port.h"

void trace_emit(uint8_t kind, uint32_t thread, uint32_t code, uint32_t arg0, uint32_t arg1)
{
    const struct k5_event event = {
        .time = port_cycles(),
        .kind = kind,
        .thread = (uint8_t)thread,
        .code = (uint16_t)code,
        .arg = {arg0, arg1},
    };

    port_event(&event);
}
