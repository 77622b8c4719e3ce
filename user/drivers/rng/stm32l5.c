/* RNG of STM32L5 (RM0438, chapter "True random number generator"), at 48 MHz. */
#include "clocks.h"
#include "driver_mmio.h"
#include "k5_log.h"
#include "k5_task.h"
#include "rng_hw.h"

#define CR MMIO32(REGION_RNG, 0x00)
#define SR MMIO32(REGION_RNG, 0x04)
#define DR MMIO32(REGION_RNG, 0x08)

#define CR_RNGEN   (1u << 2)
#define CR_CONDRST (1u << 30)
#define SR_DRDY    (1u << 0)
#define SR_CECS    (1u << 1) /* its clock is too slow */
#define SR_SECS    (1u << 2) /* its noise is none */
#define SR_CEIS    (1u << 5)
#define SR_SEIS    (1u << 6)

#define TRIES   3u
#define WAIT_US 1000u

/* Makes its state anew, as after a seed error (section "Error management"). */
static void begin(void)
{
    CR = CR_CONDRST;
    CR = CR_CONDRST | CR_RNGEN;
    CR = CR_RNGEN;
    SR = 0; /* CEIS and SEIS */
}

void rng_hw_start(void)
{
    while (clocks_enable(CAP_CLOCKS) == K5_E_RESTARTED ||
           clocks_reset(CAP_CLOCKS) == K5_E_RESTARTED) {
    }
    begin();
}

static enum k5_error try_word(uint32_t *word)
{
    uint64_t limit = driver_limit(WAIT_US);

    for (;;) {
        uint32_t status = SR;

        if ((status & (SR_SECS | SR_CECS | SR_SEIS | SR_CEIS)) != 0) {
            return K5_E_IO;
        }
        if ((status & SR_DRDY) != 0) {
            *word = DR;
            return *word != 0 ? K5_OK : K5_E_IO; /* 0: an error came between the two reads */
        }
        if (driver_late(limit)) {
            return K5_E_TIMEOUT;
        }
    }
}

enum k5_error rng_hw_word(uint32_t *word)
{
    enum k5_error error = K5_E_IO;

    for (uint32_t i = 0; i < TRIES && error == K5_E_IO; i++) {
        error = try_word(word);
        if (error == K5_E_IO) {
            begin();
        }
    }
    if (error != K5_OK) {
        K5_WARN("no random numbers: error %d", error);
    }
    return error;
}
