/* Faults: of a thread, for the kernel to judge; of the kernel, the end. */
#include "arch/armv8m/core.h"
#include "arch/armv8m/fault.h"
#include "arch/armv8m/port_internal.h"
#include "arch/armv8m/port_state.h"

/* Reads what the core knows about the fault, and clears it: the bits are sticky. */
static void take_status(struct fault_input *input)
{
    input->exception = core_ipsr();
    input->cfsr = CFSR;
    input->hfsr = HFSR;
    input->mmfar = MMFAR;
    input->bfar = BFAR;
    CFSR = input->cfsr;
    HFSR = input->hfsr;
}

void port_fault(void)
{
    struct fault_input input = {.psp = port.saved->context.psp,
                                .psplim = port.saved->context.psplim,
                                .exc_return = port.saved->context.exc_return};
    struct fault_record record;

    take_status(&input);
    if (port.id == NO_THREAD) {
        port_panic_text("fault of the idle thread", input.exception);
    }
    if (fault_frame_pushed(&input)) {
        fault_decode(&input, (const struct exception_frame *)(uintptr_t)input.psp, &record);
    } else {
        /* An SVC that found no room for its frame still pends, and would be taken on behalf of
         * whoever runs next. */
        SHCSR &= ~SHCSR_SVCALLPENDED;
        fault_decode(&input, NULL, &record);
    }
    kernel_fault(&record);
}

static void put_hex(char *text, uint32_t value)
{
    for (uint32_t i = 0; i < 8; i++) {
        text[i] = "0123456789abcdef"[(value >> (28u - 4u * i)) & 15u];
    }
}

/* The epitaph has 24 characters: CFSR, and the pc if the frame is on the kernel's own stack. */
void port_kernel_fault(uint32_t exc_return, uint32_t msp)
{
    char text[] = "fault 00000000 00000000";
    struct fault_input input;

    take_status(&input);
    put_hex(&text[6], input.cfsr);
    if ((input.cfsr & (CFSR_STKOF | CFSR_MSTKERR | CFSR_STKERR)) == 0 && (exc_return & 4u) == 0) {
        put_hex(&text[15], ((const struct exception_frame *)(uintptr_t)msp)->pc);
    }
    port_panic_text(text, input.exception);
}
