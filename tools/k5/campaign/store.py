"""The results of a campaign: an SQLite file. Each chunk is one transaction, so that whatever ends
the process, what was done stays, and is not done again.

Tables: meta, targets, sites, outcomes, trials, counts (docs/campaigns.md says what is in them), and
two for going on: `chunks`, which are done, and `verdicts`, how the events of a stream were judged.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from k5.campaign.classes import Verdict
from k5.campaign.chunk import Chunk, Ended
from k5.campaign.space import Target
from k5.errors import FAILED, K5Error
from k5.paths import shown

VERSION = 1
SCHEMA = """
CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT);
CREATE TABLE targets(id INTEGER PRIMARY KEY, model TEXT, task TEXT, thread TEXT, place TEXT);
CREATE TABLE sites(id INTEGER PRIMARY KEY, instructions INTEGER, tick INTEGER, task TEXT,
    thread TEXT, pc INTEGER, function TEXT, file TEXT, line INTEGER);
CREATE TABLE outcomes(id INTEGER PRIMARY KEY, class TEXT, detail TEXT, UNIQUE(class, detail));
CREATE TABLE trials(id INTEGER PRIMARY KEY, target INTEGER, site INTEGER, mask INTEGER,
    value INTEGER, outcome INTEGER, end_tick INTEGER);
CREATE TABLE counts(target INTEGER, site INTEGER, outcome INTEGER, n INTEGER,
    PRIMARY KEY(target, site, outcome)) WITHOUT ROWID;
CREATE TABLE chunks(number INTEGER PRIMARY KEY, trials INTEGER, seconds REAL);
CREATE TABLE verdicts(stream INTEGER, outcome INTEGER, failed TEXT, silent INTEGER, noticed TEXT,
    PRIMARY KEY(stream, outcome)) WITHOUT ROWID;
"""
# Bytes that a row takes in the file, measured: what a campaign will need is said beforehand.
TRIAL_BYTES, COUNT_BYTES, SITE_BYTES, FIXED_BYTES = 40, 24, 100, 1 << 20


def estimate(trials: int, pairs: int, sites: int) -> int:
    """Bytes at most: as if every trial came to a row. `pairs` of target and site."""
    counts = min(trials, pairs * 4)  # few kinds of outcome at each
    return FIXED_BYTES + trials * TRIAL_BYTES + counts * COUNT_BYTES + sites * SITE_BYTES


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """SQLite's errors as ours."""
    try:
        yield
    except sqlite3.OperationalError as problem:
        text = str(problem)
        if "full" in text or "disk I/O" in text:
            kept = "what was done is kept: make room and run the command again"
            raise K5Error(f"{shown(path)}: the disk is full; {kept}", status=FAILED) from None
        raise K5Error(f"{shown(path)}: {text}") from None
    except sqlite3.DatabaseError as problem:
        text = f"{problem}: it holds no results of a campaign; --restart begins anew"
        raise K5Error(f"{shown(path)}: {text}") from None


