/* What must end a task's life: each function returns only if the crime went through. */
#pragma once

#include "abuse.h"

/* crimes_common.c */
void crime_load_kernel_memory(void);
void crime_store_kernel_memory(void);
void crime_load_kernel_code(void);
void crime_store_kernel_code(void);
void crime_store_own_code(void);
void crime_store_past_end(void);
void crime_store_before_start(void);
void crime_load_past_end(void);
void crime_load_unbacked(void);
void crime_system_call_first_unused(void);
void crime_system_call_256(void);
void crime_system_call_sign(void);
void crime_system_call_last(void);
void crime_panic(void);
