"""How many samples a campaign needs, and how sure that makes."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, sqrt
from statistics import NormalDist

# Trials between two looks at the intervals: a sample's size is a multiple, whoever runs.
ROUND = 500


def z_of(confidence: float) -> float:
    """How many standard deviations a two-sided interval of this confidence spans, each way."""
    return NormalDist().inv_cdf((1 + confidence) / 2)


def wilson(
    hits: int, trials: int, confidence: float, space: int | None = None
) -> tuple[float, float]:
    """Wilson's interval of a share, at this confidence (0.95, say); of no trials: 0 and 1.

    Unlike the textbook's normal interval it stays within 0 and 1, and says something useful where
    nothing, or everything, was hit: that none of 1,000 faults did harm does not mean that none
    can. `space`: of how many the trials were drawn, without putting back; what was drawn from a
    small space says more (the correction for finite populations), a whole one is known for certain.
    """
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
    z2 = z_of(confidence) ** 2 * unseen
    middle = share + z2 / (2 * trials)
    half = sqrt(z2 * (share * (1 - share) / trials + z2 / (4 * trials * trials)))
    whole = 1 + z2 / trials
    # At the ends the limit is the end itself; rounding must not put it beside.
    low = 0.0 if hits == 0 else max(0.0, (middle - half) / whole)
    high = 1.0 if hits == trials else min(1.0, (middle + half) / whole)
    return low, high


def half_width(hits: int, trials: int, confidence: float, space: int | None = None) -> float:
    """Half of the interval."""
    low, high = wilson(hits, trials, confidence, space)
    return (high - low) / 2


def enough(counts: list[int], trials: int, confidence: float, margin: float, space: int) -> bool:
    """Whether each class's interval is narrow enough."""
    shares = counts or [0]
    return all(half_width(hits, trials, confidence, space) <= margin for hits in shares)


def most(confidence: Fraction, margin: Fraction, space: int) -> int:
    """So many trials are enough whatever comes out: half of them one way is the worst. A multiple
    of ROUND, but for the whole space."""
    trials = ROUND
    z2 = z_of(float(confidence)) ** 2
    if margin > 0:
        unbounded = ceil(z2 / (4 * float(margin) ** 2))
        trials = ceil(unbounded * space / (unbounded + space - 1)) if space > 1 else space
    rounds = ceil(trials / ROUND)
    return min(rounds * ROUND, space)
