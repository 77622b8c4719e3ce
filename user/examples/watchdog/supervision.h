/* What the worker tells its supervisor. */
#pragma once

enum supervision { ALIVE = 1 };

#define BEAT_US 20000u /* as often */
