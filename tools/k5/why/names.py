"""What the parts of a running system are called, for answers."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from k5 import source
from k5.errors import K5Error, suggestion
from k5.outside import find
from k5.paths import ROOT

if TYPE_CHECKING:
    from k5.machine import Machine

NOBODY = 0xFF
_REGISTER_BYTES = 1024  # named ones lie in them; some are single bytes
_PLACE = re.compile(r"([\w-]+)\.([\w.$/]+)(?:\+(\w+))?$")
_ADDRESS = re.compile(r"(0[xX][0-9a-fA-F]+|\d+)(?::(\d+))?$")


@dataclass(frozen=True)
class Target:
    """Bytes that a question is about."""

    name: str
    address: int
    bytes: int
    device: str = ""  # they are a register of it


class Names:
    """Of the machine's system and board."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.meta: dict[str, Any] = machine.built.meta
        self.threads: list[str] = [thread["name"] for thread in self.meta["threads"]]

    # ---- what there is

    def thread(self, index: int) -> str:
        """A thread's name."""
        return self.threads[index] if index < len(self.threads) else "nobody"

    def thread_index(self, name: str) -> int:
        """Its number; K5Error where there is none."""
        return find("thread", name, self.threads)

    def task_of(self, thread: int) -> str:
        """The name of its task."""
        return str(self.meta["threads"][thread]["task"])

    def named(self, thread: int) -> str:
        """`foo`, or `task shell, thread shell.worker`: both where they differ."""
        name, task = self.thread(thread), self.task_of(thread)
        return f"task {task}" if name == task else f"task {task}, thread {name}"

    def listed(self, kind: str, index: int) -> str:
        """`endpoint bar`: an object of the description by its number."""
        entries = self.meta[f"{kind}s"]
        return f"{kind} {entries[index]['name'] if index < len(entries) else index}"

    # ---- where and when

    def place(self, thread: int, pc: int) -> source.Place | None:
        """Where in the thread's source an address lies."""
        found = source.place(self.machine.built.elf(self.task_of(thread)), pc)
        if found is None or not found.file:
            return found
        file = Path(os.path.normpath(found.file))
        return replace(found, file=str(file.relative_to(ROOT) if file.is_relative_to(ROOT) else file))

    def call_place(self, thread: int) -> source.Place | None:
        """Where a thread makes the system call that it is in, or has just made. Where libk5's
        function was not inlined it is that one's caller, whose address the link register still has."""
        registers = self.machine.registers(thread)
        arm = len(registers) == 17
        found = self.place(thread, registers[15] - 2 if arm else registers[32] - 4)
        if found and found.file.startswith(source.LIBRARY):
            caller = self.place(thread, (registers[14] & ~1) - 2 if arm else registers[1] - 2)
            if caller and caller.file and not caller.file.startswith(source.LIBRARY):
                return caller
        return found

    def seconds(self, tick: int) -> float:
        """Virtual time."""
        return tick / float(self.meta["tick_hz"])

    def time(self, tick: int) -> str:
        """`0.012345 s`."""
        return f"{self.seconds(tick):.6f} s"

    # ---- what a question names

    def target(self, text: str) -> Target:
        """`foo.work_done`, `foo.buffer+8`, `0x20001234`, `0x20001234:64`, `uart1.CR1`."""
        if found := _ADDRESS.match(text):
            count = int(found[2] or 4)
            return Target(text, int(found[1], 0), count)
        if not (found := _PLACE.match(text)):
            raise K5Error(f"'{text}' is no place: write TASK.SYMBOL, TASK.SYMBOL+OFFSET, "
                          "DEVICE.REGISTER, ADDRESS or ADDRESS:BYTES")  # fmt: skip
        owner, symbol, offset = found[1], found[2], int(found[3] or "0", 0)
        tasks = [task["name"] for task in self.meta["tasks"]]
        devices = [device["name"] for device in self.machine.devices]
        if owner in tasks and (at := self._symbol(owner, symbol)) is not None:
            address, size = at
            if offset >= max(size, 1):
                raise K5Error(f"'{text}': {owner}.{symbol} has {size} bytes")
            return Target(text, address + offset, max(size - offset, 1))
        if owner in devices:
            return self._register(text, owner, symbol, offset)
        if owner in tasks:
            raise K5Error(f"task '{owner}' has no variable '{symbol}'"
                          + suggestion(symbol, self._variables(owner)))  # fmt: skip
        raise K5Error(f"no task or device '{owner}'" + suggestion(owner, [*tasks, *devices]))

    def _symbol(self, task: str, name: str) -> tuple[int, int] | None:
        elf = self.machine.decoder.elf(task)
        symbol = elf.symbol(name) if elf else None
        if elf and symbol is None:  # a static variable of a function has a number behind its name
            numbered = re.compile(re.escape(name) + r"\.\d+")
            found = [one for one in elf.symbols if one.kind == 1 and numbered.fullmatch(one.name)]
            symbol = found[0] if len(found) == 1 else None
        return (symbol.value, symbol.bytes) if symbol and symbol.kind != 2 else None

    def _variables(self, task: str) -> list[str]:
        elf = self.machine.decoder.elf(task)
        return [symbol.name for symbol in elf.symbols if symbol.kind == 1] if elf else []

    def _register(self, text: str, device: str, name: str, offset: int) -> Target:
        index = self.machine.device_index(device)
        base, registers = self.machine.devices[index]["base"], self.registers(device)
        # One place may have several names: RBR/THR/DLL.
        places = {one: at for names, at in registers.items() for one in (names, *names.split("/"))}
        if name not in places:
            raise K5Error(f"device '{device}' has no register '{name}'" + suggestion(name, places))
        at = places[name]
        is_byte = at % 4 != 0 or any(at < other < at + 4 for other in registers.values())
        return Target(text, base + at + offset, 1 if is_byte else 4, device)

    def registers(self, device: str) -> dict[str, int]:
        """The offsets of a device's registers by their names."""
        machine = self.machine
        index = machine.device_index(device)
        found: dict[str, int] = {}
        for offset in range(min(int(machine.devices[index]["bytes"]), _REGISTER_BYTES)):
            name = machine.register_name(index, offset)
            if name != hex(offset):
                found.setdefault(name, offset)
        return found
