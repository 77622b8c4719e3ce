"""Packs the boot tables: the format is kernel/system.h."""

from __future__ import annotations

import struct
from collections.abc import Mapping

from k5.layout import READ, WRITE, Layout, Placed
from k5.system import LAST_RESORTS, POLICIES, System, Task, Thread, budget_least, kind_number

MAGIC, VERSION = 0x5359354B, 2
NONE = 0xFF
REGION_DEVICE, REGION_SHARED, REGION_MOVABLE = 1, 2, 4
TASK_STOPPED = 1
THREAD_FPU, THREAD_OFF = 1, 2

HEADER = struct.Struct("<IHHIII8B4HB3xI9I")
TASK = struct.Struct("<3H6B4I3Bx")
THREAD = struct.Struct("<7I4B")
ENDPOINT = struct.Struct("<BBH")
NOTIFICATION = struct.Struct("<B3x")
INTERRUPT = struct.Struct("<HBB")
PORT = struct.Struct("<16s")
CAP = struct.Struct("<BBHI")
REGION = struct.Struct("<IIBBH")
TABLES = (
    "tasks", "threads", "endpoints", "caps", "regions", "objects", "notifications", "interrupts",
    "ports",
)  # fmt: skip
SYSTEM_ID_OFFSET = 12
ARGUMENT_OFFSET = 12  # in a thread


def offset_of(blob: bytes, table: str) -> int:
    """Where one of TABLES begins."""
    found: int = HEADER.unpack_from(blob)[TABLES.index(table) - len(TABLES)]
    return found


def thread_argument_offset(blob: bytes, thread: int) -> int:
    """Where a thread's argument lies in the tables, for a run that sets it."""
    return offset_of(blob, "threads") + thread * THREAD.size + ARGUMENT_OFFSET


def with_argument(blob: bytes, thread: int, argument: int) -> bytes:
    """The same tables, with another argument for one thread."""
    at = thread_argument_offset(blob, thread)
    return blob[:at] + struct.pack("<I", argument & 0xFFFF_FFFF) + blob[at + 4 :]


def with_system_id(blob: bytes, system_id: int) -> bytes:
    """The same tables, with their id."""
    at = SYSTEM_ID_OFFSET
    return blob[:at] + struct.pack("<I", system_id) + blob[at + 4 :]


def pack(system: System, layout: Layout, entries: Mapping[str, int]) -> bytes:
    """The tables with system_id 0; `entries` are the threads' first instructions."""
    tables = {
        "tasks": _tasks(system, layout),
        "threads": [
            _thread(system, layout, task, thread, entries[thread.name])
            for task in system.tasks
            for thread in task.threads
        ],
        "endpoints": _endpoints(system),
        "caps": _caps(system),
        "regions": [
            _region(system, region)
            for task in system.tasks
            for region in layout.tasks[task.name].regions()
        ],
        "objects": _objects(system, layout),
        "notifications": [
            NOTIFICATION.pack(_thread_index(system, each.receiver)) for each in system.notifications
        ],
        "interrupts": [
            INTERRUPT.pack(each.line, _index(system, "notification", each.notification), each.bit)
            for each in system.interrupts
        ],
        "ports": [PORT.pack(port.public.encode()) for port in system.ports],
    }
    offsets = []
    at = HEADER.size
    for name in TABLES:
        offsets.append(at)
        at += sum(len(row) for row in tables[name])
    header = HEADER.pack(
        MAGIC,
        VERSION,
        HEADER.size,
        at,
        0,
        system.board.tick_hz,
        len(tables["tasks"]),
        len(tables["threads"]),
        len(tables["endpoints"]),
        system.board.mpu_regions,
        len(tables["notifications"]),
        len(tables["interrupts"]),
        len(tables["ports"]),
        len(tables["objects"]),
        len(tables["caps"]),
        len(tables["regions"]),
        sum(task.slots for task in system.tasks),
        sum(endpoint.queue for endpoint in system.endpoints),
        LAST_RESORTS[system.last_resort],
        budget_least(system.board),
        *offsets,
    )
    return header + b"".join(row for name in TABLES for row in tables[name])


def _index(system: System, kind: str, name: str) -> int:
    return system.names(kind).index(name)


def _thread_index(system: System, name: str) -> int:
    return _index(system, "thread", name)


def _tasks(system: System, layout: Layout) -> list[bytes]:
    ticks = system.board.ticks
    rows = []
    regions = caps = slots = threads = 0
    for task in system.tasks:
        restart = task.restart
        count = len(layout.tasks[task.name].regions())
        supervisor = _index(system, "endpoint", task.supervisor) if task.supervisor else NONE
        rows.append(
            TASK.pack(
                regions, caps, slots,
                count, len(task.capabilities), task.slots,
                threads, len(task.threads), POLICIES[restart.policy],
                ticks(restart.backoff_us), ticks(restart.backoff_max_us), ticks(restart.stable_us),
                ticks(task.loan_grace_us),
                supervisor, restart.limit, 0 if task.start else TASK_STOPPED,
            )
        )  # fmt: skip
        regions += count
        caps += len(task.capabilities)
        slots += task.slots
        threads += len(task.threads)
    return rows


def _thread(system: System, layout: Layout, task: Task, thread: Thread, entry: int) -> bytes:
    """The main thread starts with its task, and starts the others: see builder.threads_source()."""
    ticks = system.board.ticks
    base, top = layout.tasks[task.name].stack(thread)
    flags = THREAD_FPU if thread.fpu else 0
    flags |= THREAD_OFF if thread is not task.main else 0
    bound = [n.index for n in system.notifications if n.bound and n.receiver == thread.name]
    return THREAD.pack(
        entry, base, top, thread.argument,
        ticks(thread.budget_us), ticks(thread.cooldown_us), ticks(thread.overrun_us),
        task.index, thread.priority, flags, bound[0] if bound else NONE,
    )  # fmt: skip


def _endpoints(system: System) -> list[bytes]:
    rows = []
    message = 0
    for each in system.endpoints:
        receiver = _thread_index(system, each.receiver)
        rows.append(ENDPOINT.pack(receiver, each.queue, message if each.queue else 0))
        message += each.queue
    return rows


def _caps(system: System) -> list[bytes]:
    return [
        CAP.pack(kind_number(cap.kind), cap.rights, _index(system, cap.kind, cap.object), cap.badge)
        for _, _, cap in system.capabilities()
    ]


def _region(system: System, region: Placed) -> bytes:
    """A task's own; what others have too, or may get by a capability, is shared."""
    flags = REGION_DEVICE if region.kind == "device" else 0
    shared = len(system.users(region.name)) > 1 or region.name in system.names("region")
    flags |= REGION_SHARED if shared else 0
    return REGION.pack(region.base, region.bytes, region.access, flags, 0)


def _objects(system: System, layout: Layout) -> list[bytes]:
    rows = []
    for region in system.objects():
        slot = home = access = 0
        for task in system.tasks:
            for number, cap in enumerate(task.capabilities):
                if cap.kind == "region" and cap.object == region.name:
                    access |= cap.rights & (READ | WRITE)
                    home = slot + number if region.movable else 0
            slot += task.slots
        flags = REGION_DEVICE if region.device else 0
        flags |= REGION_MOVABLE if region.movable else REGION_SHARED
        placed = layout.regions[region.name]
        rows.append(REGION.pack(placed.base, placed.bytes, access, flags, home))
    return rows
