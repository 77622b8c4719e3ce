/* What server.c needs of a chip. */
#pragma once

#include "rng.h"

void rng_hw_start(void);

/* The next 32 random bits. K5_E_IO: they cannot be trusted, even after it was begun anew. */
enum k5_error rng_hw_word(uint32_t *word);
