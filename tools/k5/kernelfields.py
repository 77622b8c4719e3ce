"""Fields of the kernel's state by name: `thread[foo].budget_left`, `slot[3].rights`, `current`.

The library knows where they are (sim/faults/kernel_fields.c); rows of threads and tasks go by name, too.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from k5 import native
from k5.errors import K5Error, suggestion

if TYPE_CHECKING:
    from k5.machine import Machine

_INDEX = re.compile(r"\[([^\[\]]*)\]")
# How many rows of each table a system uses: the list in its metadata.
_ROWS = {
    "thread": "threads",
    "task": "tasks",
    "endpoint": "endpoints",
    "notification": "notifications",
    "port": "ports",
}


@dataclass(frozen=True)
class Field:
    """Where a field is; `task`: whose row it is in, if it is a task's or one of its threads'."""

    name: str  # as asked for
    offset: int
    bytes: int
    task: int | None = None


@dataclass(frozen=True)
class Layout:
    """All fields of a name with empty brackets; see struct k5sim_kernel_field."""

    name: str
    offset: int
    bytes: int
    rows: int
    row_bytes: int
    count: int
    step: int


@functools.cache
def layouts() -> dict[str, Layout]:
    """By name: `thread[].reg[]`."""
    ffi, lib = native.load()
    out = ffi.new("struct k5sim_kernel_field **")
    count = lib.k5sim_kernel_fields(out)
    found = {}
    for raw in out[0][0:count]:
        name = ffi.string(raw.name).decode()
        found[name] = Layout(
            name, raw.offset, raw.bytes, raw.rows, raw.row_bytes, raw.count, raw.step
        )
    return found


def find(machine: Machine, name: str) -> Field:
    """A field of this system's kernel; K5Error says what was probably meant."""
    meta = machine.built.meta
    template = _INDEX.sub("[]", name)
    layout = layouts().get(template)
    if layout is None:
        raise K5Error(f"the kernel has no field '{name}'" + suggestion(template, layouts()))
    indices = _INDEX.findall(name)
    row = element = 0
    if indices:
        table = template.partition("[")[0]
        row = _row(meta, table, indices[0], layout.rows)
        element = _number(name, indices[1], layout.count) if len(indices) > 1 else 0
    offset = layout.offset + row * layout.row_bytes + element * layout.step
    return Field(name, offset, layout.bytes, _owner(meta, template, row))


def _row(meta: dict[str, Any], table: str, text: str, rows: int) -> int:
    """A row by number; of threads, tasks and what else has names by name."""
    entries = meta.get(_ROWS.get(table, ""), [])
    used = len(entries) if table in _ROWS else rows
    if table == "slot":
        used = sum(task["slots"] for task in meta["tasks"])
    if text.isdigit():
        return _number(f"{table}[{text}]", text, used)
    names = [str(entry["name"] if isinstance(entry, dict) else entry) for entry in entries]
    if text not in names:
        hint = suggestion(text, names) if names else " (its rows go by number)"
        raise K5Error(f"no {table} '{text}'" + hint)
    return names.index(text)


def _number(name: str, text: str, count: int) -> int:
    if not text.isdigit() or int(text) >= count:
        raise K5Error(f"{name}: '{text}' is no number from 0 to {count - 1}")
    return int(text)


def _owner(meta: dict[str, Any], template: str, row: int) -> int | None:
    if template.startswith("task["):
        return row
    if template.startswith("thread["):
        tasks = [task["name"] for task in meta["tasks"]]
        return tasks.index(meta["threads"][row]["task"])
    if template.startswith("slot["):
        for index, task in enumerate(meta["tasks"]):
            row -= task["slots"]
            if row < 0:
                return index
    return None


def name_at(machine: Machine, offset: int) -> str | None:
    """The name of the field that a byte of the state belongs to; None: it is reserved, or a hole."""
    for layout in layouts().values():
        at = offset - layout.offset
        row, rest = divmod(at, layout.row_bytes) if layout.row_bytes else (0, at)
        element, rest = divmod(rest, layout.step) if layout.step else (0, rest)
        if 0 <= row < layout.rows and 0 <= element < layout.count and 0 <= rest < layout.bytes:
            return _filled(
                layout.name, [_shown(machine.built.meta, layout.name, row), str(element)]
            )
    return None


def _shown(meta: dict[str, Any], name: str, row: int) -> str:
    table = name.partition("[")[0]
    entries = meta.get(_ROWS.get(table, ""), [])
    if row < len(entries) and isinstance(entries[row], dict):
        return str(entries[row]["name"])
    return str(row)


def _filled(template: str, indices: Iterable[str]) -> str:
    parts = iter(indices)
    return re.sub(r"\[\]", lambda _: f"[{next(parts)}]", template)
