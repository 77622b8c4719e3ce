"""Make an application outside of this tree: tasks, a system description,
scenarios, a test, settings for VS Code. It builds and passes its tests at once:

    ./k5 new thermostat
    cd thermostat && ./k5 run thermostat.toml && ./k5 test .

The folder NAME is made below --folder (default: here). Exit code: 0 made, 2 it could
not be made.
"""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path

from k5 import arch as archs
from k5 import board as boards
from k5.errors import K5Error
from k5.paths import ROOT, shown

TEMPLATE = Path(__file__).resolve().parents[1] / "templates" / "app"
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,30}")
# What cannot lie in the template under its own name: it would count for this tree.
_HIDDEN = {"gitignore": ".gitignore", "vscode": ".vscode"}
_EXECUTABLE = ("k5",)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", help="of the application: letters, digits, _ and -")
    parser.add_argument("--board", default="mps2-an505", help="default: mps2-an505")
    parser.add_argument("--folder", type=Path, default=Path(), help="where (default: here)")
    parser.add_argument("--json", action="store_true", help="print JSON")


def _target(source: Path, folder: Path, name: str) -> Path:
    """Where a file of the template goes."""
    parts = [_HIDDEN.get(part, part) for part in source.relative_to(TEMPLATE).parts]
    if parts == ["system.toml"]:
        parts = [f"{name}.toml"]
    return folder.joinpath(*parts)


def make(name: str, board: str, parent: Path) -> list[Path]:
    """Writes the application; the files, in order."""
    if not _NAME.fullmatch(name):
        text = "write 1 to 31 letters, digits, _ and -, a letter first"
        raise K5Error(f"'{name}' is no name for an application: {text}")
    arch = archs.of(boards.load(board).arch)
    folder = parent / name
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise K5Error(f"{shown(folder)} exists already, and is not an empty folder")
    words = {
        "@NAME@": name,
        "@BOARD@": board,
        "@ARCH@": arch.name,
        "@PREFIX@": arch.prefix,
        "@ROOT@": str(ROOT),
    }
    made = []
    for source in sorted(path for path in TEMPLATE.rglob("*") if path.is_file()):
        text = source.read_text()
        for word, value in words.items():
            text = text.replace(word, value)
        target = _target(source, folder, name)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
        except OSError as problem:
            why = (problem.strerror or "cannot write").lower()
            raise K5Error(f"{shown(target)}: {why}") from None
        if target.name in _EXECUTABLE:
            target.chmod(0o755)
        made.append(target)
    return made


def main(args: argparse.Namespace) -> int:
    """Exit code: 0 made, 2 could not be made."""
    made = make(args.name, args.board, args.folder)
    folder = args.folder / args.name
    if args.json:
        print(json.dumps({"folder": str(folder), "files": [str(path) for path in made]}, indent=1))
        return 0
    print("\n".join(shown(path) for path in made))
    print(f"\nnow: cd {shown(folder)} && ./k5 run {args.name}.toml && ./k5 test .")
    return 0
