"""What is forced, and at which instruction: a schedule is some such points, in their order."""

from __future__ import annotations

from dataclasses import dataclass

from k5.forcing import LINE, PREEMPT, TIMER, Force

WORDS = {PREEMPT: "preempt", TIMER: "wake", LINE: "interrupt"}


@dataclass(frozen=True, order=True)
class Point:
    """Before the next instruction, when so many have been executed since boot."""

    instruction: int
    force: Force


Schedule = tuple[Point, ...]


class Spelling:
    """Points in the words of a scenario; `threads`: their names, `lines`: names of lines asked for."""

    def __init__(self, threads: list[str], lines: dict[int, str]) -> None:
        self.threads = threads
        self.lines = lines

    def subject(self, force: Force) -> str:
        """The thread, or the interrupt."""
        return self.lines[force.where] if force.kind == LINE else self.threads[force.where]

    def said(self, force: Force) -> str:
        """For people."""
        subject = self.subject(force)
        if force.kind == PREEMPT:
            return f"the turn of {subject} ends"
        return f"what {subject} waits for by time comes" if force.kind == TIMER else f"{subject} fires"

    def table(self, point: Point) -> dict[str, object]:
        """A [[do]]."""
        words = {WORDS[point.force.kind]: self.subject(point.force)}
        return {"at_instruction": point.instruction, **words}
