"""How long the kernel stays in charge: every entry of a run, counted by QEMU itself.

The image is the release image as a chip runs it: records go to a ring in RAM
(arch/common/soc/sink_ring.c). A plugin of QEMU (tools/qemu/entries.c) counts the
instructions from each way in to the way out; nothing in the image takes part.
Which system call it was stands in the registers that QEMU logs at the way in.
"""

from __future__ import annotations

import dataclasses
import functools
import re
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from k5 import abi, blob, image, qemu, stamp
from k5 import arch as archs
from k5.board import Board
from k5.builder import Built, locked
from k5.console import progress
from k5.elf import ElfFile
from k5.errors import FAILED, K5Error
from k5.machinecode import MachineCode
from k5.paths import BUILD, ROOT, shown

SOURCE = ROOT / "tools" / "qemu" / "entries.c"
PLUGIN = BUILD / "tools" / "libentries.so"
FLAGS = ["-std=c11", "-O2", "-Wall", "-Wextra", "-Wconversion", "-Werror", "-shared", "-fPIC",
         "-fvisibility=hidden"]  # fmt: skip

# A chip's sink in place of each of the emulators', with what it sends by where that is not there.
CHIPS_SINK = "arch/common/soc/sink_ring.c"
EMULATORS_SINKS = {
    "arch/common/soc/sink_direct.c": [CHIPS_SINK],
    "arch/rv32/soc/sink_semihosting.c": [CHIPS_SINK, "arch/rv32/soc/uart_semihosting.c"],
}
RING_RECORDS = 64

BOOT, TIMER, INTERRUPT, FAULT, IDLE = "boot", "timer", "interrupt", "fault", "idle loop"
CALL = "system call: "
NO_CALL = CALL + "no such number"

# By symbol; those that an image lacks it has no use for.
WAYS_IN = {
    "armv8m": {"boot_entry": BOOT, "timer_entry": TIMER, "irq_entry": INTERRUPT,
               "fault_entry": FAULT, "svc_entry": ""},
    "rv32": {"port_reset": BOOT, "trap_entry": ""},
}  # fmt: skip
LOOK = "port_pending"  # the kernel asks between two steps of long work
ECALL_U = 8
RISCV_INTERRUPT = 1 << 31
MACHINE_TIMER = RISCV_INTERRUPT | 7

_REGISTER = {
    "armv8m": re.compile(r"\b(R11)=([0-9a-f]{8})"),
    "rv32": re.compile(r"(?<!\w)(x17/a7|mcause)\s+([0-9a-f]{8})"),
}
_PLUGIN_LINE = re.compile(r"k5 (enter|leave) ([0-9a-f]+)(?: ([0-9]+))?$")


@dataclass(frozen=True)
class Stay:
    """One stay in the kernel."""

    entry: str  # boot, timer, interrupt, fault, idle loop, or `system call: NAME`
    instructions: int
    longest: int  # between two looks whether an interrupt waits


def plugin() -> Path:
    """The plugin, current."""
    PLUGIN.parent.mkdir(parents=True, exist_ok=True)
    mark, key = PLUGIN.with_suffix(".stamp"), FLAGS
    with locked(PLUGIN.parent):
        if not stamp.is_fresh(mark, key):
            command = ["gcc", *FLAGS, str(SOURCE), "-o", str(PLUGIN)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                raise K5Error(f"{shown(SOURCE)}:\n{done.stderr.strip()}", status=FAILED)
            stamp.write(mark, key, [SOURCE, PLUGIN])
    return PLUGIN


def chip_image(built: Built) -> Path:
    """The release image with a chip's sink instead of the emulator's."""
    board = image.board_of(built)
    sources = [new for name in board.image["sources"] for new in EMULATORS_SINKS.get(name, [name])]
    if CHIPS_SINK not in sources:
        raise K5Error(f"{shown(board.path)}: [image] has no sink that a chip's can replace")
    changed = {
        **board.image,
        "sources": sources,
        "cflags": [*board.image.get("cflags", []), f"-DSINK_RING_RECORDS={RING_RECORDS}u"],
    }
    folder = built.folder / "image-chip"
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder), progress(f"building the image for {board.name}") as shown_:
        image._build(built, dataclasses.replace(board, image=changed), folder, "release", shown_)
    return folder / "image.elf"


@functools.cache
def calls() -> dict[int, str]:
    """System calls by number."""
    return abi.names(abi.load(), "syscall")


