"""From a campaign's database to plain data: all sums are made by SQL, so that size does not matter.

A class is known within the queries by its place in `Results.classes`, worst first.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from k5.campaign.report import database
from k5.campaign.report.classes import OutcomeClass, worst_first
from k5.campaign.report.facts import Facts, facts
from k5.errors import K5Error
from k5.paths import shown

MOST_CLASSES = 40
PACK = 64  # more than that
MOST_GROUPS = 200  # rows of a table by task, model, place, function
MOST_LINES = 5_000  # of source, with outcomes
MOST_FINDINGS = 1_000  # rows of what is not masked
MOST_CELLS = 24  # rows of the table of places by tasks
MOST_TASKS = 12
BINS = 96  # of the time

QUIET = ("masked", "not-fired")  # not among the findings


@dataclass(frozen=True)
class Tally:
    """Trials by class, in the order of `Results.classes`; the first `bad_classes` are bad."""

    counts: tuple[int, ...]
    bad_classes: int

    @property
    def total(self) -> int:
        return sum(self.counts)

    @property
    def bad(self) -> int:
        return sum(self.counts[: self.bad_classes])


@dataclass(frozen=True)
class Group:
    name: str
    tally: Tally


@dataclass(frozen=True)
class Groups:
    """The worst ones, and how many there are."""

    rows: list[Group]
    all: int


@dataclass(frozen=True)
class Line:
    """Injections that came before an instruction of this line."""

    file: str
    line: int
    tally: Tally


@dataclass(frozen=True)
class Bin:
    """Injections between two ticks, the second one excluded."""

    begin: int
    end: int
    tally: Tally


@dataclass(frozen=True)
class Finding:
    """Trials of one outcome, one target and one line; the first one stands for them."""

    class_: OutcomeClass
    detail: str
    model: str
    task: str
    thread: str
    place: str
    running: str  # the task whose instruction it came before
    function: str
    file: str
    line: int
    pc: int | None
    tick: int | None
    trial: int
    mask: int
    value: int
    trials: int


@dataclass(frozen=True)
class Results:
    """All that the page shows of the trials."""

    facts: Facts
    classes: list[OutcomeClass]
    total: Tally
    tasks: Groups
    models: Groups
    places: Groups
    functions: Groups  # where there is no line
    cells: dict[tuple[str, str], Tally]  # (place, task), where there are some of both
    lines: list[Line]
    all_lines: int
    bins: list[Bin]
    findings: list[Finding]
    finding_groups: list[int]  # by class: all groups, also those that are not in `findings`


def read(path: Path) -> Results:
    """K5Error: there is no such file, or it is not a campaign's."""
    name = shown(path)
    with database.opened(path) as connection:
        about = facts(database.meta(connection, name), name)
        query = _Query(connection, name)
        tasks, models, places = (query.groups(key) for key in ("task", "model", "place"))
        lines, all_lines = query.lines()
        findings, groups = query.findings()
        return Results(
            facts=about,
            classes=query.classes,
            total=query.total(),
            tasks=tasks,
            models=models,
            places=places,
            functions=query.functions(),
            cells=query.cells(),
            lines=lines,
            all_lines=all_lines,
            bins=query.bins(),
            findings=findings,
            finding_groups=groups,
        )


