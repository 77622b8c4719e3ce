"""What comes to a machine from outside: one record each, applied in one place.

A person's click, a byte from a terminal program, a scenario's button: each is a
Stimulus, and reaches the machine through `Stimuli.do()`. So whoever keeps the
records of a session (`Stimuli.record`) has all that the run depends on besides
the system and its seed, and can apply them again.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from k5.errors import K5Error, suggestion

if TYPE_CHECKING:
    from k5.machine import Machine

Value = int | bytes | str | None


@dataclass(frozen=True, slots=True)
class Stimulus:
    """One thing from outside, at a tick of virtual time."""

    time: int  # tick
    what: str  # a key of WHATS
    name: str  # of the button, pin, device, task; or the kind of reset
    value: Value = None  # what `what` says
    field: str = ""  # "value" alone: which of the device's

    def json(self) -> str:
        """One line of JSON; bytes as Latin-1 text, so that a serial line stays readable."""
        data: dict[str, Any] = {"time": self.time, "what": self.what, "name": self.name}
        if self.value is not None:
            raw = self.value
            data["value"] = raw.decode("latin-1") if isinstance(raw, bytes) else raw
        if self.field:
            data["field"] = self.field
        return json.dumps(data, separators=(",", ":"))


def from_json(line: str) -> Stimulus:
    """What json() wrote; K5Error names what is wrong with anything else."""
    try:
        data = json.loads(line)
    except ValueError as problem:
        raise K5Error(f"{line[:60]!r} is no stimulus: {problem}") from None
    if not isinstance(data, dict) or not isinstance(data.get("time"), int):
        raise K5Error(f"{line[:60]!r} is no stimulus: it has no time")
    what, value = data.get("what"), data.get("value")
    if what not in WHATS:
        raise K5Error(f"unknown stimulus {what!r}" + suggestion(str(what), WHATS))
    if what == "serial":
        value = str(value).encode("latin-1")
    return Stimulus(data["time"], what, str(data.get("name", "")), value, data.get("field", ""))


def _serial(machine: Machine, stimulus: Stimulus) -> None:
    assert isinstance(stimulus.value, bytes)
    machine.send(stimulus.name, stimulus.value)


def _drive(machine: Machine, stimulus: Stimulus) -> None:
    level = stimulus.value
    assert level is None or isinstance(level, int)
    machine.drive(stimulus.name, None if level is None else bool(level))


def _value(machine: Machine, stimulus: Stimulus) -> None:
    assert isinstance(stimulus.value, int)
    machine.set_value(stimulus.name, stimulus.field, stimulus.value)


WHATS: dict[str, Callable[[Machine, Stimulus], None]] = {
    "press": lambda machine, stimulus: machine.press(stimulus.name),
    "release": lambda machine, stimulus: machine.release(stimulus.name),
    "serial": _serial,  # value: bytes onto the line
    "drive": _drive,  # value: 0 or 1; None lets go of the pin
    "value": _value,  # field: which quantity of the device; value: a number
    "reset": lambda machine, stimulus: machine.reset(stimulus.name),
    "kill": lambda machine, stimulus: machine.kill(stimulus.name),
}


def apply(machine: Machine, stimulus: Stimulus) -> None:
    """Does it to the machine, which must have come to its time exactly."""
    if stimulus.time != machine.now:
        raise K5Error(f"stimulus of tick {stimulus.time} at tick {machine.now}: {stimulus.json()}")
    WHATS[stimulus.what](machine, stimulus)


class Stimuli:
    """The one door into a machine for all that comes from outside."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.record: list[Stimulus] | None = None  # a list, for who wants to keep them

    def do(self, what: str, name: str, value: Value = None, field: str = "") -> None:
        """Now, at the machine's time; nothing, where a recording says what comes."""
        if self.machine.replaying:
            return
        stimulus = Stimulus(self.machine.now, what, name, value, field)
        apply(self.machine, stimulus)
        if self.record is not None:
            self.record.append(stimulus)

    def send(self, serial: str, data: bytes) -> int:
        """Bytes onto a serial line, as many as there is room for; returns how many. Where a
        recording says what comes, they are gone."""
        if self.machine.replaying:
            return len(data)
        taken = self.machine.send(serial, data)
        if taken and self.record is not None:
            self.record.append(Stimulus(self.machine.now, "serial", serial, data[:taken]))
        return taken
