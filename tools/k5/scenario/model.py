"""What a scenario is to all others: plain data, checked but not yet bound to a system.

`where` is the key of the TOML file that says it: messages name its line. Times are
nanoseconds of virtual time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

from k5.faultmodels import Fault
from k5.tomlindex import TomlFile

Where = tuple[str | int, ...]
Value = int | str | bool
ENGINES = ("hosted", "qemu")


def escaped(text: str) -> str:
    """As TOML writes it: `"help\\r"`."""
    return '"' + text.encode("unicode_escape").decode().replace('"', '\\"') + '"'


@dataclass(frozen=True)
class Pattern:
    """An event in the words of a scenario."""

    kind: str  # log, fault, serial, pin, led, button, line, register, reset, trace, do
    subject: str  # what the kind's key says
    where: Where
    task: str = ""
    level: str = ""
    text: str = ""
    regex: bool = False
    becomes: str = ""
    access: str = ""
    value: int | None = None
    nth: int = 1

    def said(self) -> str:
        """For people: `a log line "ready" of task foo`."""
        of = f" of task {self.task}" if self.task else ""
        word = "matching" if self.regex else "with"
        text = f' {word} "{self.text}"' if self.text else ""
        what = {
            "log": f"a log line{text}{f' of level {self.level}' if self.level else ''}{of}",
            "fault": f"a fault{'' if self.subject == 'any' else ' ' + self.subject}{of}",
            "serial": f"{escaped(self.text)} from {self.subject}",
            "register": f"a task's {self.access or 'access'} of {self.subject}",
            "reset": f"a reset{'' if self.subject == 'any' else f' ({self.subject})'}",
            "trace": f"an event {self.subject}{text}{of}",
            "do": f'stimulus "{self.subject}"',
        }.get(self.kind, f"{self.kind} {self.subject} {self.becomes}")
        value = f" with value {self.value:#x}" if self.value is not None else ""
        return what + value + (f" (number {self.nth})" if self.nth > 1 else "")


@dataclass(frozen=True)
class Reached:
    """A task is about to execute a function, or a line of its source."""

    where: Where
    task: str
    place: str  # FUNCTION or FILE:LINE
    nth: int

    def said(self) -> str:
        """For people."""
        often = f" for the {self.nth}. time" if self.nth > 1 else ""
        return f"when task {self.task} comes to {self.place}{often}"


@dataclass(frozen=True)
class Moment:
    """A time, or some time after an event, or an instruction; none of them: the end."""

    at: int | None = None
    after: Pattern | None = None
    delay: int = 0
    instruction: int | None = None  # so many have been executed since boot
    spread: int = 0  # or up to so many more, as the seed will have it
    reached: Reached | None = None

    def said(self) -> str:
        from k5.scenario.units import shown

        if self.at is not None:
            return f"at {shown(self.at)}"
        if self.instruction is not None:
            more = f" to {self.instruction + self.spread}" if self.spread else ""
            return f"at instruction {self.instruction}{more}"
        if self.reached is not None:
            return self.reached.said()
        if self.after is None:
            return "at the end"
        return f"{shown(self.delay) + ' ' if self.delay else ''}after {self.after.said()}"


@dataclass(frozen=True)
class Window:
    """What comes after a time or an event, for some time or for ever."""

    start: int = 0
    after: Pattern | None = None
    within: int | None = None

    def said(self) -> str:
        from k5.scenario.units import shown

        limit = f" within {shown(self.within)}" if self.within is not None else ""
        if self.after is not None:
            return f"{limit} after {self.after.said()}"
        return limit + (f" after {shown(self.start)}" if self.start else "")


@dataclass(frozen=True)
class Action:
    """What a stimulus does: `what` is its key, `subject` the key's text."""

    what: str  # send, press, release, drive, set, raise, lower, kill, reset, fault, preempt, wake,
    # interrupt, late
    subject: str
    where: Where
    device: str = ""  # send: to
    level: int | None = None  # drive; None lets go
    value: int = 0  # set; late: by so many nanoseconds
    code: int = 0  # kill
    baud: int = 0  # send; 0: what the device is set to
    damage: str = ""  # send
    fault: Fault | None = None  # fault

    def said(self) -> str:
        """For people."""
        from k5.scenario.units import shown

        if self.what == "send":
            return f"send {escaped(self.subject)} to {self.device}"
        if self.what == "late":
            return f"late {self.subject} by {shown(self.value)}"
        if self.what == "set":
            return f"set {self.subject} to {self.value}"
        if self.what == "drive":
            level = "open" if self.level is None else "high" if self.level else "low"
            return f"drive {self.subject} {level}"
        return f"{self.what}{':' if self.fault else ''} {self.subject}"


@dataclass(frozen=True)
class Stimulus:
    name: str
    where: Where
    first: Moment
    action: Action
    each: bool = False
    every: int | None = None
    times: int | None = None
    jitter: int = 0
    lasts: int | None = None  # then it is taken back


@dataclass(frozen=True)
class Count:
    """An event that must come so often; never: at most 0 times."""

    where: Where
    pattern: Pattern
    window: Window
    least: int = 1
    most: int | None = None


@dataclass(frozen=True)
class InOrder:
    where: Where
    steps: list[Pattern]
    window: Window


@dataclass(frozen=True)
class State:
    """Something that is so at a moment: `what` is its key."""

    what: str  # pin, led, memory, device, screen
    subject: str
    where: Where
    moment: Moment
    value: Any
    offset: int = 0  # device
    tolerance: int = 0  # screen
    differing: Fraction = Fraction(0)  # screen


@dataclass(frozen=True)
class Wave:
    """A pattern at a pin."""

    pin: str
    where: Where
    window: Window
    hz: Fraction | None
    duty: Fraction | None
    tolerance: Fraction


@dataclass(frozen=True)
class Latency:
    where: Where
    start: Pattern
    end: Pattern
    most: int
    percentile: Fraction
    least: int


@dataclass(frozen=True)
class Settings:
    """[scenario], but for what multiplies it."""

    system: Path
    after: Path | None  # the scenario at whose end it begins
    until: int | None
    limit: int
    host_limit: int
    ends: str
    guest_errors: str
    deadlock: str


@dataclass(frozen=True)
class Variant:
    """One of the runs that a scenario stands for."""

    board: str | None  # None: the one that the system names
    engine: str
    seed: int
    parameters: tuple[tuple[str, Value], ...] = ()


@dataclass(frozen=True)
class Scenario:
    """One variant's scenario."""

    file: TomlFile
    variant: Variant
    settings: Settings
    stimuli: list[Stimulus] = field(default_factory=list)
    counts: list[Count] = field(default_factory=list)
    orders: list[InOrder] = field(default_factory=list)
    states: list[State] = field(default_factory=list)
    waves: list[Wave] = field(default_factory=list)
    latencies: list[Latency] = field(default_factory=list)

    def place(self, where: Where) -> str:
        """FILE:LINE."""
        return self.file.where(*where)
