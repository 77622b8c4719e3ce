"""Writes build.ninja files and runs them, with the compilers' own messages."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from k5.console import Progress
from k5.errors import FAILED, K5Error
from k5.paths import ROOT, write_if_changed

_STATUS = re.compile(r"\[(\d+)/(\d+)\] (.*)")


def short(path: Path) -> str:
    """Relative to the root, where ninja runs: the tree can move."""
    absolute = Path(os.path.abspath(path))
    try:
        return str(absolute.relative_to(ROOT))
    except ValueError:
        return str(absolute)


def _escape(text: str) -> str:
    return text.replace("$", "$$").replace(" ", "$ ").replace(":", "$:")


@dataclass
class NinjaFile:
    """One build file: rules by name, edges, and who each output belongs to."""

    path: Path
    lines: list[str] = field(default_factory=lambda: ["ninja_required_version = 1.8"])
    owners: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.lines.append(f"builddir = {_escape(short(self.path.with_suffix('')))}")

    def rule(self, name: str, command: str, description: str, depfile: bool = False) -> None:
        """`$in`, `$out` and `$flags` are ninja's; any other dollar sign comes from a path."""
        command = re.sub(r"\$(?!(in|out|flags)\b)", "$$", command)
        self.lines += ["", f"rule {name}", f"  command = {command}"]
        self.lines.append(f"  description = {description}")
        if depfile:
            self.lines.append("  depfile = $out.d")

    def edge(
        self,
        rule: str,
        out: Path,
        sources: Sequence[Path],
        needs: Sequence[Path] = (),
        variables: Mapping[str, str] | None = None,
        owner: str = "",
    ) -> None:
        inputs = " ".join(_escape(short(path)) for path in sources)
        implicit = " ".join(_escape(short(path)) for path in needs)
        line = f"build {_escape(short(out))}: {rule} {inputs}"
        self.lines.append(line + (f" | {implicit}" if implicit else ""))
        for name, value in (variables or {}).items():
            self.lines.append(f"  {name} = {value.replace('$', '$$')}")
        if owner:
            self.owners[short(out)] = owner

    def run(self, progress: Progress | None = None) -> str:
        """Builds all; returns what the compilers said (warnings). Raises with their errors."""
        write_if_changed(self.path, "\n".join(self.lines) + "\n")
        if not shutil.which("ninja"):
            raise K5Error("ninja is missing: `./k5 doctor` says what to install")
        command = ["ninja", "-f", str(self.path), "-k", "0", f"-j{os.cpu_count() or 2}"]
        environment = {**os.environ, "NINJA_STATUS": "[%f/%t] ", "LC_ALL": "C"}
        with subprocess.Popen(
            command, cwd=ROOT, env=environment, text=True, errors="replace",
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        ) as process:  # fmt: skip
            assert process.stdout is not None
            said, blame = self._read(process.stdout, progress)
        if process.returncode:
            raise K5Error("\n".join(said).rstrip() or "ninja failed", *blame, status=FAILED)
        return "\n".join(said).strip()

    def _read(self, lines: Iterable[str], progress: Progress | None) -> tuple[list[str], list[str]]:
        """Sorts ninja's output into progress, messages and whose they are."""
        said: list[str] = []
        blame: list[str] = []
        skip_command = False
        for raw in lines:
            line = raw.rstrip("\n")
            status = _STATUS.match(line)
            if status:
                if progress:
                    progress.update(status[3], int(status[1]), int(status[2]))
            elif line.startswith("FAILED: "):
                skip_command = True
                owner = self.owners.get(line[8:].split(" ")[0].strip())
                if owner and f"{owner} does not build" not in blame:
                    blame.append(f"{owner} does not build")
            elif skip_command:
                skip_command = False
            elif not line.startswith("ninja: "):
                said.append(line)
            elif "error:" in line:
                said.append(line)
        return said, blame


def dependencies(folder: Path) -> list[Path]:
    """All files that the depfiles below a folder name."""
    found: dict[str, None] = {}
    for depfile in folder.rglob("*.o.d"):
        text = depfile.read_text().replace("\\\n", " ").split(": ", 1)[-1]
        for word in re.findall(r"(?:\\.|[^\s\\])+", text):
            found[re.sub(r"\\(.)", r"\1", word)] = None
    return [ROOT / name for name in found]
