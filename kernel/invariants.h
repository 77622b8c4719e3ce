/* The kernel's invariants, for tests, fuzzers and the simulator. No image links them. */
#pragma once

/* Between two entries: NULL, or the sentence that does not hold. */
const char *kernel_invariants(void);
