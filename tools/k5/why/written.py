"""Who last wrote these bytes: a task, the kernel for a task, or the outside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from k5 import journal, source
from k5.breakpoints import Hit
from k5.snapshots import Position
from k5.why import walk
from k5.why.names import Names, Target

if TYPE_CHECKING:
    from k5.machine import Machine


@dataclass(frozen=True)
class Write:
    """One that was found."""

    position: Position  # behind it
    hit: Hit | None = None
    entry: journal.Entry | None = None  # from outside


def last(machine: Machine, target: Target, end: Position) -> Write | None:
    """The last one up to `end`; None: there was none since the history began."""
    outside = _from_outside(machine, target, end)
    machine.watch_set(target.address, target.bytes)
    try:
        for start, stop in walk.legs(machine, end):
            found = _in_leg(machine, target, start, stop)
            if outside and start <= outside.position and (
                found is None or found.position < outside.position
            ):
                return outside
            if found:
                return found
    finally:
        machine.watch_clear(target.address, target.bytes)
    return outside


def _in_leg(machine: Machine, target: Target, start: Position, end: Position) -> Write | None:
    machine.record(0)
    machine.goto(start)
    found: Write | None = None
    for stop in walk.stops(machine, end):
        hit = machine.hit
        if stop is stop.WATCH and hit.access != "read" and _meets(target, hit.address, hit.bytes):
            found = Write(machine.position, hit)
    return found


def _meets(target: Target, address: int, count: int) -> bool:
    return address < target.address + target.bytes and target.address < address + count


def _from_outside(machine: Machine, target: Target, end: Position) -> Write | None:
    found = None
    for entry in machine.journal():
        if entry.what == "write" and entry.position < end:
            if _meets(target, int(entry.name, 16), len(entry.data)):
                found = Write(entry.position, entry=entry)
    return found


def explain(machine: Machine, names: Names, target: Target) -> tuple[list[str], dict[str, Any]]:
    """Lines for people, and the same as data."""
    now = machine.position
    begin = machine.span[0]
    with machine.excursion():
        write = last(machine, target, now)
        if write and write.hit and write.hit.by_kernel:
            by = _by_kernel(machine, names, write)
        elif write and write.hit:
            by = _by_task(machine, names, write.hit)
    value = _value(machine, names, target)
    if write is None:
        text = f"nobody has written {target.name} since {names.time(begin.now)}"
        origin = "as it was loaded" if begin.now == 0 else "as it was then"
        return [f"{text}: it is {origin}"], {"by": None, "value": value}
    data: dict[str, Any] = {
        "by": "outside",
        "tick": write.position.now,
        "seconds": names.seconds(write.position.now),
        "instruction": write.position.instructions,
        "value": value,
    }
    head = f"{names.time(write.position.now)}, instruction {write.position.instructions}: "
    if write.entry:
        lines = [head + f"the outside wrote {target.name}"]
        return [*lines, f"  {len(write.entry.data)} bytes at {write.entry.name}"], data
    line, more = by
    data |= more
    assert write.hit
    data |= {"written": write.hit.value, "bytes": write.hit.bytes, "address": write.hit.address}
    width = 2 + 2 * min(write.hit.bytes, 4)
    lines = [head + line]
    lines.append(f"  wrote {write.hit.value:#0{width}x} to {write.hit.address:#010x}"
                 + (f"; {target.name} is {value}" if value else ""))  # fmt: skip
    return lines, data


def _by_task(machine: Machine, names: Names, hit: Hit) -> tuple[str, dict[str, Any]]:
    place = names.place(hit.thread, hit.pc)
    elf = machine.decoder.elf(names.task_of(hit.thread))
    instruction = source.instruction(elf, hit.pc) if elf else None
    where = f" in {place}" if place else f" at {hit.pc:#010x}"
    text = f"{names.named(hit.thread)}{where}" + (f", by `{instruction}`" if instruction else "")
    return text, {
        "by": "task",
        "task": names.task_of(hit.thread),
        "thread": names.thread(hit.thread),
        "function": place.function if place else None,
        "file": place.file if place else None,
        "line": place.line if place else None,
        "pc": hit.pc,
        "code": instruction,
    }


def _by_kernel(machine: Machine, names: Names, write: Write) -> tuple[str, dict[str, Any]]:
    """In which entry it did: what that began with."""
    start = [point for point in machine.points() if point < write.position][-1]
    seen = walk.events(machine, start, write.position, walk.KERNEL_KINDS)
    cause = next((event for event in reversed(seen) if event.kind in walk.BEGINNINGS), None)
    data: dict[str, Any] = {"by": "kernel", "task": None, "thread": None}
    if cause is None:
        return "the kernel", data
    line = machine.decoder.line(cause)
    text = f"the kernel, {_spelled(line.kind, line.text)}"
    data["event"] = f"{line.kind} {line.text}"
    if cause.thread != walk.NOBODY:
        place = names.call_place(cause.thread)
        text += f" of {names.named(cause.thread)}" + (f" in {place}" if place else "")
        data |= {"task": names.task_of(cause.thread), "thread": names.thread(cause.thread)}
        data |= {"function": place.function, "file": place.file, "line": place.line} if place else {}
    return text, data


def _spelled(kind: str, text: str) -> str:
    words = {"ENTER": "in a system call", "FAULT": "for a fault", "INTERRUPT": "for an interrupt"}
    return f"{words.get(kind, f'at {kind}')}, {text},"


def _value(machine: Machine, names: Names, target: Target) -> str:
    """What is there now."""
    if target.device:
        index = machine.device_index(target.device)
        return f"{machine.peek(target.device, target.address - machine.devices[index]['base']):#010x}"
    if target.bytes > 8:
        return ""
    data = machine.read(names.meta["tasks"][0]["name"], target.address, target.bytes)
    return f"{int.from_bytes(data, 'little'):#x}"
