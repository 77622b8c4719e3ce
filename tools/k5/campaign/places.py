"""Where faults of each model can be: from the names of a campaign file to numbers.

A place is what a row of the report is about: "r3", "memory 0x28201000". At each place a model
has variants: the bits that flip, the level that a bit sticks at, so many bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from k5 import kernelstate
from k5.campaign.model import OF_THE_RUNNING, Injection
from k5.elf import ElfFile
from k5.errors import K5Error
from k5.machine import Machine
from k5.scenario.names import Names, Unknown, known

NOBODY = 0xFF
ALL_TASKS = 0xFFFF_FFFF
MOST_REGIONS = 8
_SPAN = re.compile(r"(0x[0-9a-fA-F]+)-(0x[0-9a-fA-F]+)")
# By their numbers in k5sim_registers().
REGISTERS = {
    "armv8m": (*(f"r{n}" for n in range(13)), "sp", "lr", "pc", "xpsr"),
    "rv32": (
        "zero", "ra", "sp", "gp", "tp", "t0", "t1", "t2", "s0", "s1", *(f"a{n}" for n in range(8)),
        *(f"s{n}" for n in range(2, 12)), "t3", "t4", "t5", "t6", "pc",
    ),
}  # fmt: skip
_INDEX = re.compile(r"(thread|task)\[([\w.-]+)\](.*)")
WORD = 4
MESSAGE_WORDS = ("word 0", "word 1", "word 2", "word 3", "info")


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
        more = one.more
        if one.model in ("region-shift", "region-widen"):
            return [Variant(value=count) for count in more["bytes"]]
        if one.model == "line-late":
            return [Variant(value=ticks) for ticks in more["ticks"]]
        if one.model == "pin-stuck":
            return [Variant(value=level) for level in more.get("levels", (0, 1))]
        if one.model == "value":
            return [Variant(value=to) for to in more.get("to", (0,))]
        if one.model == "timer-jitter":
            return [
                Variant(seed, ticks) for ticks in more["ticks"] for seed in more.get("seeds", (1,))
            ]
        if one.model in ("register-stuck", "memory-stuck"):
            levels = more.get("levels", (0, 1))
            return [Variant(1 << bit, -1 if level else 0) for bit in one.bits for level in levels]
        if one.model in ("register", "memory", "opcode", "kernel", "message"):
            return [Variant(1 << bit) for bit in one.bits]
        return [Variant()]

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
            count = len(self.meta["tasks"][task]["regions"])
            for number in one.more.get("regions", range(count)):
                if not 0 <= number < MOST_REGIONS:
                    raise Unknown(f"there is no region {number} of task {name}: it has {count}")
                yield Place(f"region {number} of {name}", number, task=task, touched=1 << task)

    def _fields(self, one: Injection) -> Iterator[Place]:
        """`thread[foo].budget_left`: fields of kernel/state.h; threads and tasks by name, too."""
        for name in one.more["fields"]:
            path, touched = self._numbered(name)
            try:
                offset, count = kernelstate.offset(path)
            except K5Error as problem:
                raise Unknown(str(problem)) from None
            if count > WORD and count % WORD:
                raise Unknown(f"{name} has {count} bytes: name a part of it")
            bits = 8 * min(count, WORD)
            if max(one.bits) >= bits:
                raise Unknown(f"{name} has no bit {max(one.bits)}: they go from 0 to {bits - 1}")
            for part in range(0, count, WORD):
                text = f"kernel.{name}" + (f" word {part // WORD}" if count > WORD else "")
                yield Place(text, offset + part, touched=touched)

    def _numbered(self, name: str) -> tuple[str, int]:
        """The field with numbers for names, and the tasks that it is about: all, if not one's."""
        found = _INDEX.match(name)
        if not found:
            return name, ALL_TASKS
        kind, text, rest = found.groups()
        names = self.tasks if kind == "task" else [str(t["name"]) for t in self.meta["threads"]]
        number = int(text) if text.isdigit() else names.index(known(kind, text, names))
        if number >= len(names):
            raise Unknown(f"there is no {kind} {number}: they go from 0 to {len(names) - 1}")
        owner = names[number] if kind == "task" else str(self.meta["threads"][number]["task"])
        return f"{kind}[{number}]{rest}", 1 << self.tasks.index(owner)

    def _words(self, one: Injection) -> Iterator[Place]:
        for thread, entry in enumerate(self.meta["threads"]):
            task = self.tasks.index(entry["task"])
            for word in one.more.get("words", range(len(MESSAGE_WORDS))):
                if not 0 <= word < len(MESSAGE_WORDS):
                    raise Unknown(
                        f"there is no word {word} of a message: 0 to 3, and 4 is its info word"
                    )
                text = f"message of {entry['name']}, {MESSAGE_WORDS[word]}"
                yield Place(text, word, thread=thread, touched=1 << task)

    def _lines(self, one: Injection) -> Iterator[Place]:
        bound = [entry["name"] for entry in self.meta["interrupts"]]
        if not bound and "interrupts" not in one.more:
            raise Unknown("no task of this system has an interrupt")
        for name in one.more.get("interrupts", bound):
            yield Place(f"line {name}", self.names.line(name))

    def _pins(self, one: Injection) -> Iterator[Place]:
        for name in one.more["pins"]:
            yield Place(f"pin {name}", self.names.pin(name))

    def _values(self, one: Injection) -> Iterator[Place]:
        for text in one.more["values"]:
            device, value = self.names.value(text)
            index = self.machine.values(device).index(value)
            yield Place(text, index, task=self.machine.device_index(device))
