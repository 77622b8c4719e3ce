/* Building of event records. */
#include "kernel/event.h"

#include "kernel/port.h"

void event_emit(uint32_t kind, uint32_t thread, uint32_t code, const uint32_t *arg, uint32_t count)
{
    struct k5_event event = {
        .time = port_cycles(),
        .kind = (uint8_t)kind,
        .thread = (uint8_t)thread,
        .code = (uint16_t)code,
    };

    for (uint32_t i = 0; i < count; i++) {
        event.arg[i] = arg[i];
    }
    port_event(&event);
}
