/* What the machine must know of an instruction set: traps, protection registers, files.
 *
 * One file a set. The running thread's registers are in its CPU or where the kernel finds them
 * (struct thread), and these functions carry them to and fro, as the trap entry of a port does.
 */
#pragma once

#include "hostport/hostport.h"
#include "kernel/state.h"
#include "sim/cpu/cpu.h"

struct k5sim;

struct guest {
    const char *cpu; /* of struct k5sim_board */
    enum cpu_model model;
    const struct hostport_arch *port;
    uint16_t elf_machine;
    const char *elf_name;
    uint32_t register_count; /* of k5sim_registers() */
    bool has_fpu;

    /* What the registers of the protection unit say, in two steps; see sim/cpu/mpu.h. */
    void (*list_mpu)(struct mpu_entries *entries, const struct port_mpu_image *image,
                     uint32_t count);
    void (*build_mpu)(struct mpu *mpu, const struct mpu_entries *entries);
    /* Trap entry. False: it could not be taken, and the kernel got that fault instead. */
    bool (*suspend)(struct k5sim *sim, struct thread *thread, struct cpu *cpu);
    /* Trap entry for the fault that stopped the CPU; the kernel gets it. */
    void (*fault)(struct k5sim *sim, struct thread *thread, struct cpu *cpu);
    /* What `fault` will hand to the kernel; nothing happens. */
    void (*describe_fault)(struct k5sim *sim, const struct thread *thread, const struct cpu *cpu,
                           struct fault_record *record);
    /*
     * Loads the thread into its task's CPU and returns from the trap. False: that failed, and the
     * kernel got the fault; or the engine failed, and so did the machine.
     */
    bool (*resume)(struct k5sim *sim, struct thread *thread, struct cpu *cpu);
    /* Loads the thread into its task's CPU as it is while it runs, but for its registers. */
    bool (*select)(struct k5sim *sim, const struct thread *thread, struct cpu *cpu);
    /* Registers of a thread that is not running, as far as they are known. */
    void (*registers)(struct k5sim *sim, const struct thread *thread,
                      struct cpu_registers *registers);
    /* Sets one of them, or (NULL) only asks. False: there is no place where it is taken from. */
    bool (*set_register)(struct k5sim *sim, struct thread *thread, uint32_t number,
                         const uint32_t *value);
    /* Those bits of a register that there are. */
    uint32_t (*register_bits)(uint32_t number);
    /* Flips bits of a register of such a thread where it is kept; false: nobody knows where that
     * is. The stack pointer of Armv8-M is the one with the frame on it. */
    bool (*flip_saved)(struct k5sim *sim, struct thread *thread, uint32_t number, uint32_t mask);
};

/* By the board's name for it; NULL: there is none. */
const struct guest *guest_find(const char *cpu);

extern const struct guest guest_cortex_m33;
extern const struct guest guest_rv32;
extern const struct guest guest_sifive_e31;
