"""Fault models by name: what is done to a machine, as data, and the doing (docs/faults.md).

    machine.inject(Fault("register", thread="bar", place="r3", mask=1 << 7))

A Fault names things as the system and its board do. bind() makes numbers of that, for one machine.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from k5 import kernelfields
from k5.arch import REGISTERS
from k5.errors import K5Error, suggestion

if TYPE_CHECKING:
    from k5.machine import Machine
    from k5.scenario.names import Names

NOTHING = 1  # K5SIM_NOTHING: it changed nothing
NOBODY = 0xFF
WORD = 0xFFFF_FFFF
MESSAGE_WORDS = ("0", "1", "2", "3", "info")
LEVELS = {"low": 0, "high": 1}
_PLACE = re.compile(r"(.+?)(?:\+(\d+|0x[0-9a-fA-F]+))?")


@dataclass(frozen=True)
class Model:
    """A fault model: its number in enum k5sim_fault_kind, the keys of TOML tables that it needs and
    takes, and what it does in words. `{}` there: the place."""

    kind: int
    needs: tuple[str, ...]
    says: str
    takes: tuple[str, ...] = ()
    masked: bool = False  # bits of something: bit, bits or mask


MODELS = {
    "register": Model(1, ("register",), "{bits} of {place} of {thread} flip{s}", ("thread",), True),
    "register-stuck": Model(2, ("register", "level"), "{bits} of {place} of {thread} stick{s} at {level}",
                            ("thread",), True),
    "memory": Model(3, ("memory",), "{bits} of {place} flip{s}", ("offset",), True),
    "memory-stuck": Model(4, ("memory", "level"), "{bits} of {place} stick{s} at {level}", ("offset",), True),
    "skip": Model(5, (), "the next instruction is skipped"),
    "opcode": Model(6, (), "{bits} of the next instruction flip{s}, once", (), True),
    "region-drop": Model(7, ("task", "region"), "region {place} of {task} is dropped"),
    "region-shift": Model(8, ("task", "region", "bytes"), "region {place} of {task} shifts by {value} bytes"),
    "region-widen": Model(9, ("task", "region", "bytes"), "region {place} of {task} widens by {value} bytes"),
    "kernel": Model(10, ("field",), "{bits} of the kernel's {place} flip{s}", (), True),
    "message": Model(11, ("thread", "word"), "{bits} of word {place} of the message of {thread} flip{s}",
                     (), True),
    "line-drop": Model(12, ("line",), "the next interrupt of {place} is lost"),
    "line-double": Model(13, ("line",), "the next interrupt of {place} comes twice"),
    "line-spurious": Model(14, ("line",), "an interrupt of {place} that nobody asked for"),
    "line-late": Model(15, ("line", "late"), "the next interrupt of {place} is {time} late"),
    "pin-stuck": Model(16, ("pin", "level"), "pin {place} sticks at {level}"),
    "value": Model(17, ("set", "value"), "{place} becomes {value}"),
    "timer-jitter": Model(18, ("most",), "the kernel's timer is up to {time} late", ("seed",)),
    "power": Model(19, (), "the supply fails and comes back"),
    "line-stuck": Model(20, ("line", "level"), "{place} sticks at {level}"),
}  # fmt: skip
MASKS = ("bit", "bits", "mask")
# The keys of all models: where the value goes, and what it must be.
PLACES = ("register", "memory", "region", "field", "word", "line", "pin", "set")
KEYS: dict[str, tuple[type, ...]] = {
    **dict.fromkeys(("register", "memory", "field", "pin", "set", "thread", "task"), (str,)),
    **dict.fromkeys(("region", "word", "line", "level"), (str, int)),
    **dict.fromkeys(("late", "most"), (str,)),
    **dict.fromkeys(("offset", "bytes", "value", "seed", "bit", "mask"), (int,)),
    "bits": (list,),
}


class BadFault(ValueError):
    """What is wrong with a table that names a fault: pairs of key ("": the table) and message."""

    def __init__(self, *problems: tuple[str, str]) -> None:
        super().__init__("; ".join(text for _, text in problems))
        self.problems = problems


@dataclass(frozen=True)
class Fault:
    """One fault, by names. `place`: the register, variable, region, field, word, line or pin."""

    model: str
    thread: str = ""  # or a task: its first thread; register: "" is whoever runs
    task: str = ""
    place: str = ""
    mask: int = 0
    value: int = 0  # level, bytes, quantity; of jitter the seed
    ns: int = 0  # how late

    def __post_init__(self) -> None:
        if self.model not in MODELS:
            raise K5Error(f"no fault model '{self.model}'" + suggestion(self.model, MODELS))

    def describe(self) -> str:
        """For people: `bit 7 of r3 of bar flips`."""
        from k5.scenario.units import shown

        return MODELS[self.model].says.format(
            bits=_said_bits(self.mask),
            s="" if self.mask.bit_count() > 1 else "s",
            place=self.place,
            thread=self.thread or "whoever runs",
            task=self.task,
            value=self.value,
            level="high" if self.value else "low",
            time=shown(self.ns),
        )


def _said_bits(mask: int) -> str:
    bits = [str(bit) for bit in range(mask.bit_length()) if mask >> bit & 1]
    return f"bit {bits[0]}" if len(bits) == 1 else f"bits {', '.join(bits)}"


# ---- from a table


def read(table: Mapping[str, Any]) -> Fault:
    """The fault that a TOML table names; BadFault lists what is wrong with it."""
    model = table.get("model")
    if model is None:
        raise BadFault(("", "it needs a model: " + ", ".join(MODELS)))
    if not isinstance(model, str) or model not in MODELS:
        raise BadFault(("model", f"no fault model '{model}'" + suggestion(str(model), MODELS)))
    wanted = MODELS[model]
    allowed = (*wanted.needs, *wanted.takes, *(MASKS if wanted.masked else ()))
    problems = [
        (name, f"{name} says nothing of {model} (what does: {', '.join(allowed) or 'nothing'})")
        for name in table
        if name != "model" and name not in allowed
    ]
    problems += [
        (name, text) for name in allowed if name in table for text in _wrong(name, table[name])
    ]
    missing = [name for name in wanted.needs if name not in table]
    if missing and not problems:
        problems.append(("", f"{model} needs {' and '.join(missing)}"))
    mask = _mask(table, problems) if wanted.masked else 0
    if problems:
        raise BadFault(*problems)
    return _made(model, table, mask)


def _wrong(name: str, value: Any) -> Iterable[str]:
    kinds = KEYS[name]
    if not isinstance(value, kinds) or isinstance(value, bool):
        words = {str: "a text", int: "a number", list: "a list of numbers"}
        yield f"{name} must be {' or '.join(words[kind] for kind in kinds)}, not {value!r}"
    elif name == "level" and value not in (*LEVELS, 0, 1):
        yield f'level = {value!r}: "high" or "low"'
    elif name == "word" and str(value) not in MESSAGE_WORDS:
        yield f'word = {value!r}: 0 to 3, or "info"'
    elif name == "seed" and not 0 <= value <= WORD:
        yield f"seed = {value} is no number from 0 to {WORD}"
    elif name in ("bytes", "value") and not -(1 << 31) <= value < 1 << 31:
        yield f"{name} = {value} does not fit 32 bits"
    elif name == "offset" and not 0 <= value <= WORD:
        yield f"offset = {value} must not be negative"
    elif name == "set" and "." not in value:
        yield f'set = "{value}" must name a device and its value, like "i2c1.nack"'
    elif name in ("late", "most"):
        yield from _wrong_time(name, value)


def _wrong_time(name: str, value: str) -> Iterable[str]:
    from k5.scenario import units

    try:
        if units.time_ns(value) == 0:
            yield f'{name} = "{value}" must be more than nothing'
    except units.BadUnit as problem:
        yield f"{name} = {problem}"


def _mask(table: Mapping[str, Any], problems: list[tuple[str, str]]) -> int:
    """Of bit, bits or mask: exactly one of them."""
    given = [name for name in MASKS if name in table]
    if len(given) != 1:
        if not given and not problems:
            problems.append(("", "which bits? it needs bit, bits or mask"))
        elif given:
            problems += (
                [(given[1], f"{given[0]} and {given[1]} exclude each other")]
                if len(given) > 1
                else []
            )
        return 0
    name, value = given[0], table[given[0]]
    if not isinstance(value, KEYS[name]) or isinstance(value, bool):
        return 0  # it was told
    if name == "mask":
        if not 0 < value < 1 << 64:
            problems.append((name, f"mask = {value:#x} names no bits, or more than 64"))
        return int(value)
    bits = [value] if name == "bit" else value
    for bit in bits:
        if not isinstance(bit, int) or isinstance(bit, bool) or not 0 <= bit < 64:
            problems.append((name, f"{name}: {bit!r} is no number of a bit"))
            return 0
    if not bits:
        problems.append((name, "bits is empty"))
    return sum({1 << bit for bit in bits})


def _made(model: str, table: Mapping[str, Any], mask: int) -> Fault:
    from k5.scenario import units

    place = next((str(table[name]) for name in PLACES if name in table), "")
    if table.get("offset"):
        place += f"+{table['offset']}"
    level = table.get("level", 0)
    value = table.get("bytes", table.get("value", table.get("seed", LEVELS.get(level, level))))
    time = table.get("late", table.get("most"))
    ns = units.time_ns(time) if time is not None else 0
    return Fault(model, table.get("thread", ""), table.get("task", ""), place, mask, value, ns)


# ---- to numbers


@dataclass(frozen=True)
class Raw:
    """struct k5sim_fault."""

    kind: int
    thread: int = NOBODY
    task: int = NOBODY
    where: int = 0
    mask: int = 0
    value: int = 0


class Binder:
    """Makes numbers of names; scenario.names.Unknown says what there is not."""

    def __init__(self, machine: Machine, names: Names) -> None:
        self.machine = machine
        self.names = names
        self.meta = names.meta

    def bind(self, fault: Fault) -> Raw:
        """The fault as this machine takes it now."""
        from k5.scenario.names import Unknown

        try:
            return self._bind(fault)
        except K5Error as problem:
            raise Unknown(str(problem)) from None

    def _bind(self, fault: Fault) -> Raw:
        kind, place = MODELS[fault.model].kind, fault.place
        if fault.model in ("register", "register-stuck"):
            return self._register(kind, fault)
        if fault.model in ("memory", "memory-stuck"):
            return self._memory(kind, fault)
        if fault.model == "opcode":
            return Raw(kind, mask=self._narrow(fault.mask, 32, "an instruction"))
        if fault.model.startswith("region-"):
            task = self.names.tasks.index(self.names.task(fault.task))
            return Raw(kind, task=task, where=self._region(task, place), value=fault.value)
        if fault.model == "kernel":
            return self._kernel(kind, fault)
        if fault.model == "message":
            mask = self._narrow(fault.mask, 32, "a word")
            return Raw(
                kind, self._thread(fault.thread), where=MESSAGE_WORDS.index(place), mask=mask
            )
        if fault.model.startswith("line-"):
            value = self._ticks(fault) if fault.model == "line-late" else fault.value
            return Raw(kind, where=self.names.line(place), value=value)
        if fault.model == "pin-stuck":
            return Raw(kind, where=self.names.pin(place), value=fault.value)
        if fault.model == "value":
            device, quantity = self.names.value(place)
            where = self.machine.values(device).index(quantity)
            return Raw(kind, task=self.machine.device_index(device), where=where, value=fault.value)
        if fault.model == "timer-jitter":
            return Raw(kind, mask=fault.value, value=self._ticks(fault))
        return Raw(kind)  # skip, power

    def _ticks(self, fault: Fault) -> int:
        ticks = -(-fault.ns * int(self.meta["tick_hz"]) // 1_000_000_000)
        if ticks >= 1 << 31:
            raise K5Error(f"{fault.ns} ns are more ticks than 31 bits hold")
        return ticks

    def _thread(self, name: str) -> int:
        return min(self.names.threads(name))

    def _narrow(self, mask: int, bits: int, what: str) -> int:
        """The mask, which must not be wider than that."""
        if mask >= 1 << bits:
            raise K5Error(f"bit {mask.bit_length() - 1}: {what} has bits 0 to {bits - 1}")
        return mask

    def _register(self, kind: int, fault: Fault) -> Raw:
        from k5.scenario.names import known

        names = REGISTERS[self.meta["arch"]]
        known(f"register of {self.meta['arch']}:", fault.place, names)
        thread = self._thread(fault.thread) if fault.thread else self.machine.current
        mask = self._narrow(fault.mask, 32, fault.place)
        return Raw(kind, NOBODY if thread is None else thread, NOBODY, names.index(fault.place),
                   mask, fault.value)  # fmt: skip

    def _memory(self, kind: int, fault: Fault) -> Raw:
        """TASK.VARIABLE or an address, and perhaps +OFFSET; the mask counts from there."""
        found = _PLACE.fullmatch(fault.place)
        assert found
        offset = int(found[2] or "0", 0)
        if re.fullmatch(r"0x[0-9a-fA-F]+", found[1]):
            address, size = int(found[1], 16) + offset, 4
        else:
            _, start, total = self.names.variable(found[1])
            if offset >= total:
                raise K5Error(f"offset {offset}: {found[1]} has {total} bytes")
            address, size = start + offset, total - offset
        self._narrow(fault.mask, 8 * size, fault.place)
        return self._words(kind, fault, address & ~3, fault.mask << 8 * (address & 3))

    def _kernel(self, kind: int, fault: Fault) -> Raw:
        field = kernelfields.find(self.machine, fault.place)
        self._narrow(fault.mask, 8 * field.bytes, fault.place)
        return self._words(kind, fault, field.offset, fault.mask)

    @staticmethod
    def _words(kind: int, fault: Fault, where: int, mask: int) -> Raw:
        """One word of what may be longer."""
        while mask and not mask & WORD:
            where, mask = where + 4, mask >> 32
        if mask > WORD:
            raise K5Error(f"{_said_bits(fault.mask)}: bits of one word at a time")
        return Raw(kind, where=where, mask=mask, value=fault.value)

    def _region(self, task: int, place: str) -> int:
        """A place by number, or that of the region that the system's description names."""
        if place.isdigit():
            return int(place)
        name = str(self.meta["tasks"][task]["name"])
        bases = {
            str(r["name"]).removeprefix(f"{name}."): r["base"]
            for r in self.meta["tasks"][task]["regions"]
        }
        if place not in bases:
            raise K5Error(f"no region '{place}' of task {name}" + suggestion(place, bases))
        for number, region in enumerate(self.machine.regions(name)):
            if region.base <= bases[place] < region.base + region.bytes:
                return number
        raise K5Error(f"region '{place}' of task {name} is not in its protection unit now")


