"""Machines that stay: loaded once, booted anew for each run."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from k5 import builder
from k5.builder import Built
from k5.machine import Machine
from k5.scenario.names import Names
from k5.snapshots import Snapshot

MOST = 8  # machines at a time: each has its memory, and an engine a task


@dataclass
class Warm:
    """`seed` is what the machine was loaded with; `setups` are ends of scenarios that others come
    after, by their file and seed."""

    machine: Machine
    names: Names
    seed: int
    setups: dict[tuple[str, int], Snapshot] = field(default_factory=dict)


class Machines:
    """Those of one process, by system, board and, where a task wants it, seed."""

    def __init__(self) -> None:
        self._warm: dict[tuple[str, int, int], Warm] = {}
        self._built: dict[tuple[str, str | None], Built] = {}

    def build(self, system: Path, board: str | None) -> Built:
        """The system, current when it was first asked for."""
        key = (str(system), board)
        if key not in self._built:
            self._built[key] = builder.build(system, board)
        return self._built[key]

    def get(self, built: Built, seed: int) -> Warm:
        """A machine of that system; what it did before is to be forgotten by a reboot."""
        # A seed that no task takes makes no difference.
        used = seed if built.arguments(seed) else 0
        key = (str(built.folder), int(built.meta["system_id"]), used)
        found = self._warm.pop(key, None)
        if found is None:
            while len(self._warm) >= MOST:
                self._warm.pop(next(iter(self._warm))).machine.close()
            machine = Machine(built, used)
            found = Warm(machine, Names(built, machine.decoder, machine), used)
        self._warm[key] = found  # the last one is the latest
        return found

    def drop(self, warm: Warm) -> None:
        """Gives up a machine that failed."""
        for key in [key for key, one in self._warm.items() if one is warm]:
            del self._warm[key]
        warm.machine.close()

    def close(self) -> None:
        """Frees all of them."""
        for warm in self._warm.values():
            warm.machine.close()
        self._warm.clear()
