"""Packs the boot tables: the format is kernel/system.h."""

from __future__ import annotations

import struct
from collections.abc import Mapping

from k5.layout import Layout
from k5.sysdesc import POLICIES, System

MAGIC, VERSION = 0x5359354B, 1
KIND_ENDPOINT = 1
REGION_DEVICE = 1

HEADER = struct.Struct("<IHHIII4B4H5I")
TASK = struct.Struct("<3H6B3I")
THREAD = struct.Struct("<7I4B")
ENDPOINT = struct.Struct("<B3x")
CAP = struct.Struct("<BBHI")
REGION = struct.Struct("<IIBBH")
SYSTEM_ID_OFFSET = 12
ARGUMENT_OFFSET = 12  # in a thread


def thread_argument_offset(blob: bytes, thread: int) -> int:
    """Where a thread's argument lies in the tables, for a run that sets it."""
    threads_offset = HEADER.unpack_from(blob)[-4]
    offset: int = threads_offset + thread * THREAD.size + ARGUMENT_OFFSET
    return offset


def with_argument(blob: bytes, thread: int, argument: int) -> bytes:
    """The same tables, with another argument for one thread."""
    at = thread_argument_offset(blob, thread)
    return blob[:at] + struct.pack("<I", argument & 0xFFFF_FFFF) + blob[at + 4 :]


def with_system_id(blob: bytes, system_id: int) -> bytes:
    """The same tables, with their id."""
    at = SYSTEM_ID_OFFSET
    return blob[:at] + struct.pack("<I", system_id) + blob[at + 4 :]


def pack(system: System, layout: Layout, entries: Mapping[str, int]) -> bytes:
    """The tables with system_id 0; `entries` are the tasks' first instructions."""
    tables = _tables(system, layout, entries)
    offsets = []
    at = HEADER.size
    for table in tables:
        offsets.append(at)
        at += sum(len(row) for row in table)
    header = HEADER.pack(
        MAGIC,
        VERSION,
        HEADER.size,
        at,
        0,
        system.board.tick_hz,
        len(system.tasks),
        len(system.tasks),
        len(system.endpoints),
        system.board.mpu_regions,
        sum(len(task.capabilities) for task in system.tasks),
        sum(len(layout.tasks[task.name].regions()) for task in system.tasks),
        sum(task.slots for task in system.tasks),
        0,
        *offsets,
    )
    return header + b"".join(row for table in tables for row in table)


def _tables(
    system: System, layout: Layout, entries: Mapping[str, int]
) -> tuple[list[bytes], list[bytes], list[bytes], list[bytes], list[bytes]]:
    ticks = system.board.ticks
    index = {task.name: task.index for task in system.tasks}
    endpoint = {e.name: e.index for e in system.endpoints}
    tasks: list[bytes] = []
    threads: list[bytes] = []
    caps: list[bytes] = []
    regions: list[bytes] = []
    slots = 0
    for task in system.tasks:
        place = layout.tasks[task.name]
        restart = task.restart
        tasks.append(
            TASK.pack(
                len(regions), len(caps), slots,
                len(place.regions()), len(task.capabilities), task.slots,
                len(threads), 1, POLICIES[restart.policy],
                ticks(restart.backoff_us), ticks(restart.backoff_max_us), ticks(restart.stable_us),
            )
        )  # fmt: skip
        threads.append(
            THREAD.pack(
                entries[task.name], place.stack_base, place.stack_top, task.argument,
                ticks(task.budget_us), ticks(task.cooldown_us), ticks(task.overrun_us),
                task.index, task.priority, 0, 0,
            )
        )  # fmt: skip
        for cap in task.capabilities:
            caps.append(CAP.pack(KIND_ENDPOINT, cap.rights, endpoint[cap.endpoint], cap.badge))
        for region in place.regions():
            flags = REGION_DEVICE if region.kind == "device" else 0
            regions.append(REGION.pack(region.base, region.bytes, region.access, flags, 0))
        slots += task.slots
    receivers = [ENDPOINT.pack(index[e.receiver]) for e in system.endpoints]
    return tasks, threads, receivers, caps, regions
