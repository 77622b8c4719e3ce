/* The kernel's invariants, for tests, fuzzers and the simulator. No image links them. */
#pragma once

/* Between two entries: NULL, or the sentence that does not hold. */
const char *kernel_invariants(void);

/* The part about tasks, capabilities, memory and loans: kernel/invariants_objects.c. */
const char *invariants_objects(void);
