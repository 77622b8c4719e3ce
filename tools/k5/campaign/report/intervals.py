"""How far a share that was seen in a sample may be from the true one: Wilson's interval.

Unlike the textbook's normal interval it stays within 0 and 1, and says something useful where
nothing, or everything, was hit: that none of 1,000 faults did harm does not mean that none can.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist


@dataclass(frozen=True)
class Estimate:
    """`hits` of `trials`, and where the true share lies; `exact`: it is the true share."""

    hits: int
    trials: int
    low: float
    high: float
    exact: bool

    @property
    def share(self) -> float:
        return self.hits / self.trials if self.trials else 0.0


def wilson(
    hits: int, trials: int, confidence: float, space: int | None = None
) -> tuple[float, float]:
    """The limits of the share, at this confidence (0.95, say); of no trials: 0 and 1.

    `space`: of how many the trials were drawn, each once. The more of it is known, the closer
    the limits are (the correction for finite populations)."""
    if not 0 <= hits <= trials:
        raise ValueError(f"{hits} hits of {trials} trials")
    if not 0 < confidence < 1:
        raise ValueError(f"a confidence of {confidence}: it lies between 0 and 1")
    if trials == 0:
        return 0.0, 1.0
    share = hits / trials
    if space is not None and trials >= space:
        return share, share
    unseen = 1.0 if space is None else (space - trials) / (space - 1)
    z2 = NormalDist().inv_cdf((1 + confidence) / 2) ** 2 * unseen
    middle = share + z2 / (2 * trials)
    half = sqrt(z2 * (share * (1 - share) / trials + z2 / (4 * trials * trials)))
    whole = 1 + z2 / trials
    # At the ends the limit is the end itself; rounding must not put it beside.
    low = 0.0 if hits == 0 else max(0.0, (middle - half) / whole)
    high = 1.0 if hits == trials else min(1.0, (middle + half) / whole)
    return low, high


def estimate(
    hits: int, trials: int, confidence: float | None, space: int | None = None
) -> Estimate:
    """Of a sample; without a confidence, of a space that was tried out completely."""
    share = hits / trials if trials else 0.0
    if confidence is None or (space is not None and trials >= space > 0):
        return Estimate(hits, trials, share, share, exact=True)
    low, high = wilson(hits, trials, confidence, space)
    return Estimate(hits, trials, low, high, exact=False)
