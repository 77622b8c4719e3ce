/* Faults: of a thread, for the kernel to judge; of the kernel, the end. */
#include "arch/common/event.h"
#include "arch/rv32/fault.h"
#include "arch/rv32/port_internal.h"
#include "arch/rv32/port_state.h"
#include "kernel/system.h"

void port_fault(uint32_t mcause, uint32_t mtval)
{
    const struct port_context *context = &port.saved->context;
    struct fault_record record;

    rv32_fault_decode(
        &(struct rv32_fault_input){
            .mcause = mcause,
            .mepc = context->pc,
            .mtval = mtval,
            .sp = context->sp,
            .ra = context->ra,
            .stack_base = sys_thread(port.id)->stack_base,
        },
        &record);
    kernel_fault(&record);
}

void port_kernel_fault(uint32_t mcause, uint32_t mepc)
{
    port_stop("kernel fault", mcause & 0xffu, mepc, mcause);
}
