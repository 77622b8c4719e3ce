"""What a recording or a snapshot belongs to: the very build of system and simulator."""

from __future__ import annotations

import functools
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from k5 import builder, host, stamp
from k5.builder import Built
from k5.errors import K5Error
from k5.paths import ROOT, shown

_DIGITS = 16


def _hash(*parts: bytes) -> str:
    found = hashlib.sha256()
    for part in parts:
        found.update(len(part).to_bytes(8, "little") + part)
    return found.hexdigest()[:_DIGITS]


@functools.cache
def _simulator() -> str:
    """Of its sources: another compiler, or sanitizers, make the same machine of them."""
    found = [ROOT / "CMakeLists.txt"]
    folders = (ROOT / folder for folder in host.FOLDERS)
    found += stamp.sources(*folders, suffixes=(".c", ".h", ".toml"))
    texts = [(str(path.relative_to(ROOT)).encode(), path.read_bytes()) for path in found]
    return _hash(*(part for text in texts for part in text))


def _described(built: Built) -> bytes:
    """All that the tools know of it, but for where it is."""
    meta = {key: value for key, value in built.meta.items() if key != "description"}
    return json.dumps(meta, sort_keys=True).encode()


def description(built: Built) -> Path:
    """The file that it was built of, which says so as a person would have typed it then."""
    path = Path(built.meta["description"])
    return next((found for found in (path, ROOT / path) if found.exists()), path)


def of(built: Built) -> dict[str, str]:
    """All that a run depends on besides what comes from outside: a short hash for each part."""
    parts = {
        "the simulator": _simulator(),
        "the boot tables": _hash(built.blob()),
        "the board": _hash(_described(built)),
    }
    for task in built.meta["tasks"]:
        parts[f"task {task['name']}"] = _hash(built.elf(task["name"]).read_bytes())
    return parts


def check(what: str, made: object, built: Built) -> None:
    """K5Error with the reason, if `what` was made with another build."""
    now = of(built)
    if not isinstance(made, dict):
        raise K5Error(f"{what}: it does not say which build it is of")
    others = [part for part in now if made.get(part) != now[part]]
    others += [f"{part} (which is gone)" for part in made if part not in now]
    if others:
        text = "was made with another build, and would not be what it was: different are"
        raise K5Error(f"{what}: {text} {', '.join(others)}")


@dataclass(frozen=True)
class Kept:
    """What a file about a run says of where it comes from; whole, but perhaps of another build."""

    path: Path
    system: str
    description: Path
    board: str
    seed: int
    build: dict[str, str]

    @property
    def where(self) -> str:
        """The file, and the line that says so, for messages."""
        return shown(self.path)

    def built(self) -> Built:
        """The system that it is of, built; K5Error if that is another one now."""
        built = builder.build(self.description, self.board)
        self.check(built)
        return built

    def check(self, built: Built) -> None:
        """K5Error with the reason, if it is not of this build."""
        if (built.name, built.board) != (self.system, self.board):
            text = f"is of {self.system} on {self.board}, not of {built.name} on {built.board}"
            raise K5Error(f"{self.where}: {text}")
        check(self.where, self.build, built)