class _Places:
    """Addresses of an image that the plugin must know."""

    def __init__(self, elf: Path, board: Board) -> None:
        file = ElfFile(elf)
        self.code = MachineCode(elf, archs.of(board.arch))
        text = file.sections[".text"]
        self.text = (text.address, text.address + len(text.data))
        known = {symbol.name: symbol.value & ~1 for symbol in file.symbols}
        ways = WAYS_IN[board.arch]
        self.entries = {known[name]: kind for name, kind in ways.items() if name in known}
        self.registers_at = known["svc_entry" if board.arch == "armv8m" else "trap_entry"]
        self.looks = self.code.first_of(LOOK)
        self.outside: tuple[int, int] | None = None
        # Armv8-M idles with interrupts on but for a moment; RV32 polls with interrupts off.
        if board.arch == "armv8m":
            self.entries[self._idle("idle", r"cpsid\b.*")] = IDLE
            on = self._idle("idle", r"cpsie\b.*")
            self.outside = (on, on + 2)
        else:
            self.entries[self._idle("port_idle", r"csrr\s.*\bmip")] = IDLE

    def _idle(self, function: str, pattern: str) -> int:
        """The first instruction of the idle loop that looks like that."""
        for instruction in self.code.in_function(function):
            if re.fullmatch(pattern, f"{instruction.op} {instruction.arguments}"):
                return instruction.address
        name = shown(self.code.elf)
        raise K5Error(f"{name}: {function}() has no instruction like '{pattern}'")

    def arguments(self) -> str:
        """For -plugin."""
        words = ["text={:x}-{:x}".format(*self.text)]
        words += [f"entry={address:x}" for address in self.entries]
        words += [f"look={address:x}" for address in self.looks]
        if self.outside:
            words.append("outside={:x}-{:x}".format(*self.outside))
        return ",".join(words)


def _entry(arch: str, kind: str, registers: dict[str, int]) -> str:
    """What kind of entry it was."""
    if kind:
        return kind
    if arch == "armv8m":
        number = registers["R11"]
    elif registers["mcause"] != ECALL_U:
        cause = registers["mcause"]
        if not cause & RISCV_INTERRUPT:
            return FAULT
        return TIMER if cause == MACHINE_TIMER else INTERRUPT
    else:
        number = registers["x17/a7"]
    name = calls().get(number)
    return CALL + name if name else NO_CALL


def parse(lines: Iterable[str], arch: str, entries: dict[int, str]) -> Iterator[Stay]:
    """Stays from QEMU's log: registers, `k5 enter`, `k5 leave`."""
    registers: dict[str, int] = {}
    entry: str | None = None
    pattern = _REGISTER[arch]
    for line in lines:
        ours = _PLUGIN_LINE.match(line)
        if not ours:
            registers.update((name, int(value, 16)) for name, value in pattern.findall(line))
        elif ours[1] == "enter":
            entry = _entry(arch, entries[int(ours[2], 16)], registers)
        elif entry is not None:
            yield Stay(entry, int(ours[2]), int(ours[3]))
            entry = None


def of_run(built: Built, seed: int, until_us: int) -> Iterator[Stay]:
    """All stays of a run, in order."""
    board = image.board_of(built)
    elf = chip_image(built)
    made = image.build(built, "release")
    places = _Places(elf, board)
    words = _arguments(built, elf, seed)
    until = until_us * board.tick_hz // 1_000_000
    with tempfile.TemporaryDirectory(prefix="k5-stays-") as name:
        log = Path(name) / "log"
        log.touch()
        options = ["-plugin", f"{plugin()},{places.arguments()}", "-d", "plugin,cpu",
                   "-dfilter", f"{places.registers_at:#x}+1", "-D", str(log)]  # fmt: skip
        with qemu.run(elf, made.shim, board, words=words, options=options) as machine:
            for _ in machine.events(until_tick=until):
                pass
        with log.open() as lines:
            yield from parse((line.rstrip("\n") for line in lines), board.arch, places.entries)


def _arguments(built: Built, elf: Path, seed: int) -> dict[int, int]:
    """Where the threads' arguments lie in flash."""
    base, tables = ElfFile(elf).value("k5_system"), built.blob()
    return {
        base + blob.thread_argument_offset(tables, thread): argument & 0xFFFF_FFFF
        for thread, argument in built.arguments(seed).items()
    }

