/* A machine for unit tests of the kernel. */
#include "tests/unit/fake_machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/port.h"

static struct fake_machine *fake_of(struct hostport_machine *machine)
{
    return (struct fake_machine *)machine;
}

static void record_event(struct hostport_machine *machine, const struct k5_event *event)
{
    struct fake_machine *fake = fake_of(machine);

    if (fake->event_count < FAKE_EVENTS) {
        fake->event[fake->event_count] = *event;
    }
    fake->event_count++;
}

static void count_write(struct hostport_machine *machine, uint32_t address, uint32_t bytes)
{
    (void)address;
    (void)bytes;
    fake_of(machine)->written_count++;
}

__attribute__((noreturn)) static void leave_kernel(struct hostport_machine *machine)
{
    struct fake_machine *fake = fake_of(machine);

    if (fake->catches) {
        longjmp(fake->caught, 1);
    }
    const struct k5_event *event = fake_machine_last(fake, K5_EVENT_PANIC);
    char file[sizeof event->arg + 1] = "?";

    if (event != NULL) {
        memcpy(file, event->arg, sizeof event->arg);
        fprintf(stderr, "kernel assertion failed: %s:%u\n", file, (unsigned)event->code);
    }
    abort();
}

void fake_machine_init(struct fake_machine *fake, const struct sys_header *system)
{
    memset(fake, 0, sizeof *fake);
    fake->port = (struct hostport_machine){
        .arch = &hostport_armv8m,
        .deadline = PORT_NEVER,
        .wanted = UINT64_MAX,
        .range_count = 2,
        .range =
            {
                {FAKE_FLASH_BASE, FAKE_FLASH_BYTES, fake->flash},
                {FAKE_RAM_BASE, FAKE_RAM_BYTES, fake->ram},
            },
        .event = record_event,
        .written = count_write,
        .panic = leave_kernel,
    };
    hostport_enter(&fake->port, &fake->state, system);
}

bool fake_machine_panics(struct fake_machine *fake, void (*action)(void *), void *argument)
{
    volatile bool caught = true;

    fake->catches = true;
    if (setjmp(fake->caught) == 0) {
        action(argument);
        caught = false;
    }
    fake->catches = false;
    return caught;
}

void fake_machine_advance(struct fake_machine *fake, uint64_t ticks)
{
    fake->port.now += ticks;
}

void fake_machine_clear_events(struct fake_machine *fake)
{
    fake->event_count = 0;
}

static uint32_t stored_events(const struct fake_machine *fake)
{
    return fake->event_count < FAKE_EVENTS ? fake->event_count : FAKE_EVENTS;
}

uint32_t fake_machine_count(const struct fake_machine *fake, uint32_t kind)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < stored_events(fake); i++) {
        count += fake->event[i].kind == kind;
    }
    return count;
}

const struct k5_event *fake_machine_last(const struct fake_machine *fake, uint32_t kind)
{
    for (uint32_t i = stored_events(fake); i > 0; i--) {
        if (fake->event[i - 1].kind == kind) {
            return &fake->event[i - 1];
        }
    }
    return NULL;
}

bool fake_machine_unmasked(const struct fake_machine *fake, uint32_t line)
{
    return line < HOSTPORT_LINES && (fake->port.unmasked[line / 32] >> line % 32 & 1u) != 0;
}

uint8_t *fake_machine_memory(struct fake_machine *fake, uint32_t address, uint32_t bytes)
{
    uint8_t *host = hostport_memory(&fake->port, address, bytes);

    if (host == NULL) {
        fprintf(stderr, "test bug: 0x%08x + %u is not in the fake machine's memory\n",
                (unsigned)address, (unsigned)bytes);
        abort();
    }
    return host;
}
