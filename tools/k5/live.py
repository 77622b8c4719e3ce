"""A machine that runs in slices, at a pace, beside other work in the same thread."""

from __future__ import annotations

import time
from collections.abc import Callable

from k5.machine import Machine, Stop
from k5.pace import Pace
from k5.stimulus import Stimuli

SLICE_S = 0.002  # of CPU time: what one run of the library should take
FIRST_TICKS, LEAST_TICKS = 10_000, 1_000
MOST_SLICE_US = 50_000  # virtual: a sleeping guest may wake in it and keep the host busy
ENDS = (Stop.HALT, Stop.PANIC)


class Live:
    """Runs `machine` towards where its pace says, never much longer than it is allowed to."""

    def __init__(
        self,
        machine: Machine,
        pace: Pace,
        until_tick: int | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.machine = machine
        self.pace = pace
        self.stimuli = Stimuli(machine)
        self.until_tick = until_tick
        self.ended: Stop | None = None  # HALT, PANIC; TIME: until_tick has come
        self._clock = clock
        self._slice = FIRST_TICKS
        self._longest = max(machine.ticks(MOST_SLICE_US), LEAST_TICKS)
        pace.start(machine.now)

    def advance(self, budget_s: float) -> None:
        """Runs for about `budget_s` of wall time at most."""
        end = self._clock() + budget_s
        # Asked for once: the wall clock goes on meanwhile, and would be chased in tiny slices.
        target = self.pace.target(self.machine.now)
        limits = [tick for tick in (target, self.until_tick) if tick is not None]
        while self.ended is None:
            now = self.machine.now
            if target is not None and target <= now:
                break
            self._run(now, min([now + self._slice, *limits]))
            if self._clock() >= end:
                break
        self.pace.came(self.machine.now)

    def _run(self, now: int, until: int) -> None:
        before = time.thread_time()  # a busy host does not make slices shorter
        stop = self.machine.run(until_tick=until)
        took = time.thread_time() - before
        if took > 2 * SLICE_S:
            self._slice = max(self._slice // 2, LEAST_TICKS)
        elif took < SLICE_S / 2 and self.machine.now - now >= self._slice:
            self._slice = min(self._slice * 2, self._longest)
        self._note(stop)

    def _note(self, stop: Stop) -> None:
        if stop in ENDS:
            self.ended = stop
        elif stop is Stop.POSITION:  # the end of a recording that is played
            self.ended = Stop.TIME
        elif self.until_tick is not None and self.machine.now >= self.until_tick:
            self.ended = Stop.TIME

    def step(self, ticks: int, stop_kinds: int = 0) -> None:
        """Runs this far exactly, whatever the pace; or to an event of some kinds."""
        if self.ended is None:
            self._note(self.machine.run(until_tick=self.machine.now + ticks, stop_kinds=stop_kinds))
            self.pace.start(self.machine.now)
