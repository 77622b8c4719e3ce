/* What an actor of suite_fpu.toml does with floating point: DO_RUN with one of these. */
#pragma once

enum fpu_way {
    FPU_ADD,   /* value: 1.5 + 2.25 as a word */
    FPU_LOOK,  /* value: all registers, ored; r[1]: FPSCR */
    FPU_LEAVE, /* fills the registers with values of seed b, and leaves them */
    FPU_CARRY, /* the same, receives from its own endpoint; value: how many changed meanwhile */
    FPU_SPIN,  /* the same, computes for a while instead, until c rounds are over */
    FPU_WAYS,
};

#define SUM_OF_FLOATS 0x40700000u /* 3.75 */
