"""Where something may be forced: a stretch of virtual time, and functions of tasks."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from k5 import arch as archs
from k5.decode import Decoder
from k5.elf import ElfFile
from k5.errors import K5Error, suggestion
from k5.scenario import units
from k5.scenario.watch import Clock

if TYPE_CHECKING:
    from k5.machine import Machine

FOR_EVER = 1 << 62
FUNCTION = 2  # the ELF file's kind of symbol
EXECUTE = 1
THUMB = 1
_LINE = re.compile(r"0x([0-9a-f]+)$")


class Window:
    """Ticks from `first` to before `last`; `code`: addresses in tasks, by their names; all, if it
    is empty."""

    def __init__(self, first: int = 0, last: int = FOR_EVER) -> None:
        self.first = first
        self.last = last
        self.code: dict[str, frozenset[int]] = {}

    def admits(self, machine: Machine) -> bool:
        """Whether the next instruction is in one of the functions."""
        if not self.code:
            return True
        thread = machine.running
        if thread is None:
            return False
        addresses = self.code.get(machine.built.meta["threads"][thread]["task"])
        if addresses is None:
            return False
        return machine.pc(thread) in addresses


def parsed(texts: Iterable[str], clock: Clock, decoder: Decoder) -> Window:
    """From --window: `1ms..2ms`, `FUNCTION`, `TASK.FUNCTION`; K5Error says what there is not."""
    window = Window()
    timed = False
    code: dict[str, set[int]] = {}
    for text in texts:
        if ".." in text:
            if timed:
                raise K5Error(f"--window {text}: a second stretch of time; there may be one")
            timed = True
            window.first, window.last = _times(text, clock)
        else:
            for task, addresses in _function(text, decoder).items():
                code.setdefault(task, set()).update(addresses)
    window.code = {task: frozenset(addresses) for task, addresses in code.items()}
    return window


def _times(text: str, clock: Clock) -> tuple[int, int]:
    begin, _, end = text.partition("..")
    try:
        first = clock.up(units.time_ns(begin)) if begin else 0
        last = clock.up(units.time_ns(end)) if end else FOR_EVER
    except units.BadUnit as problem:
        raise K5Error(f"--window {text}: {problem}") from None
    if first >= last:
        raise K5Error(f"--window {text}: it ends before it begins")
    return first, last


def _function(text: str, decoder: Decoder) -> dict[str, set[int]]:
    """The addresses of a function, in each task that has it."""
    task, _, name = text.rpartition(".")
    tasks = [str(entry["name"]) for entry in decoder.meta["tasks"]]
    if task and task not in tasks:
        raise K5Error(f"--window {text}: no task '{task}'" + suggestion(task, tasks))
    found: dict[str, set[int]] = {}
    known: set[str] = set()
    for one in tasks:
        elf = decoder.elf(one) if task in ("", one) else None
        if elf is None:
            continue
        functions = _functions(elf)
        known |= functions.keys()
        if name in functions:
            found[one] = functions[name]
    if not found:
        where = f"task {task} has" if task else "there is"
        raise K5Error(f"--window {text}: {where} no function '{name}'" + suggestion(name, known))
    return found


def _functions(elf: ElfFile) -> dict[str, set[int]]:
    """Of a task: those of its symbols, and what the compiler inlined, from debug information."""
    found: dict[str, set[int]] = {}
    for symbol in elf.symbols:
        if symbol.kind == FUNCTION and symbol.bytes:
            start = symbol.value & ~THUMB
            found.setdefault(symbol.name, set()).update(range(start, start + symbol.bytes, 2))
    arch = archs.of_machine(elf.machine)
    if arch is not None:
        addresses = [a for part in found.values() for a in part]
        for name, inlined in _inlined(f"{arch.prefix}addr2line", elf.path, addresses).items():
            found.setdefault(name, set()).update(inlined)
    return found


def _inlined(tool: str, path: Path, addresses: list[int]) -> dict[str, set[int]]:
    """Which addresses lie in which function, at any depth."""
    text = "\n".join(hex(address) for address in sorted(set(addresses)))
    command = [tool, "-a", "-f", "-i", "-e", str(path)]
    try:
        asked = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return {}  # no toolchain on this machine: symbols still help
    found: dict[str, set[int]] = {}
    address, named = 0, False
    for line in asked.stdout.splitlines():
        start = _LINE.match(line)
        if start:
            address, named = int(start[1], 16), True
        elif named:  # a function's name; then comes its file and line
            found.setdefault(line, set()).add(address)
            named = False
        else:
            named = True
    return found
