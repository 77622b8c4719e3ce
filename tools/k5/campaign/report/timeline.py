"""Outcomes over the time of injection, as the geometry of a stacked chart."""

from __future__ import annotations

from dataclasses import dataclass

from k5.campaign.report.reader import QUIET, Bin
from k5.campaign.report.text import count, moment, round_share
from k5.campaign.report.views import Shapes

STEPS = (1, 1.5, 2, 3, 4, 5, 6, 8)  # of the axis, times powers of ten


@dataclass(frozen=True)
class Block:
    """A class's part of a column, in percent of the chart's height from its top."""

    style: str
    top: str
    height: str


@dataclass(frozen=True)
class Column:
    """The injections of one stretch of time; `depth`: all of them, in percent of the most."""

    title: str
    label: str
    trials: int
    parts: str
    blocks: list[Block]
    depth: str


@dataclass(frozen=True)
class Chart:
    """`ticks`: what stands at the axis, from its top; `legend`: (style, class)."""

    columns: list[Column]
    ticks: list[str]
    most: str
    begin: str
    middle: str
    end: str
    legend: list[tuple[str, str]]


def chart(shapes: Shapes) -> Chart | None:
    """What was not masked, as shares of each column's trials; None: no time is known."""
    bins = shapes.results.bins
    if not bins:
        return None
    loud = [i for i, one in enumerate(shapes.results.classes) if one.name not in QUIET]
    top = axis_end(max(_share(bin_, loud) for bin_ in bins))
    most = max(bin_.tally.total for bin_ in bins)
    hertz = shapes.results.facts.ticks_hz
    seen = [i for i in loud if any(bin_.tally.counts[i] for bin_ in bins)]
    return Chart(
        columns=[_column(shapes, bin_, loud, top, most) for bin_ in bins],
        ticks=[round_share(top), round_share(top / 2), "0"],
        most=count(most, "trial"),
        begin=moment(bins[0].begin, hertz),
        middle=moment((bins[0].begin + bins[-1].end) // 2, hertz),
        end=moment(bins[-1].end, hertz),
        legend=[(shapes.results.classes[i].style, shapes.results.classes[i].name) for i in seen],
    )


def axis_end(value: float) -> float:
    """The next round number for the axis, at most all."""
    if value <= 0:
        return 0.01
    power = 1e-9
    while True:
        for step in STEPS:
            if value <= step * power * (1 + 1e-9):
                return min(step * power, 1.0)
        power *= 10


def _share(bin_: Bin, loud: list[int]) -> float:
    total = bin_.tally.total
    return sum(bin_.tally.counts[i] for i in loud) / total if total else 0.0


def _column(shapes: Shapes, bin_: Bin, loud: list[int], top: float, most: int) -> Column:
    tally = bin_.tally
    hertz = shapes.results.facts.ticks_hz
    label = f"{moment(bin_.begin, hertz)} to {moment(bin_.end, hertz)}"
    blocks = []
    filled = 0.0
    for i in loud:
        if tally.counts[i]:
            height = tally.counts[i] / tally.total / top * 100
            filled += height
            blocks.append(
                Block(shapes.results.classes[i].style, f"{100 - filled:.3f}", f"{height:.3f}")
            )
    parts = shapes.sentence(tally)
    title = f"{label}: {parts or 'no trial'}"
    depth = f"{tally.total / most * 100:.2f}" if most else "0"
    return Column(title, label, tally.total, parts, blocks, depth)
