"""Reads [[do]]: when something happens to the machine, and what."""

from __future__ import annotations

from typing import Any

from k5.errors import suggestion
from k5.schema import Key, spelled
from k5.scenario import when
from k5.scenario.model import Action, Stimulus, Where
from k5.scenario.reader import ANY, RESETS, TEXT, Reader, Table, listed

LONGEST_SEND = 4096  # so many characters may wait at a time
LEVELS = {"high": 1, "low": 0, "open": None}
DAMAGES = ("framing", "parity", "noise", "break")
# What each action needs or takes beside its own key.
ACTIONS: dict[str, tuple[str, ...]] = {
    "send": ("to", "baud", "damage"),
    "press": ("for",),
    "release": (),
    "drive": ("level", "for"),
    "set": ("value",),
    "raise": ("for",),
    "lower": (),
    "kill": ("code",),
    "reset": (),
    "preempt": (),
    "wake": (),
    "interrupt": (),
    "late": ("by",),
}
FORCED = ("preempt", "wake", "interrupt", "late")  # another timing of the machine, at one instruction
NEEDED = {"send": "to", "drive": "level", "set": "value", "late": "by"}
_WHAT = {
    **dict.fromkeys(ACTIONS, TEXT),
    "reset": Key(str, choices=RESETS),
    "to": TEXT,
    "baud": Key(int, least=1, most=100_000_000),
    "damage": Key(str, choices=DAMAGES),
    "level": Key(str, choices=tuple(LEVELS)),
    "value": Key(int, least=-(1 << 31), most=(1 << 31) - 1),
    "code": Key(int, least=0, most=(1 << 32) - 1),
    "by": ANY,
}
_KEYS = {**when.KEYS, **_WHAT}
_MODIFIERS = {name for names in ACTIONS.values() for name in names}


def read_stimulus(read: Reader, where: Where, data: Any) -> Stimulus | None:
    """One table [[do]]."""
    good = read.table(where, data, _KEYS)
    action = _action(read, where, data, good)
    found = when.read_when(read, where, data, good, read.complete(where, data, _KEYS))
    if found is None or action is None:
        return None
    if action.what in FORCED and found.first.instruction is None:
        text = f"{action.what} is something that happens between two instructions: it needs at_instruction"
        read.error(action.where, text)
        return None
    name = good.get("name") or action.said()
    return Stimulus(name, where, found.first, action, found.each, found.every, found.times,
                    found.jitter, found.lasts)  # fmt: skip


def _action(read: Reader, where: Where, data: Table, good: Table) -> Action | None:
    named = [name for name in ACTIONS if name in data]
    if not named and not read.complete(where, data, _KEYS):
        return None  # it may well be misspelled
    what = read.one_of(where, data, ACTIONS, "what happens?")
    if what is None:
        return None
    wrong = [n for n in data if n in _MODIFIERS and n not in ACTIONS[what]]
    for name in wrong:
        goes = listed(a for a, names in ACTIONS.items() if name in names)
        read.error((*where, name), f"{name} goes with {goes}, not with {what}")
    needed = NEEDED.get(what)
    if needed and needed not in data:
        if read.complete(where, data, _KEYS):
            read.error(where, f"{what} needs {needed}")
        return None
    if wrong or what not in good or (needed and needed not in good):
        return None
    return _made(read, where, what, good)


def _made(read: Reader, where: Where, what: str, good: Table) -> Action | None:
    subject = good[what]
    key = (*where, what)
    if what == "send" and not 0 < len(subject.encode()) <= LONGEST_SEND:
        count = len(subject.encode())
        read.error(key, f"send: {count} bytes; from 1 to {LONGEST_SEND} may wait at a time")
        return None
    if what == "set" and "." not in subject:
        text = f'set = {spelled(subject)} must name a device and its value, like "sensor.nack"'
        read.error(key, text)
        return None
    value = good.get("value", 0)
    if what == "late":
        value = read.time(where, good, "by", least=1)
        if value is None:
            return None
    return Action(what, subject, key, good.get("to", ""), LEVELS.get(good.get("level", "open")),
                  value, good.get("code", 0), good.get("baud", 0),
                  good.get("damage", ""))  # fmt: skip


def misnamed(read: Reader, where: Where, name: str, known: list[str]) -> None:
    """A reference to a stimulus that there is not."""
    hint = suggestion(name, known) if known else " (no [[do]] has a name)"
    read.error(where, f"no [[do]] is named '{name}'" + hint)
