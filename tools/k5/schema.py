"""Checks TOML tables against a description of their keys.

Each problem becomes one message with file, line and value; a check goes on
after a problem, so that one run shows them all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from k5.errors import K5Error, nearest, suggestion
from k5.tomlindex import TomlFile

TYPE_NAMES: dict[type, str] = {
    int: "an integer",
    str: "a string",
    bool: "true or false",
    list: "a list",
    dict: "a table",
    object: "a value",
}


@dataclass(frozen=True)
class Key:
    """What a key may hold: its type, and a range or a set of values."""

    kind: type
    required: bool = False
    least: int | None = None
    most: int | None = None
    choices: tuple[str, ...] = ()
    items: type | None = None  # of a list's elements


@dataclass
class Problems:
    """Collects messages about one file."""

    file: TomlFile
    errors: list[str]
    warnings: list[str]

    @classmethod
    def of(cls, file: TomlFile) -> Problems:
        return cls(file, [], [])

    def error(self, where: tuple[str | int, ...], message: str) -> None:
        self.errors.append(f"{self.file.where(*where)}: {message}")

    def warn(self, where: tuple[str | int, ...], message: str) -> None:
        self.warnings.append(f"{self.file.where(*where)}: {message}")

    def raise_if_any(self) -> None:
        if self.errors:
            raise K5Error(*self.errors)


def spelled(value: Any) -> str:
    """A value as TOML writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, dict):
        return "{...}"
    return str(value)


def _is(value: Any, kind: type) -> bool:
    return isinstance(value, kind) and not (kind is int and isinstance(value, bool))


def _check_value(problems: Problems, where: tuple[str | int, ...], value: Any, key: Key) -> bool:
    name = where[-1]
    if not _is(value, key.kind):
        problems.error(where, f"{name} must be {TYPE_NAMES[key.kind]}, not {spelled(value)}")
        return False
    if key.choices and value not in key.choices:
        problems.error(where, f"{name} = {spelled(value)}" + suggestion(value, key.choices))
        return False
    if key.least is not None and value < key.least:
        problems.error(where, f"{name} = {value} is less than {key.least}")
        return False
    if key.most is not None and value > key.most:
        problems.error(where, f"{name} = {value} is more than {key.most}")
        return False
    good = True
    for index, item in enumerate(value if key.items else ()):
        if not _is(item, key.items or object):
            kind = TYPE_NAMES[key.items or object]
            problems.error((*where, index), f"{name}[{index}] must be {kind}, not {spelled(item)}")
            good = False
    return good


def _place(where: tuple[str | int, ...]) -> str:
    """A table as TOML writes it: [a.b], [[a]], `x of [[a]]`."""
    if not where:
        return "this file"
    if len(where) > 1 and isinstance(where[1], int):  # of a list of tables
        inner = ".".join(str(part) for part in where[2:])
        return f"{inner} of [[{where[0]}]]" if inner else f"[[{where[0]}]]"
    return "[" + ".".join(str(part) for part in where) + "]"


def check(
    problems: Problems, where: tuple[str | int, ...], table: Any, keys: Mapping[str, Key]
) -> dict[str, Any]:
    """The table's good values; what is wrong with the others is in `problems`."""
    place = _place(where)
    if not isinstance(table, dict):
        problems.error(where, f"{place} must be a table, not {spelled(table)}")
        return {}
    good = {}
    meant = {nearest(name, keys) for name in table if name not in keys}
    for name, value in table.items():
        if name not in keys:
            problems.error(
                (*where, name), f"unknown key '{name}' in {place}" + suggestion(name, keys)
            )
        elif _check_value(problems, (*where, name), value, keys[name]):
            good[name] = value
    for name, key in keys.items():
        if key.required and name not in table and name not in meant:
            problems.error(where, f"{place} needs the key '{name}'")
    return good
