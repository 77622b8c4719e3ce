"""A bound of the longest way through the kernel, from the machine code of an image.

For each function the longest path is found: all branches may go either way, a
loop runs as often as the count that its line in the source names allows, a call
costs what the callee costs. Loops in loops multiply, except for what SHARED of
pathrules.py names. Nothing else is assumed of what excludes what: the bound is safe, and
above what can happen.

A loop whose line names no count of BOUNDS is an error: this is also the check
that every loop of the kernel has a bound.
"""

from __future__ import annotations

import bisect
import functools
import re
import struct
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from k5.elf import ElfFile
from k5.errors import FAILED, K5Error
from k5.machinecode import Instruction, MachineCode
from k5.pathrules import BOUNDS, LONGEST_COPY, SHARED, Shared
from k5.paths import ROOT, shown

STRUCTURE = ("memset", "memcpy")  # their lengths stand at the call
# Functions that never come back, so that a path into them is none.
# The idle loop looks at what waits before anything else.
ENDS = ("flush", "port_idle", "port_halt", "port_assertion_epitaph", "port_stop", "machine_stop", "machine_halt", "port_last_words", "port_kernel_fault")
NO_PATH = -(10**12)

_TARGET = re.compile(r"\b([0-9a-f]+) <")
_RETURN = re.compile(r"(pop|ldm)\w*\s.*\bpc\}|ldr\w*\s+pc,")
_LOOP = re.compile(r"\b(for|while)\b|} while")


@dataclass(frozen=True)
class Loop:
    """A loop that has been bounded."""

    function: str
    where: str
    count: str
    times: int
    text: str  # FILE: TEXT of that line
    sure: bool  # its own instructions come from this loop
    alone: bool  # and from no other, those inside it apart


