/* The crimes that RV32 knows, in the order of `crimes`, and those that it does not. */
#pragma once

#include "crime_list.h"

#define CRIMES(X)           CRIMES_SHARED(X) CRIMES_RV32(X)
#define CRIMES_OF_OTHERS(X) CRIMES_ARMV8M(X)
