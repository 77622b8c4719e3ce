"""What each thread did with its time, its calls and its stack: `./k5 top`."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from k5.decode import Line
from k5.tracing.messages import Matcher
from k5.tracing.states import PREEMPTED, Change, State, Tracker

SUMS = ("running", "ready", "blocked", "exhausted", "held", "off", "unknown")
NO_MESSAGES = ("NOTIFICATION", "FAULT")


@dataclass
class Figures:
    """Of one thread, or of all of a task. Times are in nanoseconds of virtual time."""

    name: str
    task: str
    running: int = 0
    ready: int = 0
    blocked: int = 0
    exhausted: int = 0
    held: int = 0
    off: int = 0
    unknown: int = 0
    entries: int = 0  # system calls
    calls: int = 0  # calls and sends that it made
    served: int = 0  # calls that it answered
    messages: int = 0  # messages that it received
    interrupts: int = 0  # that went to a notification of its
    faults: int = 0
    restarts: int = 0
    latency: int | None = None  # worst time from becoming ready to running, not after preemption
    round_trip: int | None = None  # worst time from a call to its reply
    stack_used: int | None = None  # bytes
    stack_bytes: int | None = None

    def add(self, other: Figures) -> None:
        """Another thread of the task. Worst cases stay worst cases; stacks are apart."""
        for field in fields(self):
            mine, its = getattr(self, field.name), getattr(other, field.name)
            if field.name in ("latency", "round_trip"):
                setattr(self, field.name, _worse(mine, its))
            elif field.name not in ("name", "task", "stack_used", "stack_bytes", "restarts"):
                setattr(self, field.name, mine + its)
        self.restarts = max(self.restarts, other.restarts)


def _worse(one: int | None, other: int | None) -> int | None:
    known = [value for value in (one, other) if value is not None]
    return max(known) if known else None


class Summary:
    """Feed it all lines of a trace, then close it."""

    def __init__(self) -> None:
        self.ns = 0  # time of the whole trace
        self.title = ""
        self.threads: dict[str, Figures] = {}
        self._tracker, self._matcher = Tracker(), Matcher()
        self._started: int | None = None

    def write(self, line: Line) -> None:
        """One more line of the trace."""
        if self._started is None:
            self._started = line.ns
        if line.kind == "BOOT":
            self.title = f"{line.fields.get('system', '?')} on {line.fields.get('board', '?')}"
        for change in self._tracker.feed(line):
            self._take(change)
        for arrow in self._matcher.feed(line):
            if arrow.what == "reply":
                self._of(arrow.sender).served += 1
                caller = self._of(arrow.receiver)
                caller.round_trip = _worse(caller.round_trip, arrow.round_trip)
        self._count(line)

    def close(self, ns: int) -> None:
        """The trace ends: so do the states that go on."""
        for change in self._tracker.close(ns):
            self._take(change)
        self.ns = ns - (self._started or 0)

    def take_stacks(self, used: dict[str, tuple[int, int]]) -> None:
        """High-water marks: by thread the bytes used, and those that there are."""
        for name, (mark, size) in used.items():
            self._of(name).stack_used, self._of(name).stack_bytes = mark, size

    def _of(self, name: str) -> Figures:
        thread = self._tracker.threads.get(name)
        if name not in self.threads:
            self.threads[name] = Figures(name, thread.task if thread else name)
        return self.threads[name]

    def _take(self, change: Change) -> None:
        figures = self._of(change.name)
        since = max(change.since, self._started or 0)
        took = change.ns - since
        key = change.before.value
        setattr(figures, key, getattr(figures, key) + took)
        woken = change.before is State.READY and change.was != PREEMPTED
        if woken and change.after is State.RUNNING:
            figures.latency = _worse(figures.latency, took)

    def _count(self, line: Line) -> None:
        call = line.fields.get("call")
        if line.kind == "ENTER":
            self._of(line.name).entries += 1
            self._of(line.name).calls += call in ("send", "call")
        elif line.kind == "RESULT" and call in ("recv", "reply_recv"):
            got = line.fields.get("message")
            self._of(line.name).messages += got is not None and got not in NO_MESSAGES
        elif line.kind == "FAULT":
            self._of(line.name).faults += 1
        elif line.kind == "INTERRUPT" and "receiver" in line.fields:
            self._of(str(line.fields["receiver"])).interrupts += 1
        elif line.kind == "TASK" and line.fields["state"] == "BACKOFF":
            for thread in self._tracker.threads.values():
                if thread.task == line.task:
                    self._of(thread.name).restarts += 1

    # ---- results

    def share(self, figures: Figures) -> float:
        """Of the time that the trace took, the part that it ran."""
        return figures.running / self.ns if self.ns else 0.0

    def tasks(self) -> list[Figures]:
        """The sums of the tasks, those that ran most first."""
        sums: dict[str, Figures] = {}
        for figures in self.threads.values():
            sums.setdefault(figures.task, Figures(figures.task, figures.task)).add(figures)
        return sorted(sums.values(), key=lambda each: -each.running)

    def idle(self) -> int:
        """The time in which nobody ran."""
        return self.ns - sum(figures.running for figures in self.threads.values())

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "title": self.title,
            "ns": self.ns,
            "idle_ns": self.idle(),
            "tasks": [self._fields(figures, "task") for figures in self.tasks()],
            "threads": [self._fields(each, "name", "task") for each in self.threads.values()],
        }

    def _fields(self, figures: Figures, *names: str) -> dict[str, Any]:
        data: dict[str, Any] = {name: getattr(figures, name) for name in names}
        data["cpu_share"] = round(self.share(figures), 6)
        for key, value in vars(figures).items():
            if key in ("name", "task") or (key.startswith("stack") and value is None):
                continue
            data[f"{key}_ns" if key in (*SUMS, "latency", "round_trip") else key] = value
        return data
