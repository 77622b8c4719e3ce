"""Who ran when: what the timeline draws.

Kept as the switches themselves, so that every zoom is exact; of a system that
switches very often only the last ones are kept, and what is older is unknown.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Any

import numpy as np

CAPACITY = 1 << 18
MOST_MARKS = 2000
NOBODY = 0xFF

Array = Any  # numpy's types say little more


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment to point out: a log line, a fault."""

    time: int
    thread: int
    what: str  # log, fault


class Activity:
    """Switches between threads, in the order of time."""

    def __init__(self, threads: int) -> None:
        self.threads = threads
        self.marks: deque[Mark] = deque(maxlen=MOST_MARKS)
        self._times = np.zeros(2 * CAPACITY, np.int64)
        self._who = np.full(2 * CAPACITY, NOBODY, np.uint8)
        self._count = 1  # at tick 0 nobody runs
        self.known_from = 0  # before this tick nothing is known any more

    def add(self, times: Array, who: Array) -> None:
        """From each time on that thread runs; NOBODY: none."""
        times, who = times[-CAPACITY:], who[-CAPACITY:]
        if self._count + len(times) > 2 * CAPACITY:
            keep = CAPACITY - len(times) if len(times) < CAPACITY else 0
            start = self._count - keep
            self._times[:keep] = self._times[start : self._count]
            self._who[:keep] = self._who[start : self._count]
            self._count = keep
            self.known_from = int(self._times[0]) if keep else int(times[0])
        end = self._count + len(times)
        self._times[self._count : end], self._who[self._count : end] = times, who
        self._count = end

    def shares(self, first: int, columns: int, ticks: int, now: int) -> Array:
        """How much of each column each thread ran: [threads, columns], 0 to 1.

        Column k is [first + k * ticks, + ticks); what is after `now` counts as nobody's.
        """
        edges = first + ticks * np.arange(columns + 1, dtype=np.int64)
        out = np.zeros((self.threads, columns), np.float64)
        end = min(int(edges[-1]), now)
        used = self._times[: self._count]
        begin = max(int(np.searchsorted(used, first, "right")) - 1, 0)
        stop = int(np.searchsorted(used, end, "left"))
        if stop <= begin:
            return out
        points = np.append(np.maximum(used[begin:stop], min(first, end)), end)
        who, lengths = self._who[begin:stop], np.diff(points)
        clipped = np.minimum(edges, end)
        for thread in set(who.tolist()):
            if thread < self.threads:
                ran = np.concatenate(([0], np.cumsum(lengths * (who == thread))))
                out[thread] = np.diff(np.interp(clipped, points, ran)) / ticks
        return out

    def running(self) -> int:
        """The thread that runs now, or NOBODY."""
        return int(self._who[self._count - 1])
