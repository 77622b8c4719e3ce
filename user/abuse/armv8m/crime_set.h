/* The crimes that Armv8-M knows, in the order of `crimes`, and those that it does not. */
#pragma once

#include "crime_list.h"

#define CRIMES(X)           CRIMES_SHARED(X) CRIMES_ARMV8M(X)
#define CRIMES_OF_OTHERS(X) CRIMES_RV32(X)
