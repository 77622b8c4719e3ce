"""What all fuzz targets have in common."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from k5.paths import BUILD, ROOT

KEPT = ROOT / "tests" / "fuzz" / "corpus"
WORK = BUILD / "fuzz"

Note = Callable[[str], None]


@dataclass(frozen=True)
class Effort:
    """How long to go on: until one of them is reached. Seconds of the host, or inputs."""

    seconds: float | None = None
    runs: int | None = None


@dataclass(frozen=True)
class Finding:
    """An input that breaks something."""

    path: Path
    reason: str


@dataclass(frozen=True)
class Outcome:
    """What a target's run came to."""

    target: str
    runs: int
    seconds: float
    covered: int  # edges of the C code, or lines and branches of the Python code
    corpus: int  # inputs that reach something new, the kept ones among them
    finding: Finding | None = None
    entries: int | None = None  # kernel entries, where the target counts them


@dataclass(frozen=True)
class Target:
    """One thing to fuzz. `run(effort, seed, note)`; `repeat(input)` says what is wrong, or None;
    `keep()` replaces the kept corpus by the smallest set that covers as much."""

    name: str
    title: str
    burst: int  # inputs in `./k5 test`, beside the kept corpus
    share: float  # of the time, where all targets run
    run: Callable[[Effort, int, Note], Outcome]
    repeat: Callable[[Path], str | None]
    keep: Callable[[], tuple[int, int]]  # inputs before, and after


def kept(name: str) -> Path:
    """The corpus that is part of the tree."""
    return KEPT / name


def found(name: str) -> Path:
    """The corpus that grows with each run."""
    return WORK / name / "corpus"


def findings(name: str) -> Path:
    """Where inputs go that break something."""
    return WORK / name / "findings"


def inputs(*folders: Path) -> list[Path]:
    """All files of the folders, smallest first."""
    files = {path.name: path for folder in folders if folder.is_dir() for path in folder.iterdir()}
    return sorted(files.values(), key=lambda path: (path.stat().st_size, path.name))


def name_of(data: bytes) -> str:
    """Inputs are named by their contents."""
    return hashlib.sha256(data).hexdigest()[:16]


def replace(folder: Path, data: list[bytes]) -> None:
    """These inputs and no others."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = {name_of(item): item for item in data}
    for path in inputs(folder):
        if path.name not in wanted:
            path.unlink()
    for name, item in wanted.items():
        (folder / name).write_bytes(item)
