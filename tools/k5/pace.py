"""Virtual time at the pace of a wall clock, for people.

A run never depends on the wall clock: the pace only says how far a machine may
go by now. Where the host is too slow for that, the pace gives way and says so.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable

MAX = math.inf  # as a speed: as fast as the host can
SLOWEST, FASTEST = 0.001, 1000.0
MOST_BEHIND_S = 0.1  # further behind than this, lost time is not made up for


class Pace:
    """How far the machine may go."""

    def __init__(
        self, tick_hz: int, speed: float = 1.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.tick_hz = tick_hz
        self.speed = speed
        self.paused = False
        self.slipped_s = 0.0  # wall time that was given up in all
        self._clock = clock
        self._wall = clock()
        self._tick = 0

    def start(self, now: int) -> None:
        """From here on: tick `now` is this very moment."""
        self._wall, self._tick = self._clock(), now

    def set_speed(self, speed: float, now: int) -> None:
        """Virtual seconds a wall second; MAX."""
        self.speed = speed
        self.start(now)

    def pause(self, paused: bool, now: int) -> None:
        """Stops virtual time, or lets it go on from `now`."""
        self.paused = paused
        self.start(now)

    def target(self, now: int) -> int | None:
        """The tick up to which the machine may run by now; None: as far as it likes."""
        if self.paused:
            return now
        if self.speed == MAX:
            return None
        elapsed = self._clock() - self._wall
        return self._tick + int(elapsed * self.speed * self.tick_hz)

    def came(self, now: int) -> None:
        """The machine came to `now` for the moment; gives way if that is far behind."""
        target = self.target(now)
        if self.paused or target is None:
            return
        behind = (target - now) / (self.tick_hz * self.speed)
        if behind > MOST_BEHIND_S:
            self.slipped_s += behind
            self.start(now)


def parse_speed(text: str) -> float:
    """`1`, `0.1`, `10` or `max`; ValueError says what is right."""
    if text == "max":
        return MAX
    try:
        speed = float(text)
    except ValueError:
        speed = math.nan
    if not SLOWEST <= speed <= FASTEST:
        raise ValueError(
            f"'{text}' is no speed; write a number from {SLOWEST:g} to {FASTEST:g}, or max"
        )
    return speed


def spell_speed(speed: float) -> str:
    """`0.1x`, `max`."""
    return "max" if speed == MAX else f"{speed:g}x"
