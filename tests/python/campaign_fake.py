"""A golden run that invents its results: for tests of what is made of them, not of the machine.

The interface is that of k5.campaign.golden.Golden. An outcome depends on the trial alone, so
whoever tries it, in whatever order, finds the same.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from k5.campaign.golden import End, layout
from k5.machine import Machine, Stop
from k5.stream import Event

MASKED, NOT_FIRED, ENDED, LIMIT, BREACH = 2, 1, 3, 4, 6


class FakeGolden:
    """Walks along the real golden run; a trial's outcome is made from its numbers."""

    def __init__(self, machine: Machine, end: End, limit: int, observed: int, trusted: int) -> None:
        self.machine, self.end = machine, end
        self.begin = machine.snapshot()
        self.first = machine.instructions
        self.trial_type = layout(machine._ffi, "k5sim_trial")
        self.result_type = layout(machine._ffi, "k5sim_result")
        self.stop = Stop.TIME

    def close(self) -> None:
        """Nothing to free."""

    @property
    def facts(self) -> dict[str, int]:
        """As far as they are used."""
        return {"end_instructions": self.first}

    def goto(self, instructions: int) -> None:
        """To that place, from the beginning."""
        self.machine.restore(self.begin)
        if instructions > self.machine.instructions:
            self.machine.step(instructions - self.machine.instructions)

    def try_all(self, trials: Any) -> Any:
        """Each outcome from the trial's numbers."""
        results = np.zeros(len(trials), self.result_type)
        number = trials["fault.where"] * 7 + trials["instructions"] * 13
        number += np.log2(np.maximum(trials["fault.mask"], 1)).astype("u4")
        kind = number % 23
        outcome = np.full(len(trials), MASKED)
        for value, name in ((0, NOT_FIRED), (1, ENDED), (2, LIMIT), (3, BREACH), (4, ENDED)):
            outcome[kind == value] = name
        results["outcome"] = outcome
        results["stream"] = results["order"] = kind + (number % 3)
        results["fault_kind"][kind == 4] = 1
        results["breach"][kind == 3] = 1
        results["breach_task"][kind == 3] = 1
        results["thread"] = trials["fault.thread"]
        results["pc"] = 0x209000
        results["end"] = trials["instructions"] + 5
        return results

    def events(self, trial: Any) -> list[Event]:
        """Those of the run without a fault; of a trial, all but the last one."""
        self.machine.restore(self.begin)
        self.machine.take()
        self.machine.run(until_tick=min(self.end.tick, 1200))
        events = self.machine.take()
        return events if trial is None else events[:-1]
