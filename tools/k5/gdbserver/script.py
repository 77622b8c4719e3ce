"""What GDB is told when it starts: symbols of all tasks, where sources lie, how to connect."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from k5.builder import Built
from k5.paths import ROOT, write_if_changed

# After a monitor command that has moved the machine GDB must not show what it has kept.
_FORGET = """\
define hookpost-monitor
  python gdb.execute("maintenance flush register-cache", to_string=True)
end
"""


def _quoted(path: Path) -> str:
    return '"' + str(path).replace("\\", "\\\\").replace('"', '\\"') + '"'


def symbols(built: Built) -> list[str]:
    """Commands that load the symbols of every task."""
    files = [built.elf(task["name"]) for task in built.meta["tasks"]]
    first = f"file {_quoted(files[0])}"
    return [first, *(f"add-symbol-file {_quoted(path)}" for path in files[1:])]


def folders(built: Built) -> list[Path]:
    """Where sources are looked for: names in files are relative to one of these."""
    description = Path(str(built.meta["description"]))
    found = [ROOT, (ROOT / description).parent, Path.cwd()]
    return list(dict.fromkeys(found))


def commands(built: Built, target: str) -> list[str]:
    """All of them; `target` is what `target remote` connects to."""
    meta: dict[str, Any] = built.meta
    search = ":".join(str(path) for path in folders(built))
    return [
        f"# {meta['name']} on {meta['board']}",
        *symbols(built),
        f"directory {search}",
        "set trust-readonly-sections on",  # code is read from files, whatever a task may see
        "set breakpoint pending off",
        "set print thread-events off",
        *_FORGET.splitlines(),
        f"target remote {target}",
    ]


def write(built: Built, target: str) -> Path:
    """Into a file beside the build."""
    path = built.folder / "debug.gdb"
    write_if_changed(path, "\n".join(commands(built, target)) + "\n")
    return path
