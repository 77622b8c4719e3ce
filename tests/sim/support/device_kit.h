/* Device models in a machine of their own, reached as the core reaches them.
 *
 *     static const struct k5sim_device devices[] = {
 *         {.model = "stm32-tim", .name = "tim6", .base = 0x40001000, .line = {49}, .line_count =
 * 1},
 *     };
 *     struct k5sim *sim = kit_open(&(struct kit_board){devices, 1});
 *     kit_write(sim, 0, TIM_CR1, 1);
 *     kit_advance(sim, 1000);
 *     assert_true(kit_line(sim, 49));
 *     k5sim_close(sim);
 *
 * Its CPU idles; time is what kit_advance() makes it, a tick of 20 MHz at a time where
 * it matters: each event comes at its tick, in the order that the run loop has.
 */
#pragma once

#include "sim/k5sim.h"

struct kit_board {
    const struct k5sim_device *device;
    size_t device_count;
    const struct k5sim_wire *wire;
    size_t wire_count;
    const struct k5sim_pin *pin;
    size_t pin_count;
};

#define KIT_TICK_HZ 20000000u

/* A booted machine with these devices; fails the test if there is none. */
struct k5sim *kit_open(const struct kit_board *board);

/* A task's access of a word, or of `bytes`; fails the test if it is refused with a bus error. */
uint32_t kit_read(struct k5sim *sim, uint32_t device, uint32_t offset);
uint32_t kit_read_sized(struct k5sim *sim, uint32_t device, uint32_t offset, uint32_t bytes);
void kit_write(struct k5sim *sim, uint32_t device, uint32_t offset, uint32_t value);
void kit_write_sized(struct k5sim *sim, uint32_t device, uint32_t offset, uint32_t bytes,
                     uint32_t value);
/* The access is refused with a bus error. */
bool kit_read_refused(struct k5sim *sim, uint32_t device, uint32_t offset, uint32_t bytes);
bool kit_write_refused(struct k5sim *sim, uint32_t device, uint32_t offset, uint32_t bytes,
                       uint32_t value);

/* Lets time pass. */
void kit_advance(struct k5sim *sim, uint64_t ticks);

/* Is the interrupt line up? */
bool kit_line(const struct k5sim *sim, uint32_t line);

/* How many recorded events of `kind` with `code` there were since the last call for any kind that
 * took them: all kinds are recorded; this takes them all and keeps the last that matched. */
size_t kit_events(struct k5sim *sim, uint32_t kind, uint32_t code, struct k5sim_event *last);

/* The characters that left on the device's serial line since the last kit_events(), kit_sent(). */
size_t kit_sent(struct k5sim *sim, uint32_t device, char *out, size_t most);
