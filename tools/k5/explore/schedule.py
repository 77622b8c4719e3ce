"""What is forced, and at which instruction: a schedule is some such points, in their order."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from k5.forcing import LATE, LINE, PREEMPT, TIMER, Force
from k5.scenario.watch import Clock

WORDS = {PREEMPT: "preempt", TIMER: "wake", LINE: "interrupt", LATE: "late"}


@dataclass(frozen=True, order=True)
class Point:
    """Before the next instruction, when so many have been executed since boot."""

    instruction: int
    force: Force


Schedule = tuple[Point, ...]


class Spelling:
    """Points in the words of a scenario; `threads`: their names, `lines`: names of lines asked for."""

    def __init__(self, threads: list[str], lines: dict[int, str], clock: Clock) -> None:
        self.threads = threads
        self.lines = lines
        self.clock = clock

    def subject(self, force: Force) -> str:
        """The thread, or the interrupt."""
        return self.lines[force.where] if force.kind == LINE else self.threads[force.where]

    def said(self, force: Force) -> str:
        """For people."""
        subject = self.subject(force)
        if force.kind == PREEMPT:
            return f"the turn of {subject} ends"
        if force.kind == LINE:
            return f"{subject} fires"
        late = f" {self.clock.shown(force.ticks)} later" if force.kind == LATE else ""
        return f"what {subject} waits for by time comes{late}"

    def table(self, point: Point) -> dict[str, object]:
        """A [[do]]."""
        force = point.force
        words = {WORDS[force.kind]: self.subject(force)}
        if force.kind == LATE:  # the first nanosecond that is so many ticks
            words["by"] = f"{ceil(self.clock.ns(force.ticks))}ns"
        return {"at_instruction": point.instruction, **words}
