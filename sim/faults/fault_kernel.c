/* Faults of the kernel's own memory: any field of its state, and messages on their way. */
#include "kernel/message.h"
#include "kernel/thread.h"
#include "sim/past/snapshot.h"

#define CHECK_FILE "sim/faults/fault_kernel_check.c"

#define MESSAGE_WORDS 4u
#define MESSAGE_INFO  4u /* in k5sim_fault.where */

/* Bytes that the mask reaches. */
static uint32_t bytes_of(uint32_t mask)
{
    return mask == 0 ? 0 : 4u - (uint32_t)__builtin_clz(mask) / 8u;
}

/*
 * The running thread's registers are the kernel's only while it does not run: who flips what names
 * it meets the kernel in the middle of an entry, so that these registers have a place.
 */
static void settle_running(struct k5sim *sim, uint32_t offset)
{
    if (offset == offsetof(struct kernel_state, current)) {
        machine_suspend(sim);
    }
}

/* Tables have rows that this system has not: an image of it would not even have their memory. */
static bool is_used(const struct k5sim *sim, uint32_t offset, uint32_t bytes)
{
    const struct kernel_part *part = sim->kernel_parts.part;
    uint32_t i = 0;

    while (i < KERNEL_PARTS &&
           (offset < part[i].offset || offset + bytes > part[i].offset + part[i].bytes)) {
        i++;
    }
    return i < KERNEL_PARTS;
}

int fault_kernel(struct k5sim *sim, const struct k5sim_fault *f)
{
    uint8_t *state = (uint8_t *)&sim->kernel;
    uint32_t bytes = bytes_of(f->mask);

    if (f->where >= sizeof sim->kernel || bytes > sizeof sim->kernel - f->where) {
        return machine_error(sim, K5SIM_BAD_ARGUMENT,
                             "offset %u + %u is not in the kernel's state of %zu bytes",
                             (unsigned)f->where, (unsigned)bytes, sizeof sim->kernel);
    }
    if (bytes == 0 || !is_used(sim, f->where, bytes)) {
        return K5SIM_NOTHING;
    }
    int result = fault_begins(sim, f);

    if (result != K5SIM_OK) {
        return result;
    }
    sim->kernel_hit = true;
    settle_running(sim, f->where);
    for (uint32_t i = 0; i < bytes; i++) {
        state[f->where + i] ^= (uint8_t)(f->mask >> 8u * i);
    }
    uint32_t line = fault_kernel_check(&sim->kernel, sim->system);

    if (line != 0) {
        machine_panic(sim, CHECK_FILE, line);
    }
    return K5SIM_OK;
}

int fault_message(struct k5sim *sim, const struct k5sim_fault *f)
{
    int result = fault_check(sim, "thread", f->thread, sim->system->thread_count);

    if (result == K5SIM_OK) {
        result = fault_check(sim, "word of a message", f->where, MESSAGE_WORDS + 1u);
    }
    if (result != K5SIM_OK) {
        return result;
    }
    struct thread *thread = &sim->kernel.thread[f->thread];

    if (f->mask == 0 || !(thread_is_sending(thread) || thread->state == K5_THREAD_AWAITING)) {
        return K5SIM_NOTHING;
    }
    result = fault_begins(sim, f);
    if (result == K5SIM_OK) {
        thread->reg[f->where == MESSAGE_INFO ? (uint32_t)IPC_INFO : IPC_W0 + f->where] ^= f->mask;
    }
    return result;
}
