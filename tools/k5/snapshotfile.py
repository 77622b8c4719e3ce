"""Snapshots in files: for a later run of the same build.

A file is a line of JSON (format, system, board, seed, build, position, sum) and, behind
it, the machine as plain bytes (k5sim_snapshot_pack()).
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from k5 import identity
from k5.errors import K5Error
from k5.paths import portable, shown, unportable

if TYPE_CHECKING:
    from k5.machine import Machine

FORMAT = 1
_MOST_HEADER = 1 << 16
_FIELDS = {"system": str, "description": str, "board": str, "seed": int, "build": dict,
           "bytes": int, "sha256": str}  # fmt: skip


def _sum(header: dict[str, Any], data: bytes) -> str:
    """Of all but itself."""
    text = json.dumps({k: v for k, v in header.items() if k != "sha256"}, sort_keys=True)
    return hashlib.sha256(text.encode() + data).hexdigest()


def save(machine: Machine, path: Path) -> None:
    """Writes the machine as it is now."""
    data = machine.snapshot().packed()
    at = machine.position
    header: dict[str, Any] = {
        "k5": "snapshot",
        "format": FORMAT,
        "system": machine.built.name,
        "description": portable(identity.description(machine.built)),
        "board": machine.built.board,
        "seed": machine.seed,
        "build": identity.of(machine.built),
        "tick": at.now,
        "instruction": at.instructions,
        "bytes": len(data),
    }
    header["sha256"] = _sum(header, data)
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_bytes(json.dumps(header).encode() + b"\n" + data)
        temporary.replace(path)  # whole, or not at all
    except OSError as problem:
        temporary.unlink(missing_ok=True)
        raise K5Error(f"{path}: {(problem.strerror or 'cannot write').lower()}") from None


@dataclass(frozen=True)
class SavedSnapshot(identity.Kept):
    """One that was read."""

    data: bytes

    def restore(self, machine: Machine) -> None:
        """The machine, which was just booted, becomes what was saved."""
        self.check(machine.built)
        if machine.seed != self.seed:
            text = f"is of a run with seed {self.seed}, not {machine.seed}"
            raise K5Error(f"{self.where}: {text}")
        try:
            machine.restore(machine.unpack(self.data))
        except K5Error as problem:
            raise K5Error(f"{self.where}: {problem}") from None


def is_snapshot(path: Path) -> bool:
    """Whether the file says so itself."""
    try:
        with path.open("rb") as file:
            return file.read(20).startswith(b'{"k5": "snapshot"')
    except OSError:
        return False


def load(path: Path) -> SavedSnapshot:
    """Reads one; K5Error says what is wrong with it."""
    try:
        raw = path.read_bytes()
    except OSError as problem:
        raise K5Error(f"{path}: {(problem.strerror or 'cannot read').lower()}") from None
    end = raw.find(b"\n", 0, _MOST_HEADER)
    header = _header(path, raw[: max(end, 0)])
    data = raw[end + 1 :]
    if len(data) != header["bytes"]:
        many = "more" if len(data) > header["bytes"] else "fewer: it was cut off"
        text = f"{len(data)} bytes behind its header, which says {header['bytes']}: {many}"
        raise K5Error(f"{shown(path)}: {text}")
    if _sum(header, data) != header["sha256"]:
        raise K5Error(f"{shown(path)}: its sum is not that of its contents: the file was changed")
    return SavedSnapshot(
        path,
        header["system"],
        unportable(header["description"]),
        header["board"],
        header["seed"],
        header["build"],
        data,
    )


def _header(path: Path, line: bytes) -> dict[str, Any]:
    try:
        header = json.loads(line)
    except ValueError:
        header = None
    if not isinstance(header, dict) or header.get("k5") != "snapshot":
        raise K5Error(f"{shown(path)}: is no snapshot: it does not begin as one")
    if header.get("format") != FORMAT:
        text = f"has format {header.get('format')!r}; this version reads {FORMAT}"
        raise K5Error(f"{shown(path)}: {text}")
    for key, kind in _FIELDS.items():
        value = header.get(key)
        if not isinstance(value, kind) or isinstance(value, bool):
            raise K5Error(f"{shown(path)}: its header says {key} = {value!r}")
    return header
