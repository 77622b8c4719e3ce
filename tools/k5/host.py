"""Builds the simulator's library (libk5sim.so) when its sources are newer."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from k5 import stamp
from k5.builder import locked
from k5.console import Progress, progress
from k5.errors import FAILED, K5Error
from k5.paths import BUILD, HOST_LIBRARY, HOST_PRESET, ROOT

FOLDERS = ("kernel", "hostport", "sim", "peripherals", "abi", "arch")
SUFFIXES = (".c", ".h", ".txt", ".cmake", ".toml")
_STATUS = re.compile(r"\[(\d+)/(\d+)\] (.*)")


def _inputs() -> list[Path]:
    found = stamp.sources(*(ROOT / folder for folder in FOLDERS), suffixes=SUFFIXES)
    return [*found, ROOT / "CMakeLists.txt", ROOT / "CMakePresets.json", HOST_LIBRARY]


def library() -> Path:
    """The library, current."""
    mark = BUILD / f"{HOST_PRESET}.stamp"
    key = [str(path) for path in _inputs()]  # a new file counts, too
    if not stamp.is_fresh(mark, key):
        mark.parent.mkdir(parents=True, exist_ok=True)
        with progress("building the simulator") as shown:
            build(HOST_PRESET, "k5sim", shown)
            stamp.write(mark, key, _inputs())
    return HOST_LIBRARY


def build(preset: str, target: str | None, shown: Progress) -> None:
    """Configures, if need be, and builds a CMake preset."""
    if not shutil.which("cmake") or not shutil.which("ninja"):
        raise K5Error("cmake or ninja is missing: `./k5 doctor` says what to install")
    folder = ROOT / "build" / preset
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder):  # a test may want a preset while ./k5 test builds it
        if not (folder / "build.ninja").exists():
            shown.update(f"configuring {preset}")
            _run(["cmake", "--preset", preset], shown)
        command = ["cmake", "--build", "--preset", preset, f"-j{os.cpu_count() or 2}"]
        _run([*command, *(["--target", target] if target else [])], shown)


def _run(command: list[str], shown: Progress) -> None:
    """Runs a step; its output is shown only where it failed."""
    output: list[str] = []
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        errors="replace", env={**os.environ, "LC_ALL": "C"},
    ) as process:  # fmt: skip
        assert process.stdout is not None
        for line in process.stdout:
            status = _STATUS.match(line)
            if status:
                shown.update(status[3].strip(), int(status[1]), int(status[2]))
            else:
                output.append(line.rstrip("\n"))
    if process.returncode:
        text = "\n".join(output).strip()
        raise K5Error(f"{text}\n`{' '.join(command)}` failed", status=FAILED)
