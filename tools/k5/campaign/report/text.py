"""How numbers, times and foreign text read on the page."""

from __future__ import annotations

import re
from math import floor, log10

from k5.campaign.report.intervals import Estimate

UNIT = "\N{NO-BREAK SPACE}%"  # of a share
CUT = 300  # characters of a text from the database

# Controls, and what turns the direction of text around: shown as what they are.
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)


def clean(text: str, cut: int = CUT) -> str:
    """Foreign text without what cannot be seen; escaping is the template's business."""
    if len(text) > cut:
        text = text[:cut] + "…"
    return _HIDDEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def one_line(text: str, cut: int = CUT) -> str:
    """The same on one line."""
    return re.sub(r"\s+", " ", clean(text, cut)).strip()


def share(value: float) -> str:
    """A percentage that never rounds what is not nothing to 0, nor what is not all to 100."""
    percent = value * 100
    if value in (0, 1):
        return f"{percent:.0f}{UNIT}"
    digits = 1 if percent >= 10 else 2 if percent >= 1 else 1 - floor(log10(percent))
    while f"{percent:.{digits}f}".startswith("100.") and digits < 12:
        digits += 1
    return f"{percent:.{digits}f}{UNIT}"


def round_share(value: float) -> str:
    """A percentage that a person chose: 95 %, 99.9 %."""
    return f"{value * 100:g}{UNIT}"


def interval(found: Estimate) -> str:
    """`0.3 to 1.2 %`; empty where there is nothing to infer."""
    if found.exact:
        return ""
    return f"{share(found.low).rstrip(UNIT)} to {share(found.high)}"


def count(number: int, one: str, many: str = "") -> str:
    """`1 trial`, `2 trials`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def moment(tick: int, ticks_hz: int | None) -> str:
    """A tick as time from boot, where the rate is known."""
    if not ticks_hz:
        return f"tick {tick:,}"
    seconds = tick / ticks_hz
    for unit, factor in (("s", 1.0), ("ms", 1e3), ("µs", 1e6)):
        if seconds * factor >= 1 or unit == "µs":
            return f"{seconds * factor:,.3f}".rstrip("0").rstrip(".") + f" {unit}"
    raise AssertionError("the last unit takes all")


def duration(seconds: float) -> str:
    """`1 h 2 min`, `3 min 4 s`, `5.6 s`."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60:,} h {minutes % 60} min"


def bits(mask: int) -> str:
    """`0x00000088 (bits 3, 7)`."""
    set_ = [str(bit) for bit in range(32) if mask & 1 << bit]
    named = f" (bit{'s' if len(set_) > 1 else ''} {', '.join(set_)})" if 0 < len(set_) <= 4 else ""
    return f"0x{mask & 0xFFFFFFFF:08x}{named}"


def natural(text: str) -> list[tuple[int, int, str]]:
    """A key that sorts r2 before r10."""
    parts = re.split(r"(\d+)", text)
    return [(1, int(part), "") if part.isdecimal() and part.isascii() else (0, 0, part)
            for part in parts]  # fmt: skip
