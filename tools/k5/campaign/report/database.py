"""A campaign's SQLite file, opened for reading: what is not one is refused with the reason.

Nothing in it is trusted: whoever reports on a campaign did not always run it. It may still be
growing, so all is read within one transaction; what is made on the way lies in temporary tables.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from k5.errors import K5Error
from k5.paths import shown


class Kind(NamedTuple):
    """Of a column: the types that SQLite may say, the numbers it may be, what is right in words."""

    types: str
    right: str
    least: int | None = None
    most: int | None = None


ID = Kind("'integer'", "a number from 0 to 2^53", 0, 1 << 53)
COUNT = Kind("'integer'", "a number, 0 or more", 0)
NUMBER = Kind("'integer'", "a number")
TEXT = Kind("'text'", "a text")
JSON = Kind("'text', 'integer', 'real'", "JSON")

# What is read, by table. The first column of a table identifies its row in messages.
TABLES: dict[str, dict[str, Kind]] = {
    "meta": {"key": TEXT, "value": JSON},
    "targets": {"id": ID, "model": TEXT, "task": TEXT, "thread": TEXT, "place": TEXT},
    "sites": {"id": ID, "instructions": COUNT, "tick": COUNT, "task": TEXT, "thread": TEXT,
              "pc": COUNT, "function": TEXT, "file": TEXT, "line": COUNT},
    "outcomes": {"id": ID, "class": TEXT, "detail": TEXT},
    "trials": {"id": ID, "target": ID, "site": ID, "mask": NUMBER, "value": NUMBER,
               "outcome": ID, "end_tick": COUNT},
    "counts": {"target": ID, "site": ID, "outcome": ID, "n": COUNT},
}  # fmt: skip

# May not be NULL; the others may be, where there is nothing to say.
NEEDED = {"key", "id", "target", "site", "outcome", "n", "class"}

# Columns that hold the id of a row of another table.
REFERENCES = {"target": "targets", "site": "sites", "outcome": "outcomes"}

CACHE_KIB = 256 << 10  # rows are looked up in any order: at most so much of the file is kept
WAIT_S = 5  # for a campaign that is about to write


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """The checked database; SQLite's errors become K5Error."""
    name = shown(path)
    if not path.exists():
        raise K5Error(f"{name}: no such file")
    if not path.is_file():
        raise K5Error(f"{name}: not a file")
    connection: sqlite3.Connection | None = None
    try:
        connection = sqlite3.connect(_uri(path), uri=True, timeout=WAIT_S, isolation_level=None)
        connection.text_factory = lambda raw: raw.decode(errors="replace")
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        connection.execute("BEGIN")
        _check(connection, name)
        yield connection
    except sqlite3.OperationalError as problem:
        raise K5Error(f"{name}: cannot be read: {problem}") from problem
    except sqlite3.DatabaseError as problem:
        raise K5Error(f"{name}: not a campaign's results: {problem}") from problem
    finally:
        if connection is not None:
            connection.close()


def _uri(path: Path) -> str:
    """Not `mode=ro`: that leaves the files of a write-ahead log behind. Where none can be made,
    and none is there, nobody writes."""
    log = path.with_name(path.name + "-wal")
    still = not os.access(path.parent, os.W_OK) and not log.exists()
    return f"file:{quote(str(path.absolute()))}?mode=rw" + ("&immutable=1" if still else "")


def _check(connection: sqlite3.Connection, name: str) -> None:
    """Tables, columns, kinds of values, references: so that no sum is silently wrong.

    A table is gone through once; only where something is wrong its columns are looked at apart."""
    for table, columns in TABLES.items():
        found = {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}
        if not found:
            raise K5Error(f"{name}: not a campaign's results: it has no table `{table}`")
        for column in columns:
            if column not in found:
                raise K5Error(
                    f"{name}: not a campaign's results: table `{table}` has no column `{column}`"
                )
    for table, columns in TABLES.items():
        wrong = {column: _wrong(column, kind) for column, kind in columns.items()}
        if _first(connection, table, " OR ".join(wrong.values())):
            for column, condition in wrong.items():
                _refuse_value(connection, name, table, column, condition)
    for table in ("counts", "trials"):
        lost = {column: f"{column} NOT IN (SELECT id FROM {other})"
                for column, other in REFERENCES.items()}  # fmt: skip
        if _first(connection, table, " OR ".join(lost.values())):
            for column, condition in lost.items():
                _refuse_reference(connection, name, table, column, condition)


def _first(
    connection: sqlite3.Connection, table: str, condition: str, columns: str = "1"
) -> tuple[Any, ...] | None:
    """A row for which the condition holds."""
    sql = f"SELECT {columns} FROM {table} WHERE {condition} LIMIT 1"
    row: tuple[Any, ...] | None = connection.execute(sql).fetchone()
    return row


def _wrong(column: str, kind: Kind) -> str:
    """The condition under which a value is not of its kind."""
    allowed = kind.types if column in NEEDED else f"{kind.types}, 'null'"
    wrong = f"typeof({column}) NOT IN ({allowed})"
    if kind.least is not None:
        wrong += f" OR {column} < {kind.least}"
    if kind.most is not None:
        wrong += f" OR {column} > {kind.most}"
    return wrong


def _refuse_value(
    connection: sqlite3.Connection, name: str, table: str, column: str, condition: str
) -> None:
    """K5Error if there is such a row."""
    first = next(iter(TABLES[table]))
    row = _first(connection, table, condition, f"{first}, {column}")
    if row:
        right = TABLES[table][column].right
        raise K5Error(
            f"{name}: table `{table}`, {first} {row[0]}: {column} is {str(row[1])[:40]!r}, "
            f"but it has to be {right}"
        )


def _refuse_reference(
    connection: sqlite3.Connection, name: str, table: str, column: str, condition: str
) -> None:
    """K5Error if there is such a row."""
    row = _first(connection, table, condition, column)
    if row:
        raise K5Error(
            f"{name}: table `{table}` names {column} {row[0]}, which is not in "
            f"`{REFERENCES[column]}`"
        )


def meta(connection: sqlite3.Connection, name: str) -> dict[str, Any]:
    """What the campaign says of itself: each value is JSON."""
    found: dict[str, Any] = {}
    for key, text in connection.execute("SELECT key, CAST(value AS TEXT) FROM meta"):
        try:
            found[key] = json.loads(text) if text is not None else None
        except (ValueError, RecursionError):
            raise K5Error(f"{name}: table `meta`, key `{key}`: {text[:40]!r} is not JSON") from None
    return found
