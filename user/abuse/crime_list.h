/* All crimes: X(name, what it does, kind of fault) for each. ARCH/crime_set.h chooses. */
#pragma once

#include "k5_abi.h"

/* clang-format off */

/* On every instruction set. */
#define CRIMES_SHARED(X) \
    X(load_zero, "load from address 0", K5_FAULT_DATA) \
    X(load_kernel_memory, "load the kernel's memory", K5_FAULT_DATA) \
    X(store_kernel_memory, "store to the kernel's memory", K5_FAULT_DATA) \
    X(load_kernel_code, "load the kernel's code", K5_FAULT_DATA) \
    X(store_kernel_code, "store to the kernel's code", K5_FAULT_DATA) \
    X(store_own_code, "store to its own code", K5_FAULT_DATA) \
    X(store_past_end, "store one byte past its end", K5_FAULT_DATA) \
    X(store_before_start, "store one byte before its start", K5_FAULT_DATA) \
    X(load_past_end, "load one byte past its end", K5_FAULT_DATA) \
    X(load_unbacked, "load where nothing is", K5_FAULT_DATA) \
    X(execute_data, "execute its data", K5_FAULT_FETCH) \
    X(execute_stack, "execute its stack", K5_FAULT_FETCH) \
    X(execute_zero, "jump to address 0", K5_FAULT_FETCH) \
    X(execute_kernel_code, "jump into the kernel", K5_FAULT_FETCH) \
    X(undefined_instruction, "undefined instruction", K5_FAULT_UNDEFINED) \
    X(breakpoint, "breakpoint", K5_FAULT_BREAKPOINT) \
    X(semihosting, "semihosting", K5_FAULT_BREAKPOINT) \
    X(floating_point, "floating point without the right to it", K5_FAULT_COPROCESSOR) \
    X(push_past_stack, "push past the end of its stack", K5_FAULT_STACK_OVERFLOW) \
    X(system_call_first_unused, "first unused system-call number", K5_FAULT_SYSCALL) \
    X(system_call_256, "system-call number 256", K5_FAULT_SYSCALL) \
    X(system_call_sign, "system-call number with the sign bit", K5_FAULT_SYSCALL) \
    X(system_call_last, "highest system-call number", K5_FAULT_SYSCALL) \
    X(panic, "panic", K5_FAULT_PANIC)

/* Only on Armv8-M. */
#define CRIMES_ARMV8M(X) \
    X(store_across_end, "store a word across its end", K5_FAULT_DATA) \
    X(store_many_across_end, "store multiple across its end", K5_FAULT_DATA) \
    X(load_many_across_end, "load multiple across its end", K5_FAULT_DATA) \
    X(load_system_control, "load a system control register", K5_FAULT_BUS) \
    X(store_system_control, "store to a system control register", K5_FAULT_BUS) \
    X(execute_even_address, "jump to an even address", K5_FAULT_STATE) \
    X(divide_by_zero, "divide by zero", K5_FAULT_DIVIDE) \
    X(unaligned_double, "unaligned double load", K5_FAULT_UNALIGNED) \
    X(unaligned_exclusive, "unaligned exclusive load", K5_FAULT_UNALIGNED) \
    X(call_with_stack_elsewhere, "system call with the stack elsewhere", K5_FAULT_STACK_OVERFLOW) \
    X(call_with_no_room, "system call with no room on the stack", K5_FAULT_STACK_OVERFLOW)

/* Only on RV32. */
#define CRIMES_RV32(X) \
    X(reserve_past_end, "reserve a word past its end", K5_FAULT_DATA) \
    X(load_interrupt_controller, "load an interrupt register", K5_FAULT_DATA) \
    X(store_timer, "store to the timer", K5_FAULT_DATA) \
    X(undefined_short_instruction, "undefined short instruction", K5_FAULT_UNDEFINED) \
    X(read_status, "read mstatus", K5_FAULT_UNDEFINED) \
    X(write_scratch, "write mscratch", K5_FAULT_UNDEFINED) \
    X(open_memory, "write pmpcfg0", K5_FAULT_UNDEFINED) \
    X(read_cycles, "read the cycle counter", K5_FAULT_UNDEFINED) \
    X(read_time, "read the time", K5_FAULT_UNDEFINED) \
    X(return_from_trap, "return from a trap", K5_FAULT_UNDEFINED) \
    X(wait_for_interrupt, "wait for an interrupt", K5_FAULT_UNDEFINED) \
    X(unaligned_reservation, "unaligned reservation", K5_FAULT_UNALIGNED) \
    X(floating_point_load, "short floating-point load", K5_FAULT_COPROCESSOR)