# ---- on a machine


@dataclass(frozen=True)
class Region:
    """What a region of a task's protection unit covers now, faults included."""

    base: int
    bytes: int  # 0: dropped
    access: str  # some of "rwx"


class Faults:
    """The part of a Machine that is about injected faults."""

    _ffi: Any
    _lib: Any
    _sim: Any
    _binder: Binder | None = None

    def _check(self, result: int) -> int:
        raise NotImplementedError

    def task_index(self, task: str) -> int:
        raise NotImplementedError

    def inject(self, fault: Fault | Raw) -> bool:
        """Before the next instruction. Whether it changed something: no message may be in flight, a
        bit may stick where it is, nobody may run."""
        from k5.scenario.names import Unknown

        try:
            raw = fault if isinstance(fault, Raw) else self.binder.bind(fault)
        except Unknown as problem:
            raise K5Error(str(problem)) from None
        if raw.kind in (1, 2) and raw.thread == NOBODY:
            return False  # of whoever runs, and nobody does
        made = self._ffi.new("struct k5sim_fault *")
        made.kind, made.thread, made.task = raw.kind, raw.thread, raw.task
        made.where, made.mask, made.value = raw.where, raw.mask, raw.value
        return self._check(self._lib.k5sim_inject(self._sim, made)) != NOTHING

    @property
    def binder(self) -> Binder:
        """Makes numbers of names for this machine."""
        if self._binder is None:
            from k5.scenario.names import Names

            machine: Any = self
            self._binder = Binder(machine, Names(machine.built, machine.decoder, machine))
        return self._binder

    def faults_end(self) -> None:
        """Stuck bits, changed regions, lines and timers: what lasts, ends."""
        self._check(self._lib.k5sim_faults_end(self._sim))

    def regions(self, task: str) -> list[Region]:
        """The regions that a task's protection unit has now, by their places."""
        out = self._ffi.new("struct k5sim_region[16]")
        count = self._check(self._lib.k5sim_regions(self._sim, self.task_index(task), out, 16))
        return [
            Region(
                r.base, r.bytes, "".join(c for bit, c in enumerate("rwx") if r.access & 1 << bit)
            )
            for r in out[0:count]
        ]
