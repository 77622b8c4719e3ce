/* A task of chaos: its main thread, and a second one where its description has one. */
#include "chaos.h"

static struct chaos main_chaos;
static struct chaos side_chaos;

void side_main(uint32_t seed);

void side_main(uint32_t seed)
{
    chaos_run(&side_chaos, seed + 1, false);
}

int main(uint32_t seed)
{
    struct k5_cap_info own = {0};
    bool passive = k5_caps(0, &own) == K5_OK && own.badge == 1;

    chaos_run(&main_chaos, seed, passive);
}
