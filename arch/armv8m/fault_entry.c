/* Faults: of a thread, for the kernel to judge; of the kernel, the end. */
#include "arch/armv8m/core.h"
#include "arch/armv8m/fault.h"
#include "arch/armv8m/port_internal.h"
#include "arch/armv8m/port_state.h"
#include "arch/common/event.h"

/* Reads what the core knows about the fault, and clears it: the bits are sticky. */
static void take_status(struct fault_input *input)
{
    input->exception = core_ipsr();
    input->cfsr = CFSR;
    input->hfsr = HFSR;
    input->mmfar = MMFAR;
    input->bfar = BFAR;
    input->sfsr = 0;
    if (input->exception == EXC_USAGE_FAULT && input->cfsr == 0) {
        input->exception = EXC_SECURE_FAULT; /* how the shim passes one on: see its source */
        input->sfsr = input->mmfar;
    }
    CFSR = input->cfsr;
    HFSR = input->hfsr;
}

void port_fault(void)
{
    const struct port_context *context = &port.saved->context;
    struct fault_input input;
    struct fault_record record;

    take_status(&input);
    input.psp = context->psp;
    input.psplim = context->psplim;
    input.exc_return = context->exc_return;
    if (fault_frame_pushed(&input)) {
        fault_decode(&input, (const struct exception_frame *)(uintptr_t)input.psp, &record);
    } else {
        /* An SVC that found no room for its frame still pends, and would be taken on behalf of
         * whoever runs next. */
        SHCSR &= ~SHCSR_SVCALLPENDED;
        fault_decode(&input, NULL, &record);
    }
    kernel_fault(&record); /* asserts that it was not the idle thread */
}

/* `pc` is what stands in the frame on the kernel's own stack, if the core could push one. */
void port_kernel_fault(uint32_t pc)
{
    struct fault_input input;

    take_status(&input);
    bool known = (input.cfsr & (CFSR_STKOF | CFSR_MSTKERR | CFSR_STKERR)) == 0;

    port_stop("kernel fault", input.exception, known ? pc : 0, input.cfsr);
}
