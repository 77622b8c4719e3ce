"""Places tasks and regions in a board's memory.

Starts and ends lie on the board's region_align where memory allows (the
simulator is fastest there, and QEMU checks exactly only there), else on the
hardware's grain. Powers of two are not needed on v8-M; on RV32 they lie on
multiples of themselves where memory allows, since they then take one PMP entry.

A stack grows down to the start of its region, and below it there must be
nothing that the task could ever touch: where no stack limit register stops it,
and for all stacks beside the main one, some bytes there belong to nobody.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from k5 import arch as archs
from k5.board import Board, Memory
from k5.boarddevices import GRAIN
from k5.errors import K5Error
from k5.system import System, Task, Thread

READ, WRITE, EXECUTE = 1, 2, 4


@dataclass(frozen=True)
class Placed:
    """A region at its address, as one task or the whole system sees it."""

    name: str
    base: int
    bytes: int
    access: int
    kind: str  # text, ram, stack, shared or device

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
    """A task's regions: text and ram, its other threads' stacks, those of the description."""

    text: Placed
    ram: Placed
    main_stack: int  # bytes, at the bottom of ram
    stacks: dict[str, Placed]  # by thread
    others: list[Placed]

    def regions(self) -> list[Placed]:
        """All of them, sorted by address, as the kernel wants them."""
        found = [self.text, self.ram, *self.stacks.values(), *self.others]
        return sorted(found, key=lambda region: region.base)

    def stack(self, thread: Thread) -> tuple[int, int]:
        """Base and top of a thread's stack."""
        if thread.name in self.stacks:
            region = self.stacks[thread.name]
            return region.base, region.base + thread.stack
        return self.ram.base, self.ram.base + self.main_stack


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


@dataclass(frozen=True)
class _Rules:
    """What starts and ends must be."""

    align: int
    natural: bool  # powers of two lie on multiples of themselves

    def base(self, least: int, size: int) -> int:
        """The first base from `least` on for a region of a rounded size."""
        power = size & (size - 1) == 0
        return round_up(least, max(size, self.align) if self.natural and power else self.align)


class _Pool:
    """First fit in what is free of a memory."""

    def __init__(self, what: str, memory: Memory, reserved: int, rules: _Rules) -> None:
        self.what = what
        self.rules = rules
        self.free = [(memory.base + reserved, memory.end)]
        self.total = memory.bytes - reserved

    def take(self, base: int, size: int) -> None:
        """A region whose address the description gives; syscheck.py has checked it."""
        parts = []
        for start, end in self.free:
            if base < end and start < base + size:
                parts += [(start, base), (base + size, end)]
            else:
                parts.append((start, end))
        self.free = [(start, end) for start, end in parts if start < end]

    def place(self, who: str, size: int, guard: int = 0) -> tuple[int, int]:
        """Base and rounded size of a new region; the `guard` bytes below it stay unused."""
        want = round_up(max(size, 1), self.rules.align)
        for start, end in self.free:
            base = self.rules.base(start + guard, want)
            if base + want <= end:
                self.take(base - guard, guard + want)
                return base, want
        left = sum(end - start for start, end in self.free)
        text = f"{who} needs {want + guard} bytes of {self.what}; {left} of {self.total} are left"
        raise _Full(text)

    def used(self) -> int:
        return self.total - sum(end - start for start, end in self.free)


def pmp_entries(regions: list[Placed]) -> int:
    """Entries of RV32's PMP that the kernel reckons with (port_mpu_entries() in kernel/port.h).

    Where regions touch, two of them may share an entry; but a loan can part them."""
    return sum(1 if _napot(region) else 2 for region in regions)


def _napot(region: Placed) -> bool:
    """A power of two on a multiple of itself: one entry says it all."""
    size = region.bytes
    return size >= 8 and size & (size - 1) == 0 and region.base % size == 0


class _Full(Exception):
    pass


def place(system: System, needs: Mapping[str, Need]) -> Layout:
    """The layout, or an error that says which memory is too small for which task."""
    problem: _Full | None = None
    naturals = (True, False) if system.board.arch == "rv32" else (False,)
    for align in (system.board.region_align, GRAIN):
        for natural in naturals:
            try:
                found = _place(system, needs, _Rules(align, natural))
                _check_entries(system.board, found)
                return found
            except _Full as full:
                problem = full  # where these rules waste too much, looser ones may do
    raise K5Error(f"{system.file.where('system')}: {problem} on {system.board.name}") from None


def entries(board: Board, regions: list[Placed]) -> int:
    """What sorted regions take of the protection hardware's regions or entries."""
    return pmp_entries(regions) if board.arch == "rv32" else len(regions)


def _check_entries(board: Board, found: Layout) -> None:
    """Where a region is no power of two, RV32's PMP has room for fewer of them."""
    for name, task in found.tasks.items():
        used = entries(board, task.regions())
        if used > board.mpu_regions:
            text = f"task '{name}' needs {used} PMP entries for its regions; there are"
            raise _Full(f"{text} {board.mpu_regions}")


def _place(system: System, needs: Mapping[str, Need], rules: _Rules) -> Layout:
    board = system.board
    flash = _Pool("flash", board.flash, board.kernel_flash_bytes, rules)
    ram = _Pool("RAM", board.ram, board.kernel_ram_bytes, rules)
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
    tasks = {
        task.name: _place_task(system, task, needs[task.name], (flash, ram), regions)
        for task in system.tasks
    }
    return Layout(rules.align, tasks, regions, flash.used(), ram.used())


def _place_task(
    system: System, task: Task, need: Need, pools: tuple[_Pool, _Pool], regions: dict[str, Placed]
) -> TaskPlace:
    flash, ram = pools
    who = f"task '{task.name}'"
    guard = 0 if archs.of(system.board.arch).stack_limit else GRAIN
    text_base, text_bytes = flash.place(who, need.text_bytes)
    ram_base, ram_bytes = ram.place(who, need.ram_bytes, guard)
    stacks = {}
    for thread in task.extra:
        base, size = ram.place(f"thread '{thread.name}'", thread.stack, GRAIN)
        stacks[thread.name] = Placed(f"{thread.name}.stack", base, size, READ | WRITE, "stack")
    return TaskPlace(
        text=Placed(f"{task.name}.text", text_base, text_bytes, READ | EXECUTE, "text"),
        ram=Placed(f"{task.name}.ram", ram_base, ram_bytes, READ | WRITE, "ram"),
        main_stack=task.main.stack,
        stacks=stacks,
        others=[
            Placed(use.region, found.base, found.bytes, use.access, found.kind)
            for use in task.regions
            for found in (regions[use.region],)
        ],
    )
