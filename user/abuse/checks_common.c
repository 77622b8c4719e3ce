/* Checks that need no certain instruction; the tables are in a file for each instruction set. */
#include "checks.h"
#include "k5_task.h"

#define SLOTS 8u

/* The system call `number` with cptr `cptr` must be refused, whatever it is. */
static bool refused(uint32_t number, uint32_t cptr)
{
    uint32_t r[8] = {cptr, K5_FLAG_TRY, 0, 0, 0, 0, cptr, number};

    raw_call(r);
    return (int32_t)r[0] < 0;
}

bool check_forged_cptrs_are_refused(void)
{
    static const uint16_t generations[] = {0, 2, 3, 0x7fff, 0x8000, 0xffff};
    bool all = true;

    for (uint32_t slot = 0; slot < 2 * SLOTS; slot++) {
        for (uint32_t i = 0; i < sizeof(generations) / sizeof(generations[0]); i++) {
            uint32_t cptr = (uint32_t)generations[i] << 16 | slot;

            all = all && refused(K5_SYS_SEND, cptr) && refused(K5_SYS_CALL, cptr) &&
                  refused(K5_SYS_RECV, cptr);
        }
    }
    return all;
}

bool check_guessed_replies_are_refused(void)
{
    bool all = true;

    for (uint32_t thread = 0; thread < 8; thread++) {
        for (uint32_t sequence = 0; sequence < 64; sequence++) {
            all = all && refused(K5_SYS_REPLY, sequence << 8 | thread) &&
                  refused(K5_SYS_REPLY_RECV, sequence << 8 | thread);
        }
    }
    return all;
}

bool check_table_lists_what_was_given(void)
{
    struct k5_cap_info victim = {0};
    struct k5_cap_info self = {0};

    return k5_caps(1, &victim) == K5_OK && k5_caps(2, &self) == K5_OK &&
           victim.cptr == CAP_VICTIM && victim.kind == K5_KIND_ENDPOINT &&
           victim.rights == K5_RIGHT_SEND && victim.badge == 5 && self.cptr == CAP_SELF &&
           self.rights == K5_RIGHT_RECV;
}

/* A call with no wrong in it, between all the others. */
bool check_good_calls_still_work(void)
{
    struct k5_message message = k5_short(VICTIM_ANSWER, 0x12345678, 0, 0, 0);

    return k5_call(CAP_VICTIM, &message) == K5_OK && message.word[0] == 0x12345678;
}
