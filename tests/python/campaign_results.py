"""Makes databases of fault campaigns, as ./k5 campaign writes them, for the tests of the report."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT);
CREATE TABLE targets (id INTEGER PRIMARY KEY, model TEXT, task TEXT, thread TEXT, place TEXT);
CREATE TABLE sites (id INTEGER PRIMARY KEY, instructions INTEGER, tick INTEGER, task TEXT,
    thread TEXT, pc INTEGER, function TEXT, file TEXT, line INTEGER);
CREATE TABLE outcomes (id INTEGER PRIMARY KEY, class TEXT, detail TEXT);
CREATE TABLE trials (id INTEGER PRIMARY KEY, target INTEGER, site INTEGER, mask INTEGER,
    value INTEGER, outcome INTEGER, end_tick INTEGER);
CREATE TABLE counts (target INTEGER, site INTEGER, outcome INTEGER, n INTEGER,
    PRIMARY KEY (target, site, outcome));
"""

META: dict[str, Any] = {
    "title": "Registers of the demo",
    "file": "scenarios/demo/registers.toml",
    "campaign": '[campaign]\nscenario = "answers.toml"\n',
    "system": "demo",
    "board": "mps2-an505",
    "build": "4f1c09d2",
    "seed": 7,
    "space": 1_000_000,
    "mode": "sample",
    "confidence": 0.95,
    "margin": 0.01,
    "ticks_hz": 25_000_000,
    "started": "2026-11-29T01:00:00",
    "seconds": 12.5,
    "golden": {"instructions": 120_400, "ticks": 310_000},
    "finished": True,
}

QUIET = ("masked", "not-fired")


class Database:
    """Built row by row; `close` writes it."""

    def __init__(self, path: Path, **meta: Any) -> None:
        path.unlink(missing_ok=True)
        self.path = path
        self.db = sqlite3.connect(path)
        self.db.executescript(SCHEMA)
        self.trials = 0
        for key, value in {**META, **meta}.items():
            if value is not None:
                self.db.execute("INSERT INTO meta VALUES (?, ?)", (key, json.dumps(value)))

    def _row(self, table: str, *values: Any) -> int:
        marks = ", ".join("?" * (len(values) + 1))
        return (
            self.db.execute(f"INSERT INTO {table} VALUES ({marks})", (None, *values)).lastrowid or 0
        )

    def target(self, place: str = "r3", task: str = "foo", model: str = "register") -> int:
        return self._row("targets", model, task, task, place)

    def site(
        self, tick: int = 0, file: str = "user/demo/foo.c", line: int = 20, function: str = "main",
        task: str = "foo",
    ) -> int:  # fmt: skip
        return self._row("sites", tick, tick, task, task, 0x10000000 + line, function, file, line)

    def outcome(self, class_: str, detail: str = "") -> int:
        return self._row("outcomes", class_, detail)

    def count(self, target: int, site: int, outcome: int, n: int) -> int:
        """n trials, with their rows unless they are masked; returns the first one's id."""
        class_ = self.db.execute("SELECT class FROM outcomes WHERE id = ?", (outcome,)).fetchone()[
            0
        ]
        self.db.execute("INSERT INTO counts VALUES (?, ?, ?, ?)", (target, site, outcome, n))
        first = self.trials + 1
        self.trials += n
        if class_ not in QUIET:
            self.db.executemany(
                "INSERT INTO trials VALUES (?, ?, ?, ?, 0, ?, 0)",
                [(first + k, target, site, 1 << k % 32, outcome) for k in range(n)],
            )
        return first

    def close(self) -> Path:
        self.db.commit()
        self.db.close()
        return self.path


def small(path: Path, **meta: object) -> Path:
    """1,000 trials whose sums are easily made by hand."""
    base = Database(path, **meta)
    r3, r4 = base.target("r3", "foo"), base.target("r4", "bar")
    word = base.target("memory 0x28201000", "bar", "memory")
    here, there = base.site(25_000, line=16), base.site(
        50_000, "user/demo/bar.c", 23, "serve", "bar"
    )
    masked, hang = base.outcome("masked"), base.outcome("hang", "the end did not come by 2 s")
    silent = base.outcome("silent-corruption", "expectation 2 failed")
    found = base.outcome("detected", "BUS_FAULT in foo")
    base.count(r3, here, masked, 600)
    base.count(r3, here, silent, 10)
    base.count(r4, there, masked, 300)
    base.count(r4, there, found, 50)
    base.count(word, there, hang, 5)
    base.count(word, here, masked, 35)
    return base.close()
