"""Fault records for people: who, what, where, and which region was missed by how much.

What the hardware leaves unknown is called unknown: nothing here guesses.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from k5 import source
from k5.elf import ElfFile

PC_KNOWN, ADDRESS_KNOWN, RESUMABLE = 1, 2, 4
ACCESS_BITS = {"read": 1, "write": 2, "execute": 4}
VERB_BITS = {"load": 1, "store": 2, "exchange": 3, "fetch": 4}

MEANINGS = {
    "STACK_OVERFLOW": "the stack is full",
    "UNDEFINED": "undefined instruction",
    "STATE": "invalid execution state or branch target",
    "COPROCESSOR": "floating-point or coprocessor instruction without leave",
    "UNALIGNED": "unaligned access",
    "DIVIDE": "division by zero",
    "BREAKPOINT": "breakpoint without a debugger",
    "SECURE": "violation of the security attribution",
    "OTHER": "hardware fault",
}

GRACE_OVER = 0x100  # in a TIMEOUT fault's detail: a dead task's memory, not a payer's budget
PANIC_EXIT = 0xE017_0000  # libk5: main() returned; K5_PANIC_EXIT in user/libk5/k5.h


@dataclass(frozen=True)
class Record:
    """The words of a FAULT event by name."""

    kind: str
    pc: int | None
    address: int | None
    status: int
    resumable: bool
    sp: int
    lr: int
    detail: int  # the address word, which some kinds use for something else


def record(kind: str, args: tuple[int, ...]) -> Record:
    """From an event's words; what is unknown becomes None."""
    pc, address, status, flags, sp, lr = args
    return Record(
        kind,
        pc if flags & PC_KNOWN else None,
        address if flags & ADDRESS_KNOWN else None,
        status,
        bool(flags & RESUMABLE),
        sp,
        lr,
        address,
    )


def span(region: dict[str, Any]) -> str:
    """NAME FIRST-LAST."""
    base, size = region["base"], region["bytes"]
    return f"{region['name']} {base:#010x}-{base + size - 1:#010x}"


def rights(access: int) -> str:
    """`read and write`."""
    return " and ".join(name for name, bit in ACCESS_BITS.items() if access & bit) or "nothing"


def owner(meta: dict[str, Any], task: str, address: int) -> str:
    """Whose memory an address is, from the task's point of view."""
    for other in meta["tasks"]:
        for region in other["regions"]:
            if region["base"] <= address < region["base"] + region["bytes"]:
                if other["name"] == task:
                    return f"its own {region['name']}"
                if region["kind"] in ("text", "ram", "stack"):
                    return f"{region['name']} of task {other['name']}"
                return f"region {region['name']}"
    for region in meta["regions"]:
        if region["base"] <= address < region["base"] + region["bytes"]:
            return f"region {region['name']}"
    for name, memory in meta["kernel"].items():
        if memory["base"] <= address < memory["base"] + memory["bytes"]:
            return f"the kernel's {'RAM' if name == 'ram' else name}"
    for name, memory in meta["memory"].items():
        if memory["base"] <= address < memory["base"] + memory["bytes"]:
            return f"unused {'RAM' if name == 'ram' else name}"
    if address >= 0xE000_0000:
        return "the core's own peripherals"
    return "no memory of this board"


def miss(task: dict[str, Any], address: int, size: int, need: int) -> str:
    """How an access missed the task's regions."""
    regions = task["regions"]
    for region in regions:
        end = region["base"] + region["bytes"]
        if region["base"] <= address < end:
            if need and region["access"] & need != need:
                return f"inside {span(region)}, which it may {rights(region['access'])}"
            if address + size > end:
                return f"{address + size - end} of the bytes are past the end of {span(region)}"
            return f"inside {span(region)}"
    distances = []
    for region in regions:
        end = region["base"] + region["bytes"]
        if address >= end:
            distances.append((address - end, f"past the end of {span(region)}"))
        else:
            distances.append((region["base"] - address, f"before the start of {span(region)}"))
    distance, text = min(distances)
    if distance > 0xFFFF:
        return "far from all of its regions"
    return f"{distance} byte{'s' if distance != 1 else ''} {text}"


