"""Where faults of each model can be: from the names of a campaign file to numbers.

A place is what a row of the report is about: "r3", "memory 0x28201000". At each place a model
has variants: the bits that flip, the level that a bit sticks at, so many bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from k5 import kernelfields
from k5.arch import REGISTERS
from k5.campaign.model import OF_THE_RUNNING, Injection
from k5.elf import ElfFile
from k5.errors import K5Error
from k5.faultmodels import LEVELS, MESSAGE_WORDS, NOBODY, Binder, Fault
from k5.machine import Machine
from k5.scenario.names import Names, Unknown, known

ALL_TASKS = 0xFFFF_FFFF
WORD = 4
_SPAN = re.compile(r"(0x[0-9a-fA-F]+)-(0x[0-9a-fA-F]+)")


@dataclass(frozen=True)
class Place:
    """`touched`: bit k, task k is what the fault touches; the running task is added where the
    model hits whoever runs."""

    text: str
    where: int = 0
    thread: int = NOBODY
    task: int = NOBODY
    touched: int = 0


@dataclass(frozen=True)
class Variant:
    """What is done there."""

    mask: int = 0
    value: int = 0


class Finder:
    """Places of one built system."""

    def __init__(self, names: Names, machine: Machine) -> None:
        self.names = names
        self.machine = machine
        self.meta = names.meta
        self.tasks = names.tasks
        self.binder = Binder(machine, names)

    def places(self, one: Injection) -> list[Place]:
        """In their order; Unknown says what there is not."""
        made = {
            "register": self._registers,
            "register-stuck": self._registers,
            "memory": self._memory,
            "memory-stuck": self._memory,
            "region-drop": self._regions,
            "region-shift": self._regions,
            "region-widen": self._regions,
            "kernel": self._fields,
            "message": self._words,
            "line-drop": self._lines,
            "line-double": self._lines,
            "line-spurious": self._lines,
            "line-late": self._lines,
            "line-stuck": self._lines,
            "pin-stuck": self._pins,
            "value": self._values,
        }
        if one.model in made:
            return list(dict.fromkeys(made[one.model](one)))
        text = {"skip": "instruction", "opcode": "opcode", "power": "supply"}.get(
            one.model, "timers"
        )
        touched = ALL_TASKS if one.model == "power" else 0
        return [Place(text, touched=touched)]

    def variants(self, one: Injection) -> list[Variant]:
        """What can be done at each of its places."""
        more, model = one.more, one.model
        levels = [LEVELS[level] for level in more.get("levels", LEVELS)]
        if model in ("register-stuck", "memory-stuck"):
            return [Variant(1 << bit, level) for bit in one.bits for level in levels]
        if model in ("line-stuck", "pin-stuck"):
            return [Variant(value=level) for level in levels]
        if model in ("region-shift", "region-widen"):
            return [Variant(value=count) for count in more["bytes"]]
        if model == "line-late":
            return [Variant(value=self._ticks(ns)) for ns in more["late"]]
        if model == "value":
            return [Variant(value=to) for to in more.get("to", (0,))]
        if model == "timer-jitter":
            seeds = more.get("seeds", (1,))
            return [Variant(seed, self._ticks(ns)) for ns in more["most"] for seed in seeds]
        if model in ("register", "memory", "opcode", "kernel", "message"):
            return [Variant(1 << bit) for bit in one.bits]
        return [Variant()]

    def _ticks(self, ns: int) -> int:
        return -(-ns * int(self.meta["tick_hz"]) // 1_000_000_000)

    def of_running(self, one: Injection) -> bool:
        """Whether the site says whose the fault is."""
        return one.model in OF_THE_RUNNING

    # ---- one function a kind of place

    def _registers(self, one: Injection) -> Iterator[Place]:
        names = REGISTERS[self.meta["arch"]]
        for name in one.more.get("registers", names):
            yield Place(known("register", name, names), names.index(name))

    def _memory(self, one: Injection) -> Iterator[Place]:
        for text in one.more["ranges"]:
            first, last = self._range(text)
            for address in range(first & ~3, last, 4):
                yield Place(f"memory {address:#010x}", address, touched=self._owners(address))

    def _range(self, text: str) -> tuple[int, int]:
        """TASK.VARIABLE, TASK.REGION as `./k5 inspect` names it, TASK.stack, or 0xFIRST-0xLAST."""
        span = _SPAN.fullmatch(text)
        if span:
            first, last = int(span[1], 16), int(span[2], 16) + 1
            ram = self.meta["memory"]
            if first >= last:
                raise Unknown(f'"{text}" ends before it begins')
            if not any(m["base"] <= first and last <= m["base"] + m["bytes"] for m in ram.values()):
                raise Unknown(f'"{text}" is outside of the memory of {self.names.board}')
            return first, last
        task, dot, name = text.partition(".")
        if not dot:
            raise Unknown(
                f'"{text}" is no range: TASK.VARIABLE, TASK.stack, TASK.ram or 0xFIRST-0xLAST'
            )
        self.names.task(task)
        entry = self.meta["tasks"][self.tasks.index(task)]
        if name == "stack":
            return entry["stack"]["base"], entry["stack"]["top"]
        regions = {r["name"].removeprefix(f"{task}."): r for r in entry["regions"]}
        if name in regions:
            return regions[name]["base"], regions[name]["base"] + regions[name]["bytes"]
        return self._variable(task, name, [*regions, "stack"])

    def _variable(self, task: str, name: str, others: list[str]) -> tuple[int, int]:
        elf = ElfFile(self.machine.built.elf(task))
        symbols = {s.name: s for s in elf.symbols if s.kind == 1 and s.bytes}
        known(f"variable or region of task {task}:", name, [*symbols, *others])
        return symbols[name].value, symbols[name].value + symbols[name].bytes

    def _owners(self, address: int) -> int:
        """The tasks that have the address in a region."""
        found = 0
        for index, task in enumerate(self.meta["tasks"]):
            for region in task["regions"]:
                if region["base"] <= address < region["base"] + region["bytes"]:
                    found |= 1 << index
        return found

    def _regions(self, one: Injection) -> Iterator[Place]:
        for name in one.more.get("regions_of", self.tasks):
            task = self.tasks.index(self.names.task(name))
            all_ = range(len(self.machine.regions(name)))
            for region in one.more.get("regions", all_):
                raw = self.binder.bind(Fault("region-drop", task=name, place=str(region)))
                yield Place(f"region {region} of {name}", raw.where, task=task, touched=1 << task)

    def _fields(self, one: Injection) -> Iterator[Place]:
        """A field of more than a word is several places."""
        for name in one.more["fields"]:
            try:
                field = kernelfields.find(self.machine, name)
            except K5Error as problem:
                raise Unknown(str(problem)) from None
            bits = 8 * min(field.bytes, WORD)
            if max(one.bits) >= bits:
                raise Unknown(f"{name} has no bit {max(one.bits)}: they go from 0 to {bits - 1}")
            touched = 1 << field.task if field.task is not None else ALL_TASKS
            for part in range(0, field.bytes, WORD):
                text = f"kernel.{name}" + (f" word {part // WORD}" if field.bytes > WORD else "")
                yield Place(text, field.offset + part, touched=touched)

    def _words(self, one: Injection) -> Iterator[Place]:
        for thread, entry in enumerate(self.meta["threads"]):
            touched = 1 << self.tasks.index(entry["task"])
            for word in one.more.get("words", MESSAGE_WORDS):
                number = MESSAGE_WORDS.index(known("word of a message:", str(word), MESSAGE_WORDS))
                text = f"message of {entry['name']}, word {word}"
                yield Place(text, number, thread=thread, touched=touched)

    def _lines(self, one: Injection) -> Iterator[Place]:
        bound = [entry["name"] for entry in self.meta["interrupts"]]
        if not bound and "lines" not in one.more:
            raise Unknown("no task of this system has an interrupt")
        for name in one.more.get("lines", bound):
            yield Place(f"line {name}", self.names.line(name))

    def _pins(self, one: Injection) -> Iterator[Place]:
        for name in one.more["pins"]:
            yield Place(f"pin {name}", self.names.pin(name))

    def _values(self, one: Injection) -> Iterator[Place]:
        for text in one.more["values"]:
            raw = self.binder.bind(Fault("value", place=text))
            yield Place(text, raw.where, task=raw.task)
