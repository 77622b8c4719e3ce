"""The source files that a campaign's sites name, read from the tree.

A database may name any file, and the page shows what is read: so only source files are, and only
below this tree or the folder that the command was started in.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from k5.paths import ROOT

SUFFIXES = {".c", ".h", ".S", ".s", ".inc", ".ld", ".cc", ".cpp", ".hpp", ".rs"}
MOST_BYTES = 2_000_000


@dataclass(frozen=True)
class Text:
    """The lines of a file; without them, `problem` says why."""

    lines: list[str]
    problem: str = ""


def tree_name(file: str) -> str:
    """The name of a file of this tree as it is below its root; others as they are."""
    return file.removeprefix(f"{ROOT}/")


def text_of(file: str, digest: str | None = None) -> Text:
    """`digest`: SHA-256 of the file when the campaign ran, if that is known."""
    path = _found(file)
    if isinstance(path, str):
        return Text([], path)
    try:
        content = path.read_bytes()
    except OSError as error:
        return Text([], f"cannot be read: {error.strerror}")
    changed = digest is not None and hashlib.sha256(content).hexdigest() != digest
    problem = "has changed since the campaign ran: the lines may not fit" if changed else ""
    return Text(content.decode(errors="replace").expandtabs(4).splitlines(), problem)


def _found(file: str) -> Path | str:
    """The file below one of the roots, or why there is none."""
    missing = "is not in the tree"
    for root in dict.fromkeys((ROOT, Path.cwd())):
        try:
            path = (root / file).resolve()
            if not path.is_relative_to(root.resolve()):
                missing = "lies outside of the tree and was not read"
                continue
            if not path.is_file():
                continue
            if path.suffix not in SUFFIXES:
                return "is not a source file and was not read"
            if path.stat().st_size > MOST_BYTES:
                return f"has over {MOST_BYTES:,} bytes and was not read"
        except (OSError, ValueError, RuntimeError):  # too long a name, a NUL, a loop of links
            return "is no name of a file"
        return path
    return missing
