"""Where things lie in the tree."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("K5_BUILD_DIR", ROOT / "build"))
BOARDS = ROOT / "boards"
UNICORN = ROOT / "build" / "deps" / "unicorn"
SANITIZE = "K5_SANITIZE"  # set: the library with sanitizers, see sanitize.py
HOST_PRESET = "host-asan" if os.environ.get(SANITIZE) else "host"
HOST_BUILD = ROOT / "build" / HOST_PRESET
HOST_LIBRARY = HOST_BUILD / "libk5sim.so"


def shown(path: Path) -> str:
    """The path as a person would type it: relative where it lies below here."""
    absolute = Path(os.path.abspath(path))
    try:
        return str(absolute.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def portable(path: Path) -> str:
    """As a file may say it that is read elsewhere in the tree: from its root on."""
    full = path.resolve()
    return str(full.relative_to(ROOT)) if full.is_relative_to(ROOT) else str(full)


def unportable(text: str) -> Path:
    """The reverse."""
    return ROOT / text


def write_if_changed(path: Path, data: str | bytes) -> bool:
    """Write only what differs, so that ninja sees no change where there is none."""
    content = data.encode() if isinstance(data, str) else data
    if path.exists() and path.read_bytes() == content:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return True
