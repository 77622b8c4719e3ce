"""What made a thread ready last: a reply, a message, a signal, an interrupt, or time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from k5.source import Place
from k5.why import walk
from k5.why.names import Names

if TYPE_CHECKING:
    from k5.machine import Machine

_BY_TIME = {
    walk.WAKE: "its time had come",
    walk.TIMEOUT: "its deadline had passed",
    walk.REPLENISHED: "its cooldown was over, and it has a budget again",
}
_READY = 0  # code of TASK: enum k5_task_state


def explain(machine: Machine, names: Names, thread: int) -> tuple[list[str], dict[str, Any]]:
    """Lines for people, and the same as data."""
    task = next(i for i, t in enumerate(names.meta["tasks"]) if t["name"] == names.task_of(thread))

    def matches(found: walk.Found) -> bool:
        event = found.event
        if event.kind == walk.TASK:
            return event.code == _READY and event.args[0] == task
        if event.thread != thread or event.kind not in (walk.RESULT, *_BY_TIME):
            return False
        cause = found.cause.event  # of a call that did not wait: its own
        return not (cause.kind == walk.ENTER and cause.thread == thread)

    now = machine.position
    with machine.excursion():
        found = walk.latest(machine, now, matches)
        if found:
            return _told(machine, names, thread, found)
    text = f"{names.thread(thread)} has not become ready since {names.time(machine.span[0].now)}"
    return [f"{text}: if it runs, it has from the start"], {"by": None}


def _told(
    machine: Machine, names: Names, thread: int, found: walk.Found
) -> tuple[list[str], dict[str, Any]]:
    event, cause = found.event, found.cause.event
    line, why = machine.decoder.line(event), machine.decoder.line(cause)
    data: dict[str, Any] = {
        "tick": event.time,
        "seconds": names.seconds(event.time),
        "event": f"{line.kind} {line.text}",
        "cause": f"{why.kind} {why.text}",
        "task": None,
        "thread": None,
    }
    head = f"{names.time(event.time)}: {names.thread(thread)} became ready"
    if event.kind in _BY_TIME:
        return [f"{head}: {_BY_TIME[event.kind]}"], data | {"by": "time"}
    if event.kind == walk.TASK:
        return [f"{head}: {line.text}"], data | {"by": "restart"}
    lines = [f"{head}: {line.text}"]
    if cause.kind == walk.INTERRUPT:
        return [*lines, f"  because of an interrupt: {why.text}"], data | {"by": "interrupt"}
    if cause.kind in _BY_TIME:
        return [*lines, f"  because {_BY_TIME[cause.kind]}"], data | {"by": "time"}
    if cause.thread == walk.NOBODY or cause is event:
        return [*lines, f"  because of {why.kind} {why.text}"], data | {"by": "kernel"}
    place = _place(machine, names, found.cause)
    data |= {"by": "thread", "task": names.task_of(cause.thread)}
    data |= {"thread": names.thread(cause.thread)}
    data |= {"function": place.function, "file": place.file, "line": place.line} if place else {}
    what = f"{why.text}" + (f" in {place}" if place else "")
    return [*lines, f"  because of {names.named(cause.thread)}: {what}"], data


def _place(machine: Machine, names: Names, cause: walk.Found) -> Place | None:
    """Where its thread made the system call."""
    walk.go_behind(machine, cause)
    thread = cause.event.thread
    return names.call_place(thread)
