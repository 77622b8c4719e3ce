/* Events leave through the board's byte sink; the last ones, and the end of the machine. */
#include "arch/common/event.h"

#include "arch/common/machine.h"
#include "kernel/port.h"
#include "kernel/state.h"

/* Events that found no room in the sink since the last one that did. */
static uint32_t lost;

/* Says where the gap is, as soon as there is room again. */
static bool report_lost(uint64_t time)
{
    const struct k5_event event = {
        .time = time,
        .kind = K5_EVENT_LOST,
        .thread = NO_THREAD,
        .arg = {lost},
    };

    return sink_put(&event);
}

void port_event(const struct k5_event *event)
{
    if (lost != 0 && report_lost(event->time)) {
        lost = 0;
    }
    if (lost != 0 || !sink_put(event)) {
        lost++;
    }
}

/* Not inlined, so that the bound of the longest path (./k5 bench --wcet) can leave it out. */
__attribute__((noinline)) static void flush(void)
{
    while (sink_pump()) {
    }
}

void port_halt(void)
{
    flush();
    machine_halt();
}

void port_last_words(const char *text, uint32_t code, uint32_t detail, uint32_t status)
{
    struct k5_event event = {
        .time = port_cycles(),
        .kind = K5_EVENT_PANIC,
        .thread = NO_THREAD,
        .code = (uint16_t)code,
        .arg = {[EVENT_ARGS - 2] = detail, [EVENT_ARGS - 1] = status},
    };
    char *name = (char *)event.arg;

    for (uint32_t i = 0; i < sizeof event.arg && text[i] != '\0'; i++) {
        name[i] = text[i];
    }
    flush(); /* room for the epitaph */
    port_event(&event);
    flush();
    machine_stop();
}
