"""What the templates show: every number formatted, every foreign text cleaned."""

from __future__ import annotations

from dataclasses import dataclass

from k5.campaign.report.classes import CLASSES, OutcomeClass
from k5.campaign.report.intervals import Estimate, estimate
from k5.campaign.report.reader import Group, Groups, Results, Tally
from k5.campaign.report.text import count, interval, natural, one_line, share

UNNAMED = "(none)"
FAINTEST = 0.08  # colour of a line or cell with a bad outcome


@dataclass(frozen=True)
class Part:
    """One class's part of a bar."""

    style: str
    name: str
    trials: int
    share: str


@dataclass(frozen=True)
class Total:
    """A row of the totals."""

    style: str
    name: str
    bad: bool
    meaning: str
    trials: int
    share: str
    interval: str


@dataclass(frozen=True)
class Row:
    """A row of a table by task, model, place or function."""

    name: str
    trials: int
    parts: list[Part]
    bad: int
    share: str
    interval: str


@dataclass(frozen=True)
class Table:
    """`first`: the heading of its first column; `more`: rows that were cut."""

    first: str
    rows: list[Row]
    more: int
    exact: bool


@dataclass(frozen=True)
class Cell:
    share: str
    heat: str
    title: str


@dataclass(frozen=True)
class Matrix:
    """Places by tasks, bad shares."""

    tasks: list[str]
    rows: list[tuple[str, list[Cell | None]]]


class Shapes:
    """Makes the views of one campaign's tallies."""

    def __init__(self, results: Results) -> None:
        self.results = results
        self.confidence = results.facts.interval_confidence

    def of_all(self, hits: int) -> Estimate:
        """A share of the whole campaign, whose space is known."""
        return estimate(hits, self.results.total.total, self.confidence, self.results.facts.space)

    def parts(self, tally: Tally) -> list[Part]:
        """The classes that came about, worst first."""
        return [
            Part(one.style, one_line(one.name), n, share(n / tally.total))
            for one, n in zip(self.results.classes, tally.counts, strict=True)
            if n
        ]

    def sentence(self, tally: Tally) -> str:
        """`12 silent-corruption, 30 masked`."""
        return ", ".join(f"{part.trials:,} {part.name}" for part in self.parts(tally))

    def totals(self) -> list[Total]:
        """All classes that are known, also those that never came about: that says something."""
        seen = dict(zip(self.results.classes, self.results.total.counts, strict=True))
        others = [one for one in seen if one not in CLASSES]
        return [self._total(one, seen.get(one, 0)) for one in [*CLASSES, *others]]

    def _total(self, one: OutcomeClass, trials: int) -> Total:
        found = self.of_all(trials)
        return Total(one.style, one_line(one.name), one.bad, one.meaning, trials,
                     share(found.share), interval(found))  # fmt: skip

    def row(self, group: Group) -> Row:
        tally = group.tally
        found = estimate(tally.bad, tally.total, self.confidence)
        return Row(one_line(group.name) or UNNAMED, tally.total, self.parts(tally), tally.bad,
                   share(found.share), interval(found))  # fmt: skip

    def table(self, first: str, groups: Groups) -> Table:
        rows = [self.row(group) for group in groups.rows if group.tally.total]
        return Table(first, rows, groups.all - len(groups.rows), self.confidence is None)

    def matrix(self) -> Matrix | None:
        """None where there is nothing to cross."""
        cells = self.results.cells
        if not cells:
            return None
        tasks = sorted({task for _, task in cells})
        places = sorted({place for place, _ in cells}, key=lambda name: natural(one_line(name)))
        most = max(worst(tally) for tally in cells.values())
        rows = [
            (one_line(place) or UNNAMED,
             [self.cell(cells.get((place, task)), most) for task in tasks])
            for place in places
        ]  # fmt: skip
        return Matrix([one_line(task) or UNNAMED for task in tasks], rows)

    def cell(self, tally: Tally | None, most: float) -> Cell | None:
        if tally is None or not tally.total:
            return None
        title = f"{count(tally.total, 'trial')}: {self.sentence(tally)}"
        return Cell(share(worst(tally)), heat(tally, most), title)


def worst(tally: Tally) -> float:
    """The share that ended badly."""
    return tally.bad / tally.total if tally.total else 0.0


def heat(tally: Tally, most: float) -> str:
    """How deep the colour is, 0 to 1; what is not nothing can be told from nothing."""
    return f"{max(worst(tally) / most, FAINTEST):.2f}" if tally.bad else "0"
