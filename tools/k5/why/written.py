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


FAULTS_OF_MEMORY = (3, 4)  # enum k5sim_fault_kind
_OUTSIDE = {
    "write": "the outside wrote it",
    "fault": "a fault was injected there",
    "reset": "the board lost its supply, and its memory all it held",
}


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
    ram = machine.built.meta["memory"]["ram"]
    found = None
    for entry in machine.journal():
        if entry.position >= end:
            break
        if entry.what == "write":
            meets = _meets(target, int(entry.name, 16), len(entry.data))
        elif entry.what == "fault":
            kind, where = (int.from_bytes(entry.data[i : i + 4], "little") for i in (0, 8))
            meets = kind in FAULTS_OF_MEMORY and _meets(target, where & ~3, 4)
        else:  # the supply was off, and memory forgot
            meets = entry.what == "reset" and entry.name == "power"
            meets = meets and _meets(target, ram["base"], ram["bytes"])
        if meets:
            found = Write(entry.position, entry=entry)
    return found


def explain(machine: Machine, names: Names, target: Target) -> tuple[list[str], dict[str, Any]]:
    """Lines for people, and the same as data."""
    now, value = machine.position, _value(machine, names, target)
    with machine.excursion():
        write = last(machine, target, now)
        lines, data = _told(machine, names, target, write)
        since = write.position if write else machine.span[0]
        change = _device_change(machine, names, target, since, now) if target.device else None
    data["value"] = value
    if change is None:
        if write is not None and value:
            lines[-1] += f"; {target.name} is {value}"
        return lines, data
    tick, before, after = change
    head = f"{names.time(tick)}: device {target.device} itself: {target.name}"
    lines = [f"{head} {before} -> {after}", *(lines if write else [])]
    return lines, {"task_wrote": data if write else None, "by": "device", "tick": tick,
                   "seconds": names.seconds(tick), "device": target.device, "value": value}  # fmt: skip


def _told(
    machine: Machine, names: Names, target: Target, write: Write | None
) -> tuple[list[str], dict[str, Any]]:
    """Of a write, while the machine is in its past."""
    if write is None:
        begin = machine.span[0]
        text = f"nobody has written {target.name} since {names.time(begin.now)}"
        origin = "as it was loaded" if begin.now == 0 else "as it was then"
        return [f"{text}: it is {origin}"], {"by": None}
    data: dict[str, Any] = {
        "by": "outside",
        "tick": write.position.now,
        "seconds": names.seconds(write.position.now),
        "instruction": write.position.instructions,
    }
    head = f"{names.time(write.position.now)}, instruction {write.position.instructions}: "
    if write.entry:
        what, more = _OUTSIDE[write.entry.what], write.entry
        where = f", {len(more.data)} bytes at {more.name}" if more.what == "write" else ""
        return [f"{head}{what}{where}"], data | {"what": more.what}
    hit = write.hit
    assert hit
    line, more_data = (
        _by_kernel(machine, names, write) if hit.by_kernel else _by_task(machine, names, hit)
    )
    data |= more_data | {"written": hit.value, "bytes": hit.bytes, "address": hit.address}
    width = 2 + 2 * min(hit.bytes, 4)
    return [head + line, f"  wrote {hit.value:#0{width}x} to {hit.address:#010x}"], data


def _device_change(
    machine: Machine, names: Names, target: Target, start: Position, end: Position
) -> tuple[int, str, str] | None:
    """When a register came to be what it is now, after its last write, and what it was before."""

    def at(tick: int) -> str:
        machine.goto(min(Position(tick, walk.LAST, walk.LAST), end))
        return _value(machine, names, target)

    low, high = start.now, end.now
    final, before = at(high), at(low)
    if final == before:
        return None
    while high - low > 1:
        middle = (low + high) // 2
        value = at(middle)
        if value == final:
            high = middle
        else:
            low, before = middle, value
    return high, before, final


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
