"""Drivers of a board, as parts of a system: user/drivers/boards/BOARD/NAME.toml.

`drivers = ["uart"]` in [system] joins the tables of that file to the description's, and those
of the drivers that it `needs` in turn: on one chip the UART needs clocks and pins, on another
nothing. So a description does not say which chip it is for (docs/drivers.md).
"""

from __future__ import annotations

from k5.errors import suggestion
from k5.paths import ROOT
from k5.schema import Key, Problems, check
from k5.tomlindex import JoinedToml, TomlFile

FOLDER = ROOT / "user" / "drivers" / "boards"
INCLUDE = ROOT / "user" / "drivers" / "include"  # the interfaces

_PART = {
    "needs": Key(list, items=str),
    **{kind: Key(dict) for kind in ("task", "endpoint", "notification", "interrupt", "region")},
}


def names(board: str) -> list[str]:
    """The drivers that there are for a board."""
    return sorted(path.stem for path in (FOLDER / board).glob("*.toml"))


def join(problems: Problems, file: TomlFile, wanted: list[str], board: str) -> TomlFile:
    """The description with the drivers that it wants, and those that they need."""
    known = names(board)
    parts: dict[str, TomlFile] = {}
    for index, name in enumerate(wanted):
        here = ("system", "drivers", index)
        if name not in known:
            text = f"board {board} has no driver '{name}'" + suggestion(name, known)
            problems.error(here, text)
        elif name in wanted[:index]:
            problems.error(here, f"driver '{name}' is listed twice")
        else:
            _add(parts, name, board)
    joined = JoinedToml(file, list(parts.values()))
    problems.errors += joined.twice
    problems.file = joined
    return joined


def _add(parts: dict[str, TomlFile], name: str, board: str) -> None:
    """One driver, and those that it needs."""
    file = parts[name] = TomlFile(FOLDER / board / f"{name}.toml")
    problems = Problems.of(file)
    needs = check(problems, (), file.data, _PART).get("needs", [])
    known = names(board)
    for index, need in enumerate(needs):
        if need not in known:
            text = f"board {board} has no driver '{need}'" + suggestion(need, known)
            problems.error(("needs", index), text)
    problems.raise_if_any()
    for need in needs:
        if need not in parts:
            _add(parts, need, board)