class _Query:
    """The queries; sums by target and by site are made once, in memory."""

    BY_TARGET = "by_target JOIN targets ON targets.id = by_target.target"
    BY_SITE = "by_site JOIN sites ON sites.id = by_site.site"
    BY_SPOT = "by_spot JOIN sites ON sites.id = by_spot.spot"
    FUNCTION = "coalesce(nullif(function, ''), printf('pc 0x%08x', pc))"
    HAS_LINE = "coalesce(file, '') <> '' AND coalesce(line, 0) > 0"

    def __init__(self, connection: sqlite3.Connection, name: str) -> None:
        self.db = connection
        names = {row[0] for row in self.db.execute("SELECT DISTINCT class FROM outcomes")}
        if len(names) > MOST_CLASSES:
            raise K5Error(f"{name}: {len(names)} classes of outcomes, not {MOST_CLASSES} or fewer")
        self.classes = worst_first(names)
        self.bad_classes = sum(one.bad for one in self.classes)
        places = {one.name: place for place, one in enumerate(self.classes)}
        self.db.execute("CREATE TEMP TABLE kind (outcome INTEGER PRIMARY KEY, class INTEGER)")
        known = self.db.execute("SELECT id, class FROM outcomes").fetchall()
        self.db.executemany(
            "INSERT INTO temp.kind VALUES (?, ?)", [(id_, places[class_]) for id_, class_ in known]
        )
        for key in ("target", "site"):
            self.sum_by(key, f"counts.{key}", "counts JOIN kind ON kind.outcome = counts.outcome")
        # A spot is the first of the sites with the same line; without one, of the same function.
        self.db.execute("CREATE TEMP TABLE spots (site INTEGER PRIMARY KEY, spot INTEGER)")
        self.db.execute(
            "INSERT INTO spots SELECT id, min(id) OVER (PARTITION BY file, line,"
            f" CASE WHEN {self.HAS_LINE} THEN NULL ELSE {self.FUNCTION} END) FROM sites"
        )
        self.sum_by("spot", "spot", "by_site JOIN spots ON spots.site = by_site.site")
        self.sums = ", ".join(
            f"sum(CASE class WHEN {place} THEN n ELSE 0 END)" for place in range(len(self.classes))
        )

    def sum_by(self, key: str, of: str, source: str) -> None:
        """Makes the table by_KEY. Key and class are one number while rows are sorted: twice as
        fast."""
        self.db.execute(
            f"CREATE TEMP TABLE by_{key} AS"
            f" SELECT packed / {PACK} AS {key}, packed % {PACK} AS class, n FROM"
            f" (SELECT {of} * {PACK} + class AS packed, sum(n) AS n FROM {source} GROUP BY 1)"
        )

    def tally(self, counts: tuple[int | None, ...]) -> Tally:
        """From a row's sums; NULL is the sum of nothing."""
        return Tally(tuple(count or 0 for count in counts), self.bad_classes)

    def total(self) -> Tally:
        row = self.db.execute(f"SELECT {self.sums or 'NULL'} FROM by_target").fetchone()
        return self.tally(row if self.classes else ())

    def ranked(
        self, source: str, keys: list[str], limit: int, where: str = "1"
    ) -> list[tuple[tuple[str | int, ...], Tally]]:
        """Sums by keys, the worst first."""
        if not self.classes:
            return []
        count = len(keys)
        order = ", ".join(str(place + 1) for place in range(count))
        rows = self.db.execute(
            f"SELECT {', '.join(keys)}, {self.sums} FROM {source} WHERE {where} GROUP BY {order}"
            f" ORDER BY sum(n * (class < {self.bad_classes})) DESC, sum(n) DESC, {order}"
            f" LIMIT {limit}"
        )
        return [(row[:count], self.tally(row[count:])) for row in rows]

    def number_of(self, source: str, keys: list[str], where: str = "1") -> int:
        """How many rows `ranked` has without a limit."""
        inner = f"SELECT DISTINCT {', '.join(keys)} FROM {source} WHERE {where}"
        return int(self.db.execute(f"SELECT count(*) FROM ({inner})").fetchone()[0])

    def groups(self, column: str) -> Groups:
        """By a column of the targets."""
        key = [f"coalesce({column}, '')"]
        rows = self.ranked(self.BY_TARGET, key, MOST_GROUPS)
        found = [Group(str(keys[0]), tally) for keys, tally in rows]
        return Groups(found, self.number_of(self.BY_TARGET, key))

    def functions(self) -> Groups:
        """Of what came where no line is known."""
        key, where = [f"coalesce({self.FUNCTION}, '')"], f"NOT ({self.HAS_LINE})"
        rows = self.ranked(self.BY_SPOT, key, MOST_GROUPS, where)
        found = [Group(str(keys[0]), tally) for keys, tally in rows]
        return Groups(found, self.number_of(self.BY_SPOT, key, where))

    def lines(self) -> tuple[list[Line], int]:
        """The lines of source before whose instructions faults came, and how many there are."""
        keys = ["file", "line"]
        rows = self.ranked(self.BY_SPOT, keys, MOST_LINES, self.HAS_LINE)
        found = [Line(str(file), int(line), tally) for (file, line), tally in rows]
        return found, self.number_of(self.BY_SPOT, keys, self.HAS_LINE)

    def cells(self) -> dict[tuple[str, str], Tally]:
        """The worst places that several tasks have, by task; empty where it would be too wide."""
        tasks = self.number_of(self.BY_TARGET, ["coalesce(task, '')"])
        if not 2 <= tasks <= MOST_TASKS:
            return {}
        place, task = "coalesce(place, '')", "coalesce(task, '')"
        self.db.execute(
            f"CREATE TEMP TABLE crossed AS SELECT {place} AS name FROM {self.BY_TARGET} GROUP BY 1"
            f" HAVING count(DISTINCT {task}) > 1"
            f" ORDER BY sum(n * (class < {self.bad_classes})) DESC, sum(n) DESC, 1"
            f" LIMIT {MOST_CELLS}"
        )
        where = f"{place} IN (SELECT name FROM crossed)"
        rows = self.ranked(self.BY_TARGET, [place, task], MOST_CELLS * MOST_TASKS, where)
        return {(str(keys[0]), str(keys[1])): tally for keys, tally in rows}

    def bins(self) -> list[Bin]:
        """The time from the first to the last injection, in equal parts."""
        low, high = self.db.execute(f"SELECT min(tick), max(tick) FROM {self.BY_SITE}").fetchone()
        if low is None:
            return []
        width = (high - low) // BINS + 1
        place = [f"(tick - {low}) / {width}"]
        rows = self.ranked(self.BY_SITE, place, BINS + 1, "tick IS NOT NULL")
        tallies = {int(keys[0]): tally for keys, tally in rows}
        nothing = self.tally((0,) * len(self.classes))
        return [
            Bin(low + k * width, low + (k + 1) * width, tallies.get(k, nothing))
            for k in range((high - low) // width + 1)
        ]

    def findings(self) -> tuple[list[Finding], list[int]]:
        """What is not masked, grouped; and how many groups there are of each class."""
        loud = [i for i, one in enumerate(self.classes) if one.name not in QUIET]
        self.db.execute(
            "CREATE TEMP TABLE finding AS SELECT kind.class AS class, count(*) AS n,"
            " min(trials.id) AS first FROM trials JOIN kind ON kind.outcome = trials.outcome"
            " JOIN spots ON spots.site = trials.site"
            f" WHERE kind.class IN ({', '.join(map(str, loud))})"
            " GROUP BY trials.outcome, trials.target, spots.spot"
        )
        groups = [0] * len(self.classes)
        for class_, count in self.db.execute("SELECT class, count(*) FROM finding GROUP BY 1"):
            groups[class_] = count
        found: list[Finding] = []
        for class_, count in enumerate(quotas(groups, MOST_FINDINGS)):
            if count:
                found += self._findings_of(class_, count)
        return found, groups

    def _findings_of(self, class_: int, limit: int) -> list[Finding]:
        rows = self.db.execute(
            "SELECT detail, model, targets.task, targets.thread, place, sites.task, function, file,"
            " line, pc, tick, trials.id, mask, trials.value, n"
            " FROM (SELECT n, first FROM finding WHERE class = ? ORDER BY n DESC, first LIMIT ?)"
            " JOIN trials ON trials.id = first"
            " JOIN targets ON targets.id = trials.target JOIN sites ON sites.id = trials.site"
            " JOIN outcomes ON outcomes.id = trials.outcome"
            " ORDER BY n DESC, first",
            (class_, limit),
        )
        return [self._finding(class_, row) for row in rows]

    def _finding(self, class_: int, row: tuple[Any, ...]) -> Finding:
        detail, model, task, thread, place, running, function, file = (t or "" for t in row[:8])
        line, pc, tick, trial, mask, value, trials = row[8:]
        return Finding(
            class_=self.classes[class_],
            detail=detail,
            model=model,
            task=task,
            thread=thread,
            place=place,
            running=running,
            function=function,
            file=file,
            line=line or 0,
            pc=pc,
            tick=tick,
            trial=trial,
            mask=mask or 0,
            value=value or 0,
            trials=trials,
        )


def quotas(wanted: list[int], most: int) -> list[int]:
    """How many of each class are shown: each gets its part, what one leaves goes to the worst."""
    classes = sum(count > 0 for count in wanted)
    if not classes:
        return [0] * len(wanted)
    given = [min(count, most // classes) for count in wanted]
    left = most - sum(given)
    for place, count in enumerate(wanted):
        more = min(count - given[place], left)
        given[place] += more
        left -= more
    return given
