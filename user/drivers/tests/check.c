/* What all checks share. */
#include "check.h"

#include "k5_log.h"

static uint32_t done;
static uint32_t wrong;

void check_error(const char *what, enum k5_error got, enum k5_error want)
{
    done++;
    if (got != want) {
        wrong++;
        K5_ERROR("%s: error %d instead of %d", what, got, want);
    }
}

void check_that(const char *what, bool holds)
{
    done++;
    if (!holds) {
        wrong++;
        K5_ERROR("%s: not so", what);
    }
}

int main(void)
{
    check_all();
    K5_INFO("%u checks, %u wrong", done, wrong);
    k5_sleep_forever();
}
