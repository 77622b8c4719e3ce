"""Why a thread is blocked: who waits for whom, since when and where; deadlocks by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from k5.why import waits, walk
from k5.why.names import Names
from k5.why.waits import Wait

if TYPE_CHECKING:
    from k5.machine import Machine


def explain(machine: Machine, names: Names, thread: int) -> tuple[list[str], dict[str, Any]]:
    """Lines for people, and the same as data."""
    all_waits = waits.of(machine, names)
    path, cycle = waits.chain(all_waits, thread)
    lines: list[str] = []
    steps: list[dict[str, Any]] = []
    for depth, index in enumerate(path):
        wait = all_waits[index]
        step = _step(machine, names, wait)
        steps.append(step)
        place = f" in {step['place']}" if step["place"] else ""
        since = f", since {names.time(step['tick'])}" if step["tick"] is not None else ""
        until = f", until {names.time(wait.until)} at most" if wait.blocked and wait.until else ""
        indent = "  " * depth
        lines.append(f"{indent}{names.thread(index)} {wait.what}{until}{since}{place}")
    if cycle:
        circle = " -> ".join(names.thread(index) for index in [*cycle, cycle[0]])
        lines.append(f"deadlock: {circle}: each waits for the next, for ever")
    elif thread in waits.stuck(all_waits):
        lines.append("nobody who could end this is alive and moving: it is for ever, as things are")
    data = {
        "blocked": all_waits[thread].blocked,
        "chain": [{k: v for k, v in step.items() if k != "place"} for step in steps],
        "deadlock": [names.thread(index) for index in cycle] or None,
    }
    return lines, data


def _step(machine: Machine, names: Names, wait: Wait) -> dict[str, Any]:
    step: dict[str, Any] = {
        "thread": names.thread(wait.thread),
        "task": names.task_of(wait.thread),
        "state": wait.state,
        "what": wait.what,
        "tick": None,
        "seconds": None,
        "place": None,
        "until": names.seconds(wait.until) if wait.until is not None else None,
        "wakers": [names.thread(waker) for waker in wait.wakers],
    }
    if wait.blocked or wait.state == "SLEEPING":
        _since(machine, names, wait, step)
    return step


def _since(machine: Machine, names: Names, wait: Wait, step: dict[str, Any]) -> None:
    """When and where it made the call that it waits in."""
    place = None
    if wait.state != "FAULTED":
        place = names.call_place(wait.thread)
    now = machine.position
    with machine.excursion():
        found = walk.latest(
            machine,
            now,
            lambda one: one.event.thread == wait.thread,
            1 << walk.ENTER | 1 << walk.FAULT,
        )
    if found:
        step |= {"tick": found.event.time, "seconds": names.seconds(found.event.time)}
    if place:
        step |= {"place": place, "function": place.function, "file": place.file, "line": place.line}
