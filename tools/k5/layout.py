"""Places tasks and regions in a board's memory.

Starts and ends lie on the board's region_align where memory allows (the
simulator is fastest there, and QEMU checks exactly only there), else on the
hardware's grain. Powers of two are not needed on v8-M.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from k5.board import GRAIN, Board, Memory
from k5.errors import K5Error
from k5.sysdesc import System

READ, WRITE, EXECUTE = 1, 2, 4


@dataclass(frozen=True)
class Placed:
    """A region at its address, as one task or the whole system sees it."""

    name: str
    base: int
    bytes: int
    access: int
    kind: str  # text, ram, shared or device

    @property
    def end(self) -> int:
        return self.base + self.bytes


@dataclass(frozen=True)
class Need:
    """What a task's first link says that it needs."""

    text_bytes: int
    ram_bytes: int  # stack included


@dataclass(frozen=True)
class TaskPlace:
    """A task's regions: text and ram, then those of the description; and its stack."""

    text: Placed
    ram: Placed
    stack_base: int
    stack_top: int
    others: list[Placed]

    def regions(self) -> list[Placed]:
        """All of them, sorted by address, as the kernel wants them."""
        return sorted([self.text, self.ram, *self.others], key=lambda region: region.base)


@dataclass(frozen=True)
class Layout:
    """Where everything is."""

    align: int
    tasks: dict[str, TaskPlace]
    regions: dict[str, Placed]
    flash_used: int
    ram_used: int


def round_up(value: int, to: int) -> int:
    """The next multiple."""
    return -(-value // to) * to


class _Pool:
    """First fit in what is free of a memory."""

    def __init__(self, what: str, memory: Memory, reserved: int, align: int) -> None:
        self.what = what
        self.align = align
        self.free = [(memory.base + reserved, memory.end)]
        self.total = memory.bytes - reserved

    def take(self, base: int, size: int) -> None:
        """A region whose address the description gives; sysdesc.py has checked it."""
        parts = []
        for start, end in self.free:
            if base < end and start < base + size:
                parts += [(start, base), (base + size, end)]
            else:
                parts.append((start, end))
        self.free = [(start, end) for start, end in parts if start < end]

    def place(self, who: str, size: int) -> tuple[int, int]:
        """Base and rounded size of a new region."""
        want = round_up(max(size, 1), self.align)
        for index, (start, end) in enumerate(self.free):
            base = round_up(start, self.align)
            if base + want <= end:
                self.free[index : index + 1] = [
                    part for part in ((start, base), (base + want, end)) if part[0] < part[1]
                ]
                return base, want
        left = sum(end - start for start, end in self.free)
        text = f"{who} needs {want} bytes of {self.what}; {left} of {self.total} are left"
        raise _Full(text)

    def used(self) -> int:
        return self.total - sum(end - start for start, end in self.free)


def pmp_entries(regions: list[Placed]) -> int:
    """Entries of RV32's PMP that sorted regions take; arch/rv32/pmp.c counts the same."""
    used = 0
    before: Placed | None = None
    for region in regions:
        shared = before is not None and not _napot(before) and before.end == region.base
        from_zero = used == 0 and region.base == 0
        used += 1 if _napot(region) or shared or from_zero else 2
        before = region
    return used


def _napot(region: Placed) -> bool:
    """A power of two on a multiple of itself: one entry says it all."""
    size = region.bytes
    return size >= 8 and size & (size - 1) == 0 and region.base % size == 0


class _Full(Exception):
    pass


def place(system: System, needs: Mapping[str, Need]) -> Layout:
    """The layout, or an error that says which memory is too small for which task."""
    problem: _Full | None = None
    for align in (system.board.region_align, GRAIN):
        try:
            found = _place(system, needs, align)
            _check_entries(system.board, found)
            return found
        except _Full as full:
            problem = full  # where the coarse alignment wastes too much, the exact grain may do
    raise K5Error(f"{system.file.where('system')}: {problem} on {system.board.name}") from None


def _check_entries(board: Board, found: Layout) -> None:
    """Where a region is no power of two, RV32's PMP has room for fewer of them."""
    if board.arch != "rv32":
        return
    for name, task in found.tasks.items():
        used = pmp_entries(task.regions())
        if used > board.mpu_regions:
            text = f"task '{name}' needs {used} PMP entries for its regions; there are"
            raise _Full(f"{text} {board.mpu_regions}")


def _place(system: System, needs: Mapping[str, Need], align: int) -> Layout:
    board = system.board
    flash = _Pool("flash", board.flash, board.kernel_flash_bytes, align)
    ram = _Pool("RAM", board.ram, board.kernel_ram_bytes, align)
    regions: dict[str, Placed] = {}
    for region in system.regions:
        if region.base is not None:
            kind = "device" if region.device else "shared"
            regions[region.name] = Placed(region.name, region.base, region.bytes, 0, kind)
            if not region.device:
                ram.take(region.base, region.bytes)
    for region in system.regions:
        if region.base is None:
            base, _ = ram.place(f"region '{region.name}'", region.bytes)
            regions[region.name] = Placed(region.name, base, region.bytes, 0, "shared")
    tasks = {}
    for task in system.tasks:
        who = f"task '{task.name}'"
        text_base, text_bytes = flash.place(who, needs[task.name].text_bytes)
        ram_base, ram_bytes = ram.place(who, needs[task.name].ram_bytes)
        tasks[task.name] = TaskPlace(
            text=Placed(f"{task.name}.text", text_base, text_bytes, READ | EXECUTE, "text"),
            ram=Placed(f"{task.name}.ram", ram_base, ram_bytes, READ | WRITE, "ram"),
            stack_base=ram_base,
            stack_top=ram_base + task.stack,
            others=[
                Placed(use.region, found.base, found.bytes, use.access, found.kind)
                for use in task.regions
                for found in (regions[use.region],)
            ],
        )
    return Layout(align, tasks, regions, flash.used(), ram.used())
