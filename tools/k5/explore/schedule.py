"""What is forced, and at which instruction: a schedule is some such points, in their order."""

from __future__ import annotations

from dataclasses import dataclass, replace

from k5.forcing import LINE, PREEMPT, TIMER, Force
from k5.scenario.model import Action, Moment, Scenario, Stimulus, Where

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

    def added(self, scenario: Scenario, schedule: Schedule) -> Scenario:
        """The scenario with the schedule's stimuli, behind its own."""
        stimuli = list(scenario.stimuli)
        for number, point in enumerate(schedule):
            where: Where = ("schedule", number)  # the file does not have it
            action = Action(WORDS[point.force.kind], self.subject(point.force), where)
            first = Moment(instruction=point.instruction)
            stimuli.append(Stimulus(action.said(), where, first, action))
        return replace(scenario, stimuli=stimuli)
