/* Kernel events of trace builds; what port_trace() stands for there. */
#pragma once

#include <stdint.h>

/* Stamps the record with the current tick and hands it to the port's sink. */
void trace_emit(uint8_t kind, uint32_t thread, uint32_t code, uint32_t arg0, uint32_t arg1);
