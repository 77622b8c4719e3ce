"""Reads a trace that was written as JSON lines, back into the lines it was written from."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from k5 import abi
from k5.decode import NOBODY, Line, fault_details
from k5.errors import K5Error
from k5.stream import Event
from k5.tracing import simulator

KEYS: dict[str, tuple[type, ...]] = {
    "time": (int,), "seconds": (int, float), "kind": (str,), "task": (str,), "name": (str,),
    "thread": (int, type(None)), "code": (int,), "args": (list,), "text": (str,),
}  # fmt: skip
ARGS = 6
FIELDS: dict[str, tuple[str, ...]] = {  # what else the lines of a kind have
    "ENTER": ("call",),
    "RESULT": ("call", "error"),
    "TASK": ("state",),
    "FAULT": ("fault", "pc", "sp", "status", "instruction", "details"),
    "INTERRUPT": ("line",),
    "PIN": ("pin", "high", "driver"),
    "SERIAL": ("device", "direction", "byte", "errors"),
    "LINE": ("device", "line", "raised"),
    **dict.fromkeys(("READ", "WRITE", "MISUSE", "UNMODELLED", "UNCLOCKED", "VALUE"), ("device",)),
}
HINT = "a trace is what `./k5 run SYSTEM --trace FILE.jsonl` writes"


def kinds() -> dict[str, int]:
    """All kinds of events, by name."""
    kernel = {entry["name"]: entry["value"] for entry in abi.load()["event"]}
    return kernel | {name: number for number, name in simulator.KINDS.items()}


class Damaged(K5Error):
    """A line that is none of a trace; the message names file and line."""

    def __init__(self, path: Path, number: int, what: str) -> None:
        first = f"; {HINT}" if number == 1 else ""
        super().__init__(f"{path}:{number}: {what}{first}")


def read(path: Path) -> Iterator[Line]:
    """The lines of a trace file, one at a time."""
    numbers = kinds()
    last = 0
    number = 0
    try:
        with path.open(encoding="utf-8") as file:
            for number, text in enumerate(file, 1):
                try:
                    line = parse(text, numbers)
                except ValueError as problem:
                    raise Damaged(path, number, str(problem)) from None
                if line.event.time < last:
                    what = f"time goes back, from tick {last} to {line.event.time}"
                    raise Damaged(path, number, what)
                last = line.event.time
                yield line
    except UnicodeDecodeError:
        raise Damaged(path, number + 1, "this is no text") from None
    except OSError as problem:
        raise K5Error(f"{path}: {(problem.strerror or 'cannot read').lower()}") from None
    if number == 0:
        raise K5Error(f"{path}: holds no events; {HINT}")


def parse(text: str, numbers: dict[str, int]) -> Line:
    """One line; ValueError says what is wrong with it."""
    try:
        data = json.loads(text)
    except ValueError:
        raise ValueError("this is no JSON object" if text[:1] != "{" else "cut off") from None
    if not isinstance(data, dict):
        raise ValueError("this is no JSON object")
    _check(data, numbers)
    thread = NOBODY if data["thread"] is None else data["thread"]
    args: Any = tuple(data["args"])
    event = Event(data["time"], numbers[data["kind"]], thread, data["code"], args)
    fields = {key: value for key, value in data.items() if key not in KEYS}
    return Line(
        event=event,
        seconds=float(data["seconds"]),
        kind=data["kind"],
        task=data["task"],
        name=data["name"],
        level=str(fields.get("level", data["kind"])),
        where=str(fields.pop("where", "")),
        text=data["text"],
        details=fault_details(fields) if "details" in fields else [],
        fields=fields,
    )


def _check(data: dict[str, Any], numbers: dict[str, int]) -> None:
    """All that every line has, each of its type."""
    for key, types in KEYS.items():
        if key not in data:
            raise ValueError(f"no '{key}'")
        value = data[key]
        if not isinstance(value, types) or isinstance(value, bool):
            raise ValueError(f"'{key}' is {json.dumps(value)[:40]}, which it cannot be")
    args = data["args"]
    if len(args) != ARGS or not all(type(word) is int for word in args):
        raise ValueError(f"'args' are not {ARGS} words")
    if data["kind"] not in numbers:
        raise ValueError(f"unknown kind '{data['kind']}'")
    missing = [field for field in FIELDS.get(data["kind"], ()) if field not in data]
    if missing:
        raise ValueError(f"a line of kind {data['kind']} without '{missing[0]}'")
    for entry in data.get("threads", ()) if data["kind"] == "BOOT" else ():
        if not isinstance(entry, dict) or not {"name", "task"} <= entry.keys():
            raise ValueError("'threads' are not threads with 'name' and 'task'")
    if data["time"] < 0 or data["seconds"] < 0:
        raise ValueError(f"'time' is {data['time']}, which it cannot be")
