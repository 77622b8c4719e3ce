"""Drives a real gdb-multiarch: a list of commands, and what each of them printed."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

from conftest import ROOT

GDB = "gdb-multiarch"
TIMEOUT_S = 120
_MARK = "@@@@"


class Printed:
    """What a session printed, by the commands' names."""

    def __init__(self, text: str, status: int) -> None:
        self.text = text
        self.status = status
        self._parts: dict[str, str] = {}
        for part in text.split(_MARK)[1:]:
            name, _, rest = part.partition("\n")
            self._parts[name] = rest

    def __getitem__(self, name: str) -> str:
        return self._parts[name]

    def number(self, name: str) -> int:
        """The value that `print` printed, in hexadecimal or decimal."""
        found = re.search(r"= (?:\([^)]*\) )?(0x[0-9a-f]+|-?\d+)", self._parts[name])
        assert found, f"{name}: {self._parts[name]!r}"
        return int(found[1], 0)


def marked(commands: list[tuple[str, str]]) -> list[str]:
    """Arguments of GDB that run the commands one after another, whatever becomes of them."""
    words = ["-batch", "-ex", "set width 0", "-ex", "set pagination off"]
    for name, command in commands:
        words += ["-ex", f"echo {_MARK}{name}\\n", "-ex", command]
    return words


def debug(*options: str, commands: list[tuple[str, str]]) -> Printed:
    """`./k5 debug OPTIONS -- COMMANDS`."""
    running = subprocess.Popen(
        [sys.executable, str(ROOT / "k5"), "debug", *options, "--", *marked(commands)],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        start_new_session=True,
    )  # fmt: skip
    try:
        text, _ = running.communicate(timeout=TIMEOUT_S)
    except subprocess.TimeoutExpired:
        os.killpg(running.pid, signal.SIGKILL)
        text, _ = running.communicate()
    return Printed(text, running.returncode)


def start_gdb(script: Path, commands: list[tuple[str, str]]) -> subprocess.Popen[str]:
    """GDB by itself, with what `./k5 debug --port` says that it is to be started with."""
    return subprocess.Popen(
        [GDB, "-q", "-x", str(script), *marked(commands)],
        cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True,
    )  # fmt: skip
