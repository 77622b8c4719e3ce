"""`monitor inject`: what the outside, or a fault, does to the machine now.

Faults are those of docs/faults.md, their keys as words:
`monitor inject fault register thread=bar register=r3 bit=7`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from k5 import faultmodels
from k5.errors import K5Error, suggestion

if TYPE_CHECKING:
    from k5.machine import Machine

_USAGE = {
    "kill": "kill TASK",
    "pin": "pin NAME 0|1|free",
    "value": "value DEVICE WHICH NUMBER",
    "line": "line NUMBER on|off",
    "serial": "serial DEVICE TEXT",
    "reset": "reset [power|pin|watchdog]",
}
FAULT = "fault MODEL KEY=VALUE..."
_LEVELS = {"0": False, "1": True, "free": None}


def _number(text: str) -> int:
    try:
        found = int(text, 0)
    except ValueError:
        raise K5Error(f"'{text}' is no number") from None
    if not -(1 << 31) <= found < 1 << 31:
        raise K5Error(f"{text} has more than 32 bits")
    return found


def _value(key: str, text: str) -> str | int | list[int]:
    """As TOML would have it: numbers where they are some, `bits` as a list of them."""
    if key == "bits":
        return [_number(word) for word in text.split(",")]
    try:
        return int(text, 0)
    except ValueError:
        return text


def _fault(machine: Machine, words: list[str]) -> list[str]:
    if not words:
        raise K5Error(f"inject: write {FAULT}", "models: " + ", ".join(faultmodels.MODELS))
    table: dict[str, str | int | list[int]] = {"model": words[0]}
    for word in words[1:]:
        key, equals, text = word.partition("=")
        if not equals:
            raise K5Error(f"inject: '{word}': write {FAULT}")
        table[key] = _value(key, text)
    try:
        fault = faultmodels.read(table)
    except faultmodels.BadFault as bad:
        raise K5Error(*(text for _, text in bad.problems)) from None
    changed = machine.inject(fault)
    return [f"{fault.describe()}" + ("" if changed else ": that changes nothing here")]


def inject(machine: Machine, words: list[str]) -> list[str]:
    """Does it; what to print."""
    if words[:1] == ["fault"]:
        return _fault(machine, words[1:])
    if not words or words[0] not in _USAGE:
        what = words[0] if words else ""
        raise K5Error(f"inject: no '{what}'" + suggestion(what, ["fault", *_USAGE]))
    what, *rest = words
    count = len(_USAGE[what].split()) - 1
    if len(rest) != count and not (what == "reset" and not rest):
        raise K5Error(f"inject: write {_USAGE[what]}")
    if what == "kill":
        machine.kill(rest[0])
    elif what == "pin":
        if rest[1] not in _LEVELS:
            raise K5Error(f"'{rest[1]}': a pin is driven to 0 or 1, or set free")
        machine.drive(rest[0], _LEVELS[rest[1]])
    elif what == "value":
        machine.set_value(rest[0], rest[1], _number(rest[2]))
    elif what == "line":
        if _number(rest[0]) < 0 or rest[1] not in ("on", "off"):
            raise K5Error(f"inject: write {_USAGE[what]}")
        machine.force_line(_number(rest[0]), rest[1] == "on")
    elif what == "serial":
        text = rest[1].encode().decode("unicode_escape").encode("latin-1", "replace")
        machine.send(rest[0], text)
    else:
        machine.reset(*rest)
    return [f"injected: {' '.join(words)}"]
