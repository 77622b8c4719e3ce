"""Wilson's intervals, and how many samples are enough."""

from __future__ import annotations

import random
from fractions import Fraction

import pytest

from k5.campaign import statistics
from k5.campaign.statistics import wilson


@pytest.mark.parametrize(
    ("hits", "trials", "low", "high"),
    # Computed by hand from the formula, with z = 1.959964.
    [(0, 10, 0.0, 0.27753), (5, 10, 0.23659, 0.76341), (10, 10, 0.72247, 1.0),
     (81, 263, 0.25529, 0.36621)],
)  # fmt: skip
def test_wilson_is_what_the_formula_says(hits: int, trials: int, low: float, high: float) -> None:
    assert wilson(hits, trials, 0.95) == pytest.approx((low, high), abs=5e-5)


def test_a_whole_space_is_known_for_certain() -> None:
    assert wilson(3, 8, 0.95, space=8) == (3 / 8, 3 / 8)
    assert wilson(0, 0, 0.95, space=8) == (0.0, 1.0)


def test_a_small_space_needs_less_than_an_endless_one() -> None:
    low, high = wilson(50, 100, 0.95, space=150)
    wide_low, wide_high = wilson(50, 100, 0.95)
    assert wide_low < low < 0.5 < high < wide_high


def test_the_interval_holds_the_true_share_as_often_as_it_says() -> None:
    source, hits = random.Random(7), 0
    for _ in range(2000):
        seen = sum(source.random() < 0.1 for _ in range(200))
        low, high = wilson(seen, 200, 0.95)
        hits += low <= 0.1 <= high
    assert 0.93 < hits / 2000 < 0.975


def test_what_is_said_to_be_enough_is_enough_and_half_of_it_is_not() -> None:
    confidence, margin = Fraction(95, 100), Fraction(1, 100)
    most = statistics.most(confidence, margin, 10**9)
    assert 9604 <= most <= 10_000 and most % statistics.ROUND == 0
    assert statistics.enough([most // 2], most, 0.95, 0.01, 10**9)
    assert not statistics.enough([most // 4], most // 2, 0.95, 0.01, 10**9)


def test_rare_outcomes_need_fewer_samples() -> None:
    assert statistics.enough([980, 20], 1000, 0.95, 0.01, 10**9)
    assert not statistics.enough([500, 500], 1000, 0.95, 0.01, 10**9)


def test_never_more_than_the_space() -> None:
    assert statistics.most(Fraction(95, 100), Fraction(1, 100), 300) == 300
    assert statistics.most(Fraction(95, 100), Fraction(1, 100), 1) == 1
