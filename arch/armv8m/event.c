/* Events leave through the board's byte sink; the last ones, and the end of the machine. */
#include "k5_abi.h"
#include "kernel/port.h"

#include "arch/armv8m/machine.h"
#include "arch/armv8m/port_internal.h"
#include "arch/armv8m/stream.h"

#define PANIC_TEXT_BYTES (4u * EVENT_ARGS)

/* Events that found no room in the sink since the last one that did. */
static uint32_t lost;

static bool emit(const struct k5_event *event)
{
    uint8_t frame[STREAM_FRAME_BYTES];

    return sink_write(frame, stream_encode(event, frame));
}

/* Says where the gap is, as soon as there is room again. */
static bool report_lost(uint64_t time)
{
    const struct k5_event event = {
        .time = time,
        .kind = K5_EVENT_LOST,
        .thread = 0xff,
        .arg = {lost},
    };

    return emit(&event);
}

void port_event(const struct k5_event *event)
{
    if (lost != 0 && report_lost(event->time)) {
        lost = 0;
    }
    if (lost != 0 || !emit(event)) {
        lost++;
    }
    (void)sink_pump();
}

static void flush(void)
{
    while (sink_pump()) {
    }
}

void port_halt(void)
{
    flush();
    machine_halt();
}

void port_panic(const char *file, uint32_t line)
{
    port_panic_text(file, line);
}

void port_panic_text(const char *text, uint32_t line)
{
    struct k5_event event = {
        .time = port_cycles(),
        .kind = K5_EVENT_PANIC,
        .thread = 0xff,
        .code = (uint16_t)line,
    };

    for (uint32_t i = 0; i < PANIC_TEXT_BYTES && text[i] != '\0'; i++) {
        event.arg[i / 4u] |= (uint32_t)(uint8_t)text[i] << (8u * (i % 4u));
    }
    flush(); /* room for the epitaph */
    port_event(&event);
    flush();
    machine_stop();
}
