"""Stamps: what a finished step looked at, so that a second start need not do it again."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

VERSION = 1  # of all stamps: what older tools made is made again


def state(paths: Iterable[Path]) -> dict[str, list[int]]:
    """Time and size of each file; a missing one is -1, so that its coming counts."""
    found = {}
    for path in paths:
        try:
            info = os.stat(path)
            found[str(path)] = [info.st_mtime_ns, info.st_size]
        except OSError:
            found[str(path)] = [-1, -1]
    return found


def is_fresh(stamp: Path, key: Any) -> bool:
    """Whether the stamp was written for this key and none of its files changed since."""
    try:
        data = json.loads(stamp.read_text())
    except (OSError, ValueError):
        return False
    if data.get("version") != VERSION or data.get("key") != key:
        return False
    files: dict[str, list[int]] = data["files"]
    return files == state(Path(name) for name in files)


def write(stamp: Path, key: Any, paths: Iterable[Path]) -> None:
    """Marks a step as done, given what it read and made."""
    stamp.parent.mkdir(parents=True, exist_ok=True)
    data = {"version": VERSION, "key": key, "files": state(sorted(set(paths)))}
    stamp.write_text(json.dumps(data))


def sources(*folders: Path, suffixes: tuple[str, ...]) -> list[Path]:
    """All files with those suffixes below the folders."""
    found = []
    for folder in folders:
        for base, _, names in os.walk(folder):
            found += [Path(base, name) for name in names if name.endswith(suffixes)]
    return sorted(found)
