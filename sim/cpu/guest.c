/* The instruction sets that are simulated. */
#include "sim/cpu/guest.h"

#include <string.h>

const struct guest *guest_find(const char *cpu)
{
    static const struct guest *const all[] = {&guest_cortex_m33, &guest_rv32, &guest_sifive_e31};

    for (size_t i = 0; cpu != NULL && i < sizeof all / sizeof all[0]; i++) {
        if (strcmp(all[i]->cpu, cpu) == 0) {
            return all[i];
        }
    }
    return NULL;
}
