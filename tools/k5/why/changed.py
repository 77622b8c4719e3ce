"""What is different between two times: memory, the kernel's objects, devices; by their names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from k5 import kernelstate
from k5.errors import K5Error
from k5.why.names import Names

if TYPE_CHECKING:
    from k5.machine import Machine

_MOST_VALUE = 8  # bytes of a variable whose values are shown
# What a reader of the kernel's objects would not miss: links of its lists, what is compiled from
# regions, when it will look at its timers.
_LEFT_OUT = ("reserved", "padding", "mpu", "stale", "context", "next", "previous", "next_loan",
             "queue", "ready", "armed", "next_timer", "charged_at")  # fmt: skip
_LISTS = {"thread": "threads", "task": "tasks", "endpoint": "endpoints",
          "notification": "notifications", "port": "ports"}  # fmt: skip


@dataclass(frozen=True)
class Change:
    """One thing that is different."""

    kind: str  # memory, kernel, device
    name: str
    before: str
    after: str

    def text(self) -> str:
        """For people."""
        return f"{self.name}: {self.before} -> {self.after}" if self.after else f"{self.name}: {self.before}"


@dataclass(frozen=True)
class _Picture:
    """A machine at one time, as far as it is compared."""

    tick: int
    ram: bytes
    kernel: bytes
    registers: dict[str, int]
    memories: dict[str, bytes]


def explain(
    machine: Machine, names: Names, from_us: int, to_us: int
) -> tuple[list[str], dict[str, Any]]:
    """Lines for people, and the same as data."""
    first, last = machine.ticks(from_us), machine.ticks(to_us)
    begin, end = (position.now for position in machine.span)
    for tick in (first, last):
        if not begin <= tick <= end:
            span = f"{names.time(begin)} to {names.time(end)}"
            raise K5Error(f"{names.time(tick)} is not in this machine's past, {span}")
    with machine.excursion():
        machine.record(0)
        before, after = _picture(machine, names, first), _picture(machine, names, last)
    changes = [
        *_memory(machine, names, before.ram, after.ram),
        *_kernel(names, before.kernel, after.kernel),
        *_devices(before, after),
    ]
    head = f"between {names.time(before.tick)} and {names.time(after.tick)}"
    lines = [f"{head}: {len(changes)} things are different"]
    for kind, title in (("memory", "memory"), ("kernel", "kernel objects"), ("device", "devices")):
        found = [change for change in changes if change.kind == kind]
        lines += [f"{title}:", *(f"  {change.text()}" for change in found)] if found else []
    return lines, {"changes": [vars(change) for change in changes]}


def _picture(machine: Machine, names: Names, tick: int) -> _Picture:
    machine.goto_tick(tick)
    ram = names.meta["memory"]["ram"]
    registers, memories = {}, {}
    for device in machine.devices:
        name = device["name"]
        if device["base"]:
            for register, offset in names.registers(name).items():
                registers[f"{name}.{register}"] = machine.peek(name, offset)
        memory = _memory_of(machine, name)
        if memory:
            memories[name] = memory
    data = machine.read(names.meta["tasks"][0]["name"], ram["base"], ram["bytes"])
    return _Picture(machine.now, data, machine.kernel_state(), registers, memories)


def _memory_of(machine: Machine, device: str) -> bytes:
    try:
        return machine.device_memory(device)
    except K5Error:  # it has none
        return b""


# ---------------------------------------------------------------- memory


@dataclass(frozen=True)
class _Part:
    """A named piece of memory."""

    name: str
    base: int
    bytes: int


def _parts(machine: Machine, names: Names) -> Iterator[_Part]:
    """What has a name, the smaller pieces before those that they lie in."""
    for task in names.meta["tasks"]:
        elf = machine.decoder.elf(task["name"])
        for symbol in elf.symbols if elf else []:
            if symbol.kind == 1 and symbol.bytes:
                yield _Part(f"{task['name']}.{symbol.name}", symbol.value, symbol.bytes)
    for thread in names.meta["threads"]:
        stack = thread["stack"]
        yield _Part(f"the stack of {thread['name']}", stack["base"], stack["top"] - stack["base"])
    for task in names.meta["tasks"]:
        for region in task["regions"]:
            yield _Part(region["name"], region["base"], region["bytes"])
    for region in names.meta["objects"]:
        yield _Part(f"region {region['name']}", region["base"], region["bytes"])
    ram = names.meta["memory"]["ram"]
    yield _Part("other memory", ram["base"], ram["bytes"])


def _memory(machine: Machine, names: Names, before: bytes, after: bytes) -> Iterator[Change]:
    base = int(names.meta["memory"]["ram"]["base"])
    left = {base + i for i in _different(before, after)}
    for part in _parts(machine, names):
        if not left:
            return
        mine = {address for address in left if part.base <= address < part.base + part.bytes}
        left -= mine
        if not mine:
            continue
        low = part.base - base
        if part.bytes <= _MOST_VALUE:
            values = (int.from_bytes(data[low : low + part.bytes], "little") for data in (before, after))
            yield Change("memory", part.name, *(f"{value:#x}" for value in values))
        else:
            text = f"{len(mine)} of {part.bytes} bytes, from {min(mine):#010x} on"
            yield Change("memory", part.name, text, "")


def _different(before: bytes, after: bytes, block: int = 1 << 16) -> Iterator[int]:
    """Where two memories differ; a board may have megabytes that nobody uses."""
    for start in range(0, len(before), block):
        a, b = before[start : start + block], after[start : start + block]
        if a != b and block > 256:
            yield from (start + i for i in _different(a, b, 256))
        elif a != b:
            yield from (start + i for i in range(len(a)) if a[i] != b[i])


# ---------------------------------------------------------------- the kernel


def _kernel(names: Names, before: bytes, after: bytes) -> Iterator[Change]:
    """The fields that differ, one after another, but for those that others follow from."""
    ffi = kernelstate._load()

    def walk(path: str, kind: Any, at: int) -> Iterator[Change]:
        size = ffi.sizeof(kind)
        a, b = before[at : at + size], after[at : at + size]
        if a == b:
            return
        if kind.kind == "struct":
            for name, inner in kind.fields:
                if name not in _LEFT_OUT:
                    sub = f"{path}.{name}" if path else name
                    yield from walk(sub, inner.type, at + inner.offset)
        elif kind.kind == "array":
            each = ffi.sizeof(kind.item)
            for index in range(kind.length):
                sub = f"{path}[{_index(names, path, index)}]"
                yield from walk(sub, kind.item, at + index * each)
        else:
            signed = not kind.cname.startswith("u")
            values = (int.from_bytes(data, "little", signed=signed) for data in (a, b))
            yield Change("kernel", path, *(_spelled(names, path, value) for value in values))

    yield from walk("", ffi.typeof("struct kernel_state"), 0)


def _index(names: Names, path: str, index: int) -> str:
    entries = names.meta[_LISTS[path]] if path in _LISTS else []
    return str(entries[index]["name"]) if index < len(entries) else str(index)


_THREADS = ("payer", "client", "holder", "next_loan", "own_payer", "receiver", "current", "loans")


def _spelled(names: Names, path: str, value: int) -> str:
    owner, _, field = path.rpartition(".")
    if field == "state":
        known = kernelstate.thread_states() if owner.startswith("thread[") else kernelstate.task_states()
        return known.get(value, str(value))
    if field in _THREADS:
        return names.thread(value)
    return f"{value:#x}" if value > 9 else str(value)


# ---------------------------------------------------------------- devices


def _devices(before: _Picture, after: _Picture) -> Iterator[Change]:
    for name, old in before.registers.items():
        new = after.registers[name]
        if old != new:
            yield Change("device", name, f"{old:#010x}", f"{new:#010x}")
    for name, data in before.memories.items():
        count = sum(1 for _ in _different(data, after.memories[name]))
        if count:
            text = f"{count} of the {len(data)} bytes of its own memory"
            yield Change("device", name, text, "")
