/* Armv8-M, after a refusal: which address it was, and where in an IT block. */
#include "arch/armv8m/fault.h"
#include "kernel/system.h"
#include "sim/cpu/cpu_internal.h"
#include "sim/cpu/thumb.h"

/* Private peripheral bus: unprivileged access is a bus fault, whatever the MPU says. */
#define PPB_BASE  UINT32_C(0xe0000000)
#define PPB_BYTES UINT32_C(0x00100000)

enum refusal { REFUSAL_NONE, REFUSAL_MPU, REFUSAL_BUS };

static enum refusal refusal_at(const struct cpu *cpu, uint32_t address, bool store)
{
    uint32_t want = store ? SYS_WRITE : SYS_READ;

    if (address - PPB_BASE < PPB_BYTES) {
        return REFUSAL_BUS;
    }
    if ((mpu_at(&cpu->mpu, address) & want) == 0) {
        return REFUSAL_MPU;
    }
    return bus_answers(cpu, address) ? REFUSAL_NONE : REFUSAL_BUS;
}

static void set_fault(struct cpu *cpu, enum refusal refusal, uint32_t address)
{
    if (refusal == REFUSAL_MPU) {
        cpu->fault = (struct cpu_fault){
            .exception = EXC_MEM_MANAGE,
            .cfsr = CFSR_DACCVIOL | CFSR_MMARVALID,
            .mmfar = address,
        };
    } else {
        cpu->fault = (struct cpu_fault){
            .exception = EXC_BUS_FAULT,
            .cfsr = CFSR_PRECISERR | CFSR_BFARVALID,
            .bfar = address,
        };
    }
}

void fault_explain_access(struct cpu *cpu)
{
    struct thumb_access access;
    uint32_t pc = cpu->regs.r[CPU_PC];
    uint16_t half[2];

    code_fetch(cpu, pc, half);
    if (thumb_access(half[0], half[1], &access)) {
        uint32_t address = thumb_address(&access, cpu->regs.r, pc);
        uint32_t bytes = (uint32_t)access.unit * access.count;

        for (uint32_t i = 0; i < bytes; i++) {
            enum refusal refusal = refusal_at(cpu, address + i, access.store);

            if (refusal != REFUSAL_NONE) {
                set_fault(cpu, refusal, address + i);
                return;
            }
        }
    }
    /* An encoding that the manual calls unpredictable, and that is not decoded above as Unicorn
     * executes it: the record says that the address is unknown. */
    cpu->fault = (struct cpu_fault){.exception = EXC_MEM_MANAGE, .cfsr = CFSR_DACCVIOL};
}

static bool in_it_block(const struct cpu *cpu, uint32_t pc)
{
    return cpu->it_end != 0 && pc >= cpu->it_start && pc < cpu->it_end;
}

/* Slots of the current block that begin before `pc`. */
static uint32_t slots_before(const struct cpu *cpu, uint32_t pc)
{
    uint32_t at = cpu->it_start;
    uint32_t slots = 0;

    while (at < pc && slots < 4) {
        uint16_t half[2];

        code_fetch(cpu, at, half);
        at += thumb_bytes(half[0]);
        slots++;
    }
    return slots;
}

/* How xPSR holds ITSTATE: bits 7:2 in 15:10, bits 1:0 in 26:25 (Armv8-M ARM B3.5.1). */
static uint32_t xpsr_of_it_state(uint32_t state)
{
    return ((state & 0xfcu) << 8) | ((state & 3u) << 25);
}

/* ITAdvance (Armv8-M ARM E2.1.201): a slot that is done shifts the lower five bits; behind the last
 * one there is no state. */
static uint32_t advance(uint32_t state)
{
    return (state & 7u) == 0 ? 0 : (state & 0xe0u) | ((state << 1) & 0x1fu);
}

uint32_t fault_next_it_state(uint32_t state)
{
    return xpsr_of_it_state(advance(state));
}

uint32_t fault_it_state(const struct cpu *cpu, uint32_t pc)
{
    uint32_t state = cpu->it_state;

    if (!in_it_block(cpu, pc)) {
        return 0;
    }
    for (uint32_t i = slots_before(cpu, pc); i > 0; i--) {
        state = advance(state);
    }
    return xpsr_of_it_state(state);
}

uint32_t fault_it_remaining(const struct cpu *cpu, uint32_t pc)
{
    return in_it_block(cpu, pc) ? thumb_it_state_slots(cpu->it_state) - slots_before(cpu, pc) : 0;
}
