"""What came to a machine from outside, entry by entry, in the words of its board."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from k5.errors import K5Error, suggestion
from k5.outside import RESETS, find
from k5.snapshots import Position

if TYPE_CHECKING:
    from k5.machine import Machine

# enum k5sim_input
PIN, SERIAL, SPEED, DAMAGE, VALUE, LINE, KILL = 1, 2, 3, 4, 5, 6, 7
RESET, WRITE, MEMORY, FAULT, IDLE, FAULTS_END, REGISTER, FORCE, END = 8, 9, 10, 11, 12, 13, 14, 15, 16
WHATS = {
    "pin": PIN, "serial": SERIAL, "speed": SPEED, "damage": DAMAGE, "value": VALUE, "line": LINE,
    "kill": KILL, "reset": RESET, "write": WRITE, "memory": MEMORY, "fault": FAULT, "idle": IDLE,
    "faults-end": FAULTS_END, "register": REGISTER, "force": FORCE,
    "end": END,
}  # fmt: skip
_WORDS = {number: word for word, number in WHATS.items()}
_BATCH = 256
MOST_DATA = 64
_WORD, _SIGN = 0xFFFF_FFFF, 0x8000_0000
_UNSIGNED = (SPEED, DAMAGE, KILL, REGISTER)


@dataclass(frozen=True)
class Entry:
    """One thing from outside, and the position before it."""

    position: Position
    what: str  # a key of WHATS
    name: str = ""  # of the pin, device, task, thread, reset; a number of line, forced; an address
    field: str = ""  # value: which quantity; memory: offset; register: number; force: ticks
    value: int = 0  # level, baud, errors, quantity, code; idle: the tick
    data: bytes = b""  # serial: the characters; write, memory: the bytes; fault: struct k5sim_fault


def _int(text: str, what: str) -> int:
    try:
        number = int(text, 0)
    except ValueError:
        raise K5Error(f"'{text}' is no {what}") from None
    if not 0 <= number <= _WORD:
        raise K5Error(f"{text} is no {what}: from 0 to {_WORD:#x}")
    return number


def _range(kind: int) -> tuple[int, int]:
    """What an input's value may be."""
    if kind == IDLE:
        return 0, (1 << 64) - 1
    return (0, _WORD) if kind in _UNSIGNED else (-_SIGN, _SIGN - 1)


class Codec:
    """To struct k5sim_entry and back, for one machine."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._tasks = [task["name"] for task in machine.built.meta["tasks"]]
        self._threads = [thread["name"] for thread in machine.built.meta["threads"]]
        self._targets: dict[int, Callable[[str], int]] = {
            PIN: machine.pin_index,
            LINE: lambda name: _int(name, "interrupt line"),
            KILL: lambda name: find("task", name, self._tasks),
            RESET: lambda name: RESETS[name] if name in RESETS else find("reset", name, RESETS),
            WRITE: lambda name: _int(name, "address"),
            REGISTER: lambda name: find("thread", name, self._threads),
            FORCE: lambda name: _int(name, "thread or interrupt line"),
            FAULT: lambda _: 0,
            IDLE: lambda _: 0,
            FAULTS_END: lambda _: 0,
            END: lambda _: 0,
        }

    # ---- from C

    def entry(self, raw: Any) -> Entry:
        """By names."""
        at, kind = raw.at, raw.input
        data = bytes(self._machine._ffi.buffer(raw.data, raw.bytes))
        value = raw.value & _WORD if kind in _UNSIGNED else raw.value
        if kind == IDLE:
            value, data = int.from_bytes(data, "little"), b""
        return Entry(
            Position(at.now, at.instructions, at.actions),
            _WORDS[kind],
            self._name(kind, raw.target),
            self._field(raw),
            value,
            data,
        )

    def _name(self, kind: int, target: int) -> str:
        machine = self._machine
        if kind == PIN:
            return str(machine.periphery.pins[target]["name"])
        if kind == KILL:
            return str(self._tasks[target])
        if kind == REGISTER:
            return str(self._threads[target])
        if kind == RESET:
            return next(name for name, number in RESETS.items() if number == target)
        if kind in (LINE, WRITE, FORCE):
            return hex(target) if kind == WRITE else str(target)
        if kind in (FAULT, IDLE, FAULTS_END, END):
            return ""
        return str(machine.devices[target]["name"])

    def _field(self, raw: Any) -> str:
        if raw.input == VALUE:
            device: str = self._machine.devices[raw.target]["name"]
            place: int = raw.extra
            return self._machine.values(device)[place]
        return str(raw.extra) if raw.input in (MEMORY, REGISTER, FORCE) else ""

    # ---- to C

    def fill(self, raw: Any, entry: Entry) -> None:
        """K5Error names what is wrong with it."""
        if entry.what not in WHATS:
            raise K5Error(f"unknown input '{entry.what}'" + suggestion(entry.what, WHATS))
        kind = WHATS[entry.what]
        target = self._targets.get(kind, self._machine.device_index)(entry.name)
        data, value = entry.data, entry.value
        least, most = _range(kind)
        if not least <= value <= most:
            raise K5Error(f"{value} is no value of '{entry.what}': from {least} to {most}")
        if kind == IDLE:
            data, value = value.to_bytes(8, "little"), 0
        if len(data) > MOST_DATA:
            raise K5Error(f"{len(data)} bytes are more than the {MOST_DATA} of an entry")
        raw.at.now, raw.at.instructions, raw.at.actions = (
            entry.position.now,
            entry.position.instructions,
            entry.position.actions,
        )
        raw.input, raw.target, raw.extra = kind, target, self._extra(kind, entry)
        raw.value = value - (_WORD + 1) if kind in _UNSIGNED and value & _SIGN else value
        raw.bytes = len(data)
        self._machine._ffi.buffer(raw.data)[: len(data)] = data

    def _extra(self, kind: int, entry: Entry) -> int:
        if kind == VALUE:
            return find(f"value of {entry.name}", entry.field, self._machine.values(entry.name))
        return _int(entry.field, "number") if kind in (MEMORY, REGISTER, FORCE) else 0


def read(machine: Machine, first: int = 0) -> Iterator[Entry]:
    """The machine's journal, from its first-th entry on."""
    codec, ffi, lib = Codec(machine), machine._ffi, machine._lib
    batch = ffi.new("struct k5sim_entry[]", _BATCH)
    while True:
        count = int(lib.k5sim_history_journal(machine._sim, first, batch, _BATCH))
        taken = min(max(count - first, 0), _BATCH)
        for raw in batch[0:taken]:
            yield codec.entry(raw)
        first += taken
        if taken < _BATCH:
            return


def rows(machine: Machine, entries: Iterable[Entry]) -> Any:
    """As an array for k5sim_history_play()."""
    codec, listed = Codec(machine), list(entries)
    out = machine._ffi.new("struct k5sim_entry[]", max(len(listed), 1))
    for raw, entry in zip(out, listed, strict=False):
        codec.fill(raw, entry)
    return out
