/* Orders about regions, see test_map.c. */
#pragma once

#include "actors.h"

/* The actor maps what it has in a slot; returns where that lies. */
uint32_t map(enum actor who, uint32_t slot, uint32_t access);

void unmap(enum actor who, uint32_t slot);

/* The actor maps pages until its hardware is full; returns how many fitted. */
uint32_t map_all(enum actor who);
