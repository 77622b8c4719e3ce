"""Quantities in scenarios: text with a unit, read exactly."""

from __future__ import annotations

import re
from fractions import Fraction

from k5.errors import suggestion

TIMES = {"ns": 1, "us": 1000, "ms": 1_000_000, "s": 1_000_000_000, "min": 60_000_000_000}
FREQUENCIES = {"Hz": 1, "kHz": 1000, "MHz": 1_000_000}
_NUMBER = re.compile(r"(\d+(?:\.\d+)?)([A-Za-z%]*)")


class BadUnit(ValueError):
    """What is wrong with a quantity."""


def _quantity(text: str, units: dict[str, int], example: str) -> Fraction:
    found = _NUMBER.fullmatch(text)
    if not found:
        raise BadUnit(f'"{text}" is no quantity; write {example}')
    number, unit = found.groups()
    if unit not in units:
        if not unit:
            raise BadUnit(f'"{text}" has no unit (known: {", ".join(units)})')
        raise BadUnit(f"\"{text}\" has the unknown unit '{unit}'" + suggestion(unit, units))
    return Fraction(number) * units[unit]


def time_ns(text: str) -> int:
    """`"20ms"` in nanoseconds; BadUnit says what is wrong."""
    ns = _quantity(text, TIMES, '"500us", "20ms" or "2s"')
    if ns.denominator != 1:
        raise BadUnit(f'"{text}" is no whole number of nanoseconds')
    return int(ns)


def frequency_hz(text: str) -> Fraction:
    """`"1kHz"`; above 0."""
    hz = _quantity(text, FREQUENCIES, '"50Hz" or "1.5kHz"')
    if hz == 0:
        raise BadUnit(f'"{text}" is no frequency; a level that stays is pin = ..., is = ...')
    return hz


def ratio(text: str) -> Fraction:
    """`"25%"` as 1/4; up to 100 %."""
    share = _quantity(text, {"%": 1}, '"25%"') / 100
    if share > 1:
        raise BadUnit(f'"{text}" is more than 100%')
    return share


def shown(ns: int | Fraction) -> str:
    """A time for people: `20 ms`, `5.046 ms`."""
    for unit in ("s", "ms", "us"):
        if ns >= TIMES[unit] or (unit == "us" and ns):
            return f"{float(Fraction(ns) / TIMES[unit]):.9g} {unit}"
    return f"{float(ns):g} ns" if ns else "0 ms"
