"""Shares as the report shows them: how far one that was seen may be from the true one."""

from __future__ import annotations

from dataclasses import dataclass

from k5.campaign.statistics import wilson


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


def estimate(
    hits: int, trials: int, confidence: float | None, space: int | None = None
) -> Estimate:
    """Of a sample; without a confidence, of a space that was tried out completely."""
    share = hits / trials if trials else 0.0
    if confidence is None or (space is not None and trials >= space > 0):
        return Estimate(hits, trials, share, share, exact=True)
    low, high = wilson(hits, trials, confidence, space)
    return Estimate(hits, trials, low, high, exact=False)
