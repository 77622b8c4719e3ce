/* A machine for unit tests of the kernel: memory, a clock set by hand, recorded events.
 *
 * No CPU: a test plays the tasks by setting registers in k5.thread[] and calling
 * the kernel's entries.
 */
#pragma once

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hostport/hostport.h"
#include "kernel/event.h"
#include "kernel/state.h"
#include "kernel/system.h"

#define FAKE_FLASH_BASE  UINT32_C(0x08000000)
#define FAKE_FLASH_BYTES (64u * 1024u)
#define FAKE_RAM_BASE    UINT32_C(0x20000000)
#define FAKE_RAM_BYTES   (96u * 1024u)
#define FAKE_EVENTS      512u

struct fake_machine {
    struct hostport_machine port; /* first: callbacks get a pointer to it */
    struct kernel_state state;
    uint8_t flash[FAKE_FLASH_BYTES];
    uint8_t ram[FAKE_RAM_BYTES];
    struct k5_event event[FAKE_EVENTS]; /* the first ones since fake_machine_clear_events() */
    uint32_t event_count;               /* all of them; may be more than FAKE_EVENTS */
    uint32_t written_count;             /* how often the port reported a write */
    bool catches;
    jmp_buf caught;
};

/* Zeroes everything, wants all events, time 0, and enters the machine for this host thread. */
void fake_machine_init(struct fake_machine *fake, const struct sys_header *system);

/* Runs `action`; true if a kernel assertion ended it. Elsewhere an assertion aborts the test. */
bool fake_machine_panics(struct fake_machine *fake, void (*action)(void *), void *argument);

/* Moves the clock on by `ticks`. */
void fake_machine_advance(struct fake_machine *fake, uint64_t ticks);

void fake_machine_clear_events(struct fake_machine *fake);

/* How many recorded events are of `kind`. */
uint32_t fake_machine_count(const struct fake_machine *fake, uint32_t kind);

/* The last recorded event of `kind`, or NULL. */
const struct k5_event *fake_machine_last(const struct fake_machine *fake, uint32_t kind);

/* True if the kernel has unmasked the interrupt line. */
bool fake_machine_unmasked(const struct fake_machine *fake, uint32_t line);

/* Guest memory; aborts the test if the range is not all in flash or RAM. */
uint8_t *fake_machine_memory(struct fake_machine *fake, uint32_t address, uint32_t bytes);