class PathBound:
    """The longest paths of one image."""

    loops: dict[int, Loop]
    _active: frozenset[Shared] = frozenset()  # of the loops that we are in
    _inside: dict[str, int]  # of the function's loops that we are in: see _weight()

    def __init__(self, code: MachineCode, counts: dict[str, int]) -> None:
        self.code = code
        self.counts = counts
        self.loops = {}
        self.handlers: dict[int, int] = {}  # system call -> function
        self.call: int | None = None  # the one that the call through the table makes
        self._file = ElfFile(code.elf)
        # Cost by function, with what is shared there counted elsewhere.
        self._inside = {}
        self._known: dict[tuple[int, frozenset[Shared]], int] = {}
        self._callees: dict[int, list[int]] = {}  # by instruction
        self._once: dict[Shared, int] = {}  # what it costs to happen once, at most
        self._chain: list[int] = []
        self._order = sorted(code.instructions)
        self._next = dict(zip(self._order, self._order[1:], strict=False))
        self._starts = sorted(code.starts)
        self._read_table()

    def _read_table(self) -> None:
        """Whom kernel/syscall.c's table points to."""
        table = self._file.symbol("table")
        data = self._file.bytes_at(table.value, table.bytes) if table else None
        if data is None:
            raise K5Error(f"{shown(self.code.elf)}: has no table of system calls")
        for number, (run,) in enumerate(struct.iter_unpack("<I", data)):
            if run:
                self.handlers[number] = run & ~self.code.arch.entry_bit

    # ------------------------------------------------------------ control flow

    def _function_of(self, address: int) -> int:
        return self._starts[bisect.bisect_right(self._starts, address) - 1]

    def _body(self, start: int) -> list[int]:
        return self.code.starts[start]

    def _flow(self, i: Instruction) -> tuple[list[int], int | None]:
        """Where it may go next, and whom it calls."""
        arm = self.code.arch.name == "armv8m"
        return (_arm_flow if arm else _riscv_flow)(self, i)

    def after(self, i: Instruction) -> list[int]:
        """The instruction behind it, if there is one."""
        found = self._next.get(i.address)
        return [found] if found is not None else []

    def jump_table(self, i: Instruction) -> list[int]:
        """Targets of tbb and tbh: as many as the comparison before them allows."""
        at = self._order.index(i.address)
        for before in reversed(self._order[max(0, at - 6) : at]):
            found = re.match(r"\w+, #(\d+)", self.code.instructions[before].arguments)
            if self.code.instructions[before].op.startswith("cmp") and found:
                count = int(found[1]) + 1
                size = 2 if i.op == "tbh" else 1
                data = self._file.bytes_at(i.address + 4, count * size) or b""
                entries = struct.unpack(f"<{count}{'H' if size == 2 else 'B'}", data)
                return sorted({i.address + 4 + 2 * entry for entry in entries})
        raise K5Error(f"{shown(self.code.elf)}: no bound of the jump table at {i.address:#x}")

    # ------------------------------------------------------------ longest paths

    def _length(self, address: int) -> int:
        """The third argument of a call, where it is a number."""
        at = self._order.index(address)
        register = "r2" if self.code.arch.name == "armv8m" else "a2"
        for before in reversed(self._order[max(0, at - 12) : at]):
            i = self.code.instructions[before]
            words = i.arguments.replace("#", "").replace(" ", "").split(",")
            if words[0] == register and i.op.startswith(("mov", "li")):
                number = re.fullmatch(r"\d+", words[1])
                return int(number[0]) if number else LONGEST_COPY
        return LONGEST_COPY

    def _call(self, address: int, callee: int) -> int:
        """What a call costs, its own instruction apart."""
        name = self.code.name_of(callee)
        if name in STRUCTURE:
            length = self._length(address)
            self.counts |= {"words of a structure": length // 4, "bytes of a structure": length}
            self._known.pop((callee, self._active), None)
            return self._cost(callee)
        shared = [rule for rule in self._active if name in rule.what.split("|")]
        if not shared:
            return self._cost(callee)
        whole = any(rule.whole for rule in shared)
        with self._within(frozenset() if whole else self._active - set(shared)):
            self._happens(shared, self._cost(callee))
        return 0

    @contextmanager
    def _within(self, active: frozenset[Shared]) -> Iterator[None]:
        before, self._active = self._active, active
        yield
        self._active = before

    def _happens(self, shared: Iterable[Shared], cost: int) -> None:
        """The loops that these rules are of add it, as often as it happens in all."""
        for rule in shared:
            self._once[rule] = max(self._once.get(rule, 0), cost)

    def _price(self, address: int) -> int:
        """What an instruction costs, with whom it calls."""
        return 1 + max((self._call(address, c) for c in self._callees[address]), default=0)

    def of(self, name: str) -> int:
        """Instructions of the longest path from a symbol to its return."""
        return self._cost(self.code.functions[name])

    def of_call(self, number: int) -> int:
        """The same from the way in to the way out, with this system call."""
        self.call = self.handlers.get(number)
        self._known.clear()
        if self.code.arch.name == "armv8m":
            return self.of("svc_entry")
        return self._around() + self.of("kernel_syscall")

    def of_entry(self, kind: str) -> int | None:
        """The same for timer, interrupt and fault; None where the image has no such way in."""
        self._known.clear()
        if self.code.arch.name == "armv8m":
            name = {"timer": "timer_entry", "interrupt": "irq_entry", "fault": "fault_entry"}[kind]
            return self.of(name) if name in self.code.functions else None
        name = {"timer": "port_timer", "interrupt": "port_external", "fault": "port_fault"}[kind]
        return self._around() + self.of(name) if name in self.code.functions else None

    def _around(self) -> int:
        """RV32's one way in, whatever it is for, and the way out."""
        return len(self._body(self.code.functions["trap_entry"])) + self._cost(self._exit())

    def _exit(self) -> int:
        """`leave` of entry.S: the one that stands behind trap_entry."""
        return self._starts[self._starts.index(self.code.functions["trap_entry"]) + 1]

    def _cost(self, start: int) -> int:
        if start in self._chain:
            names = [self.code.name_of(s) for s in (*self._chain, start)]
            text = f"the kernel calls itself: {' > '.join(names)}"
            raise K5Error(f"{shown(self.code.elf)}: {text}", status=FAILED)
        key = (start, self._active)
        if key not in self._known:
            self._chain.append(start)
            self._known[key] = self._measure(start)
            self._chain.pop()
        return self._known[key]

    def _measure(self, start: int) -> int:
        outside, self._inside = self._inside, {}
        own = set(self._body(start))
        edges: dict[int, set[int]] = {}
        cost: dict[int, int] = {}
        todo = [start]
        while todo:
            address = todo.pop()
            if address in edges:
                continue
            to, callee = self._flow(self.code.instructions[address])
            callees = [self._function_of(t) for t in to if t not in own]
            callees += [callee] if callee is not None else []
            if {self.code.name_of(c) for c in callees} & set(ENDS):
                edges[address], cost[address] = set(), NO_PATH
            else:
                edges[address] = {t for t in to if t in own}
                self._callees[address] = callees
                cost[address] = self._price(address)
                todo += edges[address]
        longest = max(0, self._longest(set(edges), edges, cost, start))
        self._inside = outside
        return longest

    def _longest(
        self,
        nodes: set[int],
        edges: dict[int, set[int]],
        cost: dict[int, int],
        start: int,
        ends: set[int] | None = None,
    ) -> int:
        """The longest path from `start`, loops multiplied; to one of `ends`, or as far as it goes."""
        components = _components(nodes, edges)
        where = {node: index for index, part in enumerate(components) for node in part}
        weight = [self._weight(part, edges, cost) for part in components]
        best: dict[int, int] = {}
        for index, part in enumerate(components):  # sinks first
            after = [best[where[t]] for n in part for t in edges[n] & nodes if where[t] != index]
            if ends.intersection(part) if ends is not None else not after:
                after.append(0)
            best[index] = weight[index] + max(after, default=NO_PATH)
        return best[where[start]]

    def _weight(self, part: list[int], edges: dict[int, set[int]], cost: dict[int, int]) -> int:
        """What one component costs: an instruction, or a loop as often as it runs."""
        first = part[0]
        if len(part) == 1 and first not in edges[first]:
            return cost[first]
        members = set(part)
        outside = {t for n, to in edges.items() if n not in members for t in to & members}
        heads = outside or {min(part)}
        inner = {n: {t for t in edges[n] & members if t not in heads} for n in members}
        nested = {n for c in _components(members, inner) if len(c) > 1 for n in c}
        times = self._times(members - nested or members, nested, min(heads))
        loop = self.loops.get(min(heads))
        if loop is None:
            once, last = self._round(members, heads, inner, edges, cost)
            return times * once + last
        rules = {r for r in SHARED if loop.alone and re.search(r.loop, loop.text)} - self._active
        # What the compiler made two loops of, one in the other, is one in the source.
        again = loop.sure and loop.where in self._inside
        if loop.alone and not again:
            self._inside[loop.where] = 0
        with self._within(self._active | rules):
            if rules:
                cost = cost | {n: self._price(n) for n in members if cost[n] != NO_PATH}
            once, last = self._round(members, heads, inner, edges, cost)
        last += sum(self.counts[rule.count] * self._once.get(rule, 0) for rule in rules)
        if again:
            self._inside[loop.where] = max(self._inside[loop.where], once)
            return last
        once += self._inside.pop(loop.where) if loop.alone else 0
        shared = [r for r in self._active if loop.sure and re.search(r.what, loop.text)]
        self._happens(shared, once)
        return last if shared else last + times * once

    def _round(
        self,
        members: set[int],
        heads: set[int],
        inner: dict[int, set[int]],
        edges: dict[int, set[int]],
        cost: dict[int, int],
    ) -> tuple[int, int]:
        """The longest way once around a loop, and from its head out of it."""
        exits = {n for n in members if edges[n] - members}
        once = max(self._longest(members, inner, cost, head) for head in heads)
        last = max(self._longest(members, inner, cost, head, exits) for head in heads)
        return max(once, 0), max(last, 0)

    def _loop_lines(self, addresses: set[int]) -> dict[str, tuple[str, str]]:
        """Lines with a loop that these instructions come from: the count that each names, if it
        does, and its text."""
        found: dict[str, tuple[str, str]] = {}
        for address in addresses:
            for origin in self.code.origins.get(address, []):
                text = f"{origin.file}: {_source_line(origin.file, origin.line)}"
                if _LOOP.search(text):
                    count = next((name for pattern, name in BOUNDS if re.search(pattern, text)), "")
                    found[f"{origin.file}:{origin.line}"] = count, text
        return found

    def _times(self, own: set[int], nested: set[int], head: int) -> int:
        """How often a loop runs, from the lines that its own instructions come from."""
        lines = self._loop_lines(own)
        inner = self._loop_lines(nested)  # what comes before and behind them is ours, but no loop
        left = {line for line in lines if line not in inner}
        lines = {line: named for line, named in lines.items() if named[0]}
        lines = {line: named for line, named in lines.items() if line in left} or lines
        name = self.code.name_of(self._function_of(head))
        if not lines:
            places = {f"{o.file}:{o.line}" for a in own for o in self.code.origins.get(a, [])}
            text = f"the loop at {head:#x} in {name}() has no bound: {', '.join(sorted(places))}"
            raise K5Error(f"{shown(self.code.elf)}: {text}", status=FAILED)
        line = max(lines, key=lambda line: (self.counts[lines[line][0]], line))
        count, text = lines[line]
        times = self.counts[count]
        self.loops[head] = Loop(name, line, count, times, text, left == {line}, left <= {line})
        return times


def _arm_flow(bound: PathBound, i: Instruction) -> tuple[list[int], int | None]:
    op = i.op.removesuffix(".n").removesuffix(".w")
    target = _TARGET.search(i.arguments)
    to = [int(target[1], 16)] if target else []
    behind = bound.after(i)
    if op in ("tbb", "tbh"):
        return bound.jump_table(i), None
    if op == "bl" and to:
        return behind, to[0]
    if op.startswith("blx"):
        return behind, bound.call
    if op.startswith("bx") or _RETURN.match(f"{op} {i.arguments}"):
        conditional = op not in ("bx", "pop", "ldmia", "ldm", "ldr")
        return (behind if conditional else []), None
    if op == "b":
        return to, None
    if re.fullmatch(r"b(eq|ne|cs|cc|hs|lo|mi|pl|vs|vc|hi|ls|ge|lt|gt|le)|cbn?z", op):
        return [*behind, *to], None
    return behind, None


def _riscv_flow(bound: PathBound, i: Instruction) -> tuple[list[int], int | None]:
    target = _TARGET.search(i.arguments)
    to = [int(target[1], 16)] if target else []
    behind = bound.after(i)
    if i.op == "jal" and to:
        return behind, to[0]
    if i.op == "jalr":
        return behind, bound.call
    if i.op in ("ret", "mret", "jr"):
        return [], None
    if i.op == "j":
        return to, None
    if i.op.startswith("b") and to:
        return [*behind, *to], None
    return behind, None


@functools.cache
def _source_line(file: str, line: int) -> str:
    path = Path(file) if Path(file).is_absolute() else ROOT / file
    try:
        return path.read_text().splitlines()[line - 1] if line else ""
    except (OSError, IndexError):
        return ""


def _components(nodes: Iterable[int], edges: dict[int, set[int]]) -> list[list[int]]:
    """Strongly connected components, sinks first (Tarjan, without recursion)."""
    index: dict[int, int] = {}
    low: dict[int, int] = {}
    stack: list[int] = []
    on_stack: set[int] = set()
    found: list[list[int]] = []
    members = set(nodes)
    for root in sorted(members):
        if root in index:
            continue
        work = [(root, iter(sorted(edges[root] & members)))]
        index[root] = low[root] = len(index)
        stack.append(root)
        on_stack.add(root)
        while work:
            node, rest = work[-1]
            for to in rest:
                if to not in index:
                    index[to] = low[to] = len(index)
                    stack.append(to)
                    on_stack.add(to)
                    work.append((to, iter(sorted(edges[to] & members))))
                    break
                if to in on_stack:
                    low[node] = min(low[node], index[to])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    part = []
                    while True:
                        part.append(stack.pop())
                        on_stack.discard(part[-1])
                        if part[-1] == node:
                            break
                    found.append(part)
    return found
