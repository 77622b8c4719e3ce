"""Runs a built system on an engine and yields its events; the engines differ only here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from k5 import blob, image, qemu
from k5.builder import Built
from k5.elf import ElfFile
from k5.errors import K5Error, suggestion
from k5.stream import Event
from k5.tracing.simulator import NOTABLE

if TYPE_CHECKING:
    from k5.machine import Machine

ENGINES = ("hosted", "qemu")
DEFAULT_LIMIT_US = 60_000_000
ALL_KINDS = (1 << 64) - 1
NOTABLE_KINDS = sum(1 << kind for kind in NOTABLE)
KERNEL_KIND = 16  # the first kind that is not of class log


@dataclass
class Run:
    """A run in progress: iterate over it, then look at `end`."""

    built: Built
    engine: str = "hosted"
    seed: int = 0
    until_us: int = DEFAULT_LIMIT_US
    kernel_events: bool = False
    # QEMU: by serial lines of tasks, as fast as they take it; hosted runs have a time: Machine.send
    received: dict[str, bytes] = field(default_factory=dict)
    sent: dict[str, bytes] = field(default_factory=dict)  # by them, when the run has ended
    end: str = ""  # halt, panic or time
    instructions: int | None = None
    on_boot: Callable[[Machine], None] | None = None  # hosted: before the first instruction
    on_end: Callable[[Machine], None] | None = None  # hosted: when it has stopped
    until_tick: int | None = None  # hosted: instead of until_us, and finer

    def __iter__(self) -> Iterator[Event]:
        if self.engine == "hosted":
            return self._hosted()
        if self.engine == "qemu":
            return self._qemu()
        raise K5Error(f"unknown engine '{self.engine}' (known: {', '.join(ENGINES)})")

    def until(self) -> int:
        """The tick at which it ends."""
        if self.until_tick is not None:
            return self.until_tick
        return int(self.until_us * self.built.meta["tick_hz"] // 1_000_000)

    def _hosted(self) -> Iterator[Event]:
        if self.received:
            raise K5Error("what comes in on a serial line has a time on --engine hosted")
        from k5.machine import LOG_KINDS, SERIAL, Machine, Stop

        kinds = ALL_KINDS if self.kernel_events else LOG_KINDS | NOTABLE_KINDS | 1 << SERIAL
        with Machine(self.built, self.seed, kinds) as machine:
            if self.on_boot:
                self.on_boot(machine)
            for event in machine.stream(self.until()):
                if self.kernel_events or event.kind != SERIAL:
                    yield event
            self.instructions = machine.instructions
            self.sent = {name: machine.serial(name) for name in machine.serials()}
            if self.on_end:
                self.on_end(machine)
            ends = {Stop.HALT: "halt", Stop.PANIC: "panic"}
            self.end = ends.get(machine.stopped or Stop.TIME, "time")

    def _qemu(self) -> Iterator[Event]:
        board = image.board_of(self.built)
        # A system that says nothing shows by its kernel's events alone that its time has come.
        bounded = self.until_us != DEFAULT_LIMIT_US
        made = image.build(self.built, "trace" if self.kernel_events or bounded else "release")
        words = self._argument_words(made.elf)
        lines = {d.name: d.qemu_serial for d in board.devices.values() if d.qemu_serial is not None}
        serial = {}
        for name, data in self.received.items():
            if name not in lines:
                raise K5Error(f"QEMU has no serial line '{name}'" + suggestion(name, lines))
            serial[lines[name]] = data
        # Where nothing else happens, icount would let an hour pass before a character is there.
        icount = not serial
        with qemu.run(
            made.elf, made.shim, board, icount=icount, words=words, serial=serial
        ) as machine:
            for event in machine.events(until_tick=self.until()):
                if self.kernel_events or event.kind < KERNEL_KIND:
                    yield event
            self.end = machine.end
            self.sent = {name: machine.sent(number) for name, number in lines.items()}

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
