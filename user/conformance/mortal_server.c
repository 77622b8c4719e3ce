/* Counts requests in .data and in .bss, and dies when it is told to. */
#include "k5.h"
#include "k5_task.h"
#include "mortal.h"

static uint32_t count_in_data = MORTAL_FIRST_COUNT;
static uint32_t count_in_bss;

static void serve(struct k5_message *message)
{
    struct k5_cap_info own = {0};

    switch ((enum mortal_request)k5_label(message)) {
    case MORTAL_COUNT:
        k5_answer(message, 0, ++count_in_data, ++count_in_bss, 0, 0);
        break;
    case MORTAL_DIE:
        k5_panic(MORTAL_DIE);
    case MORTAL_OWN_CAP:
        if (k5_caps(0, &own) != K5_OK) {
            k5_panic(MORTAL_OWN_CAP);
        }
        k5_answer(message, 0, own.cptr, own.kind, own.rights, own.badge);
        break;
    }
}

int main(void)
{
    struct k5_message message = {0};

    while (k5_serve(CAP_SERVER, &message) == K5_OK) {
        serve(&message);
    }
    k5_panic(1);
}
