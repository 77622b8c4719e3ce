"""What a campaign says of itself in the table `meta`, with what is missing said and not guessed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from k5.campaign.report.intervals import estimate
from k5.errors import K5Error

MODES = ("exhaustive", "sample")
CONFIDENCE = 0.95  # where the campaign states none


@dataclass(frozen=True)
class Facts:
    """`raw` holds all keys, also those that nobody here knows."""

    raw: dict[str, Any]
    mode: str
    confidence: float
    margin: float | None
    space: int | None
    ticks_hz: int | None

    @property
    def exhaustive(self) -> bool:
        return self.mode == "exhaustive"

    @property
    def interval_confidence(self) -> float | None:
        """None where the whole space is tried: there is nothing to infer from."""
        return None if self.exhaustive else self.confidence

    @property
    def file(self) -> str:
        """The campaign's file, as its commands name it; FILE where no terminal should get it."""
        name = self.text("file")
        return name if name and name.isprintable() else "FILE"

    def text(self, key: str) -> str:
        """The value as a person reads it; empty: there is none."""
        return flat(self.raw.get(key))

    def finished(self, total: int, counts: list[int]) -> bool | None:
        """Whether all was done that was to be done; None: the database does not say.

        A campaign that knows writes the optional key `finished`; otherwise the numbers tell."""
        if "finished" in self.raw:
            return bool(self.raw["finished"])
        if self.space is not None and total >= self.space:
            return True
        if self.exhaustive:
            return None if self.space is None else False
        if self.margin is None:
            return None
        found = [estimate(count, total, self.confidence, self.space) for count in counts]
        return total > 0 and all((one.high - one.low) / 2 <= self.margin for one in found)


def flat(value: Any) -> str:
    """Any JSON value on one line."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, dict):
        return "; ".join(f"{key.replace('_', ' ')} {flat(one)}" for key, one in value.items())
    if isinstance(value, list):
        return ", ".join(flat(one) for one in value)
    return str(value)


def facts(raw: dict[str, Any], name: str) -> Facts:
    """The checked facts; K5Error names the key of a value that cannot be."""
    mode = raw.get("mode") or "sample"
    if mode not in MODES:
        raise K5Error(
            f"{name}: table `meta`, key `mode`: {mode!r}; it is one of {', '.join(MODES)}"
        )
    confidence = _number(raw, "confidence", name)
    if confidence is not None and not 0 < confidence < 1:
        raise K5Error(
            f"{name}: table `meta`, key `confidence`: {confidence}; it lies between 0 and 1"
        )
    space = _number(raw, "space", name)
    hertz = _number(raw, "ticks_hz", name)
    return Facts(
        raw=raw,
        mode=mode,
        confidence=confidence or CONFIDENCE,
        margin=_number(raw, "margin", name),
        space=None if space is None else int(space),
        ticks_hz=None if not hertz else int(hertz),
    )


def _number(raw: dict[str, Any], key: str, name: str) -> float | None:
    value = raw.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 2**63:
        raise K5Error(
            f"{name}: table `meta`, key `{key}`: {str(value)[:40]!r} is not a number, 0 or more"
        )
    return value