def variable(elf: ElfFile | None, address: int) -> str | None:
    """The variable at an address."""
    for symbol in elf.symbols if elf else []:
        if symbol.kind == 1 and symbol.value <= address < symbol.value + symbol.bytes:
            offset = address - symbol.value
            return symbol.name + (f" + {offset}" if offset else "")
    return None


def _by_the_kernel(meta: dict[str, Any], record_: Record) -> str:
    """Faults that the kernel itself found."""
    if record_.kind == "PANIC":
        if record_.detail & 0xFFFF_0000 == PANIC_EXIT:
            value = record_.detail & 0xFFFF
            return f"returned {value - 0x10000 if value & 0x8000 else value} from main()"
        return f"panic({record_.detail:#x})"
    if record_.kind == "SYSCALL":
        return f"system call {record_.detail}, which does not exist,"
    threads = meta["threads"]
    if record_.detail & GRACE_OVER:
        thread = record_.detail & 0xFF
        owner_ = threads[thread]["name"] if thread < len(threads) else "another"
        return f"kept the memory of {owner_}, which is dead, beyond its grace,"
    payer = threads[record_.detail]["name"] if record_.detail < len(threads) else "its caller"
    return f"overran: the budget of {payer} and the declared overrun are spent,"


def attempted(meta: dict[str, Any], record_: Record, elf: ElfFile | None) -> tuple[str, int, int]:
    """What was tried, in words; the size of the access; the right that it needs."""
    address = "an unknown address" if record_.address is None else f"{record_.address:#010x}"
    if record_.kind == "FETCH":
        return f"execution of memory at {address}", 2, VERB_BITS["fetch"]
    if record_.kind in ("DATA", "BUS"):
        found = source.access_at(elf, record_.pc) if elf and record_.pc is not None else None
        if found:
            return f"{found} at {address}", found.bytes, VERB_BITS[found.verb]
        return f"access to {address}", 1, 0
    if record_.kind in ("PANIC", "SYSCALL", "TIMEOUT"):
        return _by_the_kernel(meta, record_), 0, 0
    return MEANINGS.get(record_.kind, record_.kind.lower()), 0, 0


def _details(
    meta: dict[str, Any],
    thread: dict[str, Any],
    task: dict[str, Any],
    record_: Record,
    elf: ElfFile | None,
    access: tuple[int, int],
) -> list[str]:
    """The lines below a fault's first."""
    size, need = access
    details: list[str] = []
    if record_.address is not None and size:
        details.append(miss(task, record_.address, size, need))
        whose = owner(meta, task["name"], record_.address)
        name = variable(elf, record_.address)
        if not whose.startswith("its own"):
            details.append(f"there is {whose}")
        elif name:
            details.append(f"there is its own variable {name}")
    if record_.kind == "STACK_OVERFLOW":
        stack = thread["stack"]
        size = stack["top"] - stack["base"]
        details.append(f"stack {stack['base']:#010x}-{stack['top'] - 1:#010x}, {size} bytes")
    return details


def _place(record_: Record, elf: ElfFile | None) -> tuple[source.Place | None, str]:
    """Where in the source, and how the text introduces it."""
    if elf is None or record_.pc is None:
        return None, ""
    place = source.place(elf.path, record_.pc)
    if place is None and record_.kind == "FETCH" and record_.lr:
        # The pc is where the jump went; who jumped is in lr, if it was a call.
        return source.place(elf.path, (record_.lr & ~1) - 2), "called by"
    return place, "in"


def explain(
    meta: dict[str, Any],
    thread: dict[str, Any],
    task: dict[str, Any],
    record_: Record,
    elf: ElfFile | None,
) -> dict[str, Any]:
    """All that can be said of a fault, as fields that text and JSON share."""
    what, size, need = attempted(meta, record_, elf)
    place, relation = _place(record_, elf)
    details = _details(meta, thread, task, record_, elf, (size, need))
    text = source.instruction(elf, record_.pc) if elf and record_.pc is not None else None
    return {
        "fault": record_.kind,
        "what": what,
        "relation": relation,
        "function": place.function if place else None,
        "file": place.file if place and place.file else None,
        "line": place.line if place and place.line else None,
        "details": details,
        "pc": record_.pc,
        "instruction": text,
        "address": record_.address,
        "status": record_.status,
        "sp": record_.sp,
        "lr": record_.lr,
        "resumable": record_.resumable,
    }
