/* What server.c needs of a chip. Ranges and multiples were checked. */
#pragma once

#include "storage.h"

void storage_hw_start(struct storage_info *info);

/* K5_E_IO: the hardware refused. K5_E_TIMEOUT: it does not come to an end. */
enum k5_error storage_hw_erase_page(uint32_t offset);

/* One unit. K5_E_IO: also where it was not erased. */
enum k5_error storage_hw_program(uint32_t offset, const void *unit);

const volatile void *storage_hw_at(uint32_t offset);