class Store:
    """An open file of results. Close it, or use it in a `with` statement."""

    def __init__(self, path: Path, read_only: bool = False) -> None:
        self.path = path
        if read_only and not path.exists():
            raise K5Error(f"{shown(path)}: no such file: there are no results yet")
        path.parent.mkdir(parents=True, exist_ok=True)
        with explained(path):
            self.base = sqlite3.connect(path, isolation_level=None, timeout=30)
            if not read_only:
                self.base.execute("PRAGMA journal_mode = WAL")
                self.base.execute("PRAGMA synchronous = NORMAL")
            self.empty = not self._tables()
            if self.empty and not read_only:
                with self._transaction():
                    for statement in SCHEMA.split(";"):
                        self.base.execute(statement)
                self.set_meta({"version": VERSION})
            self._check()
        self._outcomes: dict[tuple[str, str], int] = {}

    def _tables(self) -> set[str]:
        return {str(row[0]) for row in self.base.execute("SELECT name FROM sqlite_master")}

    def _check(self) -> None:
        if "meta" not in self._tables() or self.meta().get("version") != VERSION:
            text = "it holds no results of this version of ./k5 campaign; --restart begins anew"
            raise K5Error(f"{shown(self.path)}: {text}")

    def close(self) -> None:
        """Closes the file."""
        self.base.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """All of it or nothing."""
        self.base.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self.base.rollback()
            raise
        self.base.execute("COMMIT")

    # ---- what it is about

    def meta(self) -> dict[str, Any]:
        """Facts about the campaign."""
        return {key: json.loads(value) for key, value in self.base.execute("SELECT * FROM meta")}

    def set_meta(self, values: dict[str, Any]) -> None:
        """Some of them, new or changed."""
        rows = [(key, json.dumps(value)) for key, value in values.items()]
        with explained(self.path):
            self.base.executemany("INSERT OR REPLACE INTO meta VALUES(?, ?)", rows)

    def begin(self, meta: dict[str, Any], targets: Iterable[Target]) -> None:
        """What is known before the first trial."""
        rows = ((i, t.model, t.task, t.thread, t.place) for i, t in enumerate(targets))
        with explained(self.path), self._transaction():
            pairs = [(key, json.dumps(value)) for key, value in meta.items()]
            self.base.executemany("INSERT OR REPLACE INTO meta VALUES(?, ?)", pairs)
            self.base.executemany("INSERT INTO targets VALUES(?, ?, ?, ?, ?)", rows)

    # ---- chunks

    def done(self) -> dict[int, int]:
        """Chunks that are done, and how many trials each had."""
        return dict(self.base.execute("SELECT number, trials FROM chunks"))

    def add(self, chunk: Chunk, sites: Iterable[tuple[Any, ...]], seconds: float) -> None:
        """A chunk's results; a second time it changes nothing."""
        with explained(self.path), self._transaction():
            added = self.base.execute(
                "INSERT OR IGNORE INTO chunks VALUES(?, ?, ?)",
                (chunk.number, chunk.trials, seconds),
            )
            if added.rowcount == 0:
                return
            ids = [self._outcome(*named) for named in chunk.outcomes]
            self.base.executemany("INSERT OR IGNORE INTO sites VALUES(?,?,?,?,?,?,?,?,?)", sites)
            self.base.executemany(
                "INSERT INTO trials VALUES(?,?,?,?,?,?,?)",
                ((i, t, s, m, v, ids[o], e) for i, t, s, m, v, o, e in chunk.rows.tolist()),
            )
            self.base.executemany(
                "INSERT INTO counts VALUES(?,?,?,?) ON CONFLICT DO UPDATE SET n = n + excluded.n",
                ((t, s, ids[o], n) for t, s, o, n in chunk.counts.tolist()),
            )
            self._add_verdicts(chunk.verdicts)

    def _outcome(self, name: str, detail: str) -> int:
        """The number of a class with its detail."""
        row = self.base.execute(
            "SELECT id FROM outcomes WHERE class = ? AND detail = ?", (name, detail)
        ).fetchone()
        if row is None:
            made = self.base.execute("INSERT INTO outcomes VALUES(NULL, ?, ?)", (name, detail))
            return int(made.lastrowid or 0)
        return int(row[0])

    def _add_verdicts(self, verdicts: dict[Ended, Verdict]) -> None:
        self.base.executemany(
            "INSERT OR IGNORE INTO verdicts VALUES(?,?,?,?,?)",
            (
                (_signed(stream), outcome, v.failed, int(v.silent), v.noticed)
                for (stream, outcome), v in verdicts.items()
            ),
        )

    def verdicts(self) -> dict[Ended, Verdict]:
        """All that were judged."""
        rows = self.base.execute("SELECT stream, outcome, failed, silent, noticed FROM verdicts")
        return {
            (stream & (1 << 64) - 1, outcome): Verdict(failed, bool(silent), noticed)
            for stream, outcome, failed, silent, noticed in rows
        }

    # ---- what came of it

    def classes(self) -> dict[str, int]:
        """How many trials of each class."""
        rows = self.base.execute(
            "SELECT class, sum(n) FROM counts JOIN outcomes ON outcome = outcomes.id GROUP BY class"
        )
        return {str(name): int(count) for name, count in rows}

    def details(self) -> list[tuple[str, str, int, int | None]]:
        """Class, detail, how many, and a trial that did so; most frequent first."""
        rows = self.base.execute(
            "SELECT class, detail, (SELECT sum(n) FROM counts WHERE outcome = outcomes.id) AS many,"
            " (SELECT min(id) FROM trials WHERE outcome = outcomes.id)"
            " FROM outcomes ORDER BY many DESC, class, detail"
        )
        return [(str(c), str(d), int(n or 0), i) for c, d, n, i in rows]


def _signed(word: int) -> int:
    """SQLite's integers have a sign."""
    return word - (1 << 64) if word >> 63 else word
