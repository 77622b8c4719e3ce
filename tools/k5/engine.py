"""Runs a built system on an engine and yields its events; the engines differ only here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from k5 import blob, image, qemu
from k5.builder import Built
from k5.elf import ElfFile
from k5.errors import K5Error
from k5.stream import Event

ENGINES = ("hosted", "qemu")
DEFAULT_LIMIT_US = 60_000_000
ALL_KINDS = (1 << 64) - 1


@dataclass
class Run:
    """A run in progress: iterate over it, then look at `end`."""

    built: Built
    engine: str = "hosted"
    seed: int = 0
    until_us: int = DEFAULT_LIMIT_US
    kernel_events: bool = False
    end: str = ""  # halt, panic or time
    instructions: int | None = None

    def __iter__(self) -> Iterator[Event]:
        if self.engine == "hosted":
            return self._hosted()
        if self.engine == "qemu":
            return self._qemu()
        raise K5Error(f"unknown engine '{self.engine}' (known: {', '.join(ENGINES)})")

    def _until(self) -> int:
        return int(self.until_us * self.built.meta["tick_hz"] // 1_000_000)

    def _hosted(self) -> Iterator[Event]:
        from k5.machine import Machine, Stop

        kinds = ALL_KINDS if self.kernel_events else None
        with Machine(self.built, self.seed, kinds) as machine:
            yield from machine.stream(self._until())
            self.instructions = machine.instructions
            ends = {Stop.HALT: "halt", Stop.PANIC: "panic"}
            self.end = ends.get(machine.stopped or Stop.TIME, "time")

    def _qemu(self) -> Iterator[Event]:
        board = image.board_of(self.built)
        made = image.build(self.built, "trace" if self.kernel_events else "release")
        words = self._argument_words(made.elf)
        with qemu.run(made.elf, made.shim, board, words=words) as machine:
            yield from machine.events(until_tick=self._until())
            self.end = machine.end

    def _argument_words(self, elf: Path) -> dict[int, int]:
        """Where the threads' arguments lie in flash; a run with a seed replaces them."""
        arguments = self.built.arguments(self.seed) if self.seed else {}
        if not arguments:
            return {}
        base = ElfFile(elf).value("k5_system")
        tables = self.built.blob()
        return {
            base + blob.thread_argument_offset(tables, thread): argument & 0xFFFF_FFFF
            for thread, argument in arguments.items()
        }
