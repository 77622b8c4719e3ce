/* What takes more than one system call to see: false if it does not hold. */
#pragma once

#include "abuse.h"

/* checks_common.c */
bool check_forged_cptrs_are_refused(void);
bool check_guessed_replies_are_refused(void);
bool check_table_lists_what_was_given(void);
bool check_good_calls_still_work(void);
