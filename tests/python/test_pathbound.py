"""Bounds of paths through machine code: on small graphs, and against what really runs."""

from __future__ import annotations

import re

import pytest
from conftest import ROOT
from k5 import arch as archs
from k5 import builder, pathbound, stays
from k5.errors import K5Error
from k5.machinecode import Instruction, MachineCode, Origin
from k5.pathbound import NO_PATH, Loop, PathBound, _components
from k5.pathrules import BOUNDS, SHARED, Shared, limits

Edges = dict[int, set[int]]


class Graph(PathBound):
    """Nodes and edges without an image; each loop runs three times."""

    def __init__(self, lines: dict[int, str] | None = None) -> None:
        self.lines = lines or {}  # of loops, by head
        self.loops, self.counts, self._inside, self._once = {}, {"in all": 5}, {}, {}

    def _times(self, own: set[int], nested: set[int], head: int) -> int:
        if head in self.lines:
            line = self.lines[head]
            self.loops[head] = Loop("f", line, "", 3, line, sure=True, alone=True)
        return 3


def longest(edges: Edges, cost: dict[int, int] | None = None, graph: Graph | None = None) -> int:
    graph = graph or Graph()
    graph._callees = {node: [] for node in edges}
    return graph._longest(set(edges), edges, cost or dict.fromkeys(edges, 1), 0)


def test_components_come_sinks_first() -> None:
    edges: Edges = {0: {1}, 1: {2}, 2: {1, 3}, 3: set()}
    assert [sorted(part) for part in _components(edges, edges)] == [[3], [1, 2], [0]]


def test_straight_line_and_the_longer_branch() -> None:
    assert longest({0: {1}, 1: {2}, 2: set()}) == 3
    assert longest({0: {1, 2}, 1: {3}, 2: {4}, 4: {3}, 3: set()}) == 4


def test_loop_counts_as_often_as_it_may_run_and_the_way_out_once() -> None:
    # 0 -> 1 -> 2 -> 1, 1 -> 3
    assert longest({0: {1}, 1: {2, 3}, 2: {1}, 3: set()}) == 1 + (3 * 2 + 1) + 1
    assert longest({0: {0, 1}, 1: set()}) == (3 + 1) + 1  # a loop of one instruction
    # 0 { 1 or 2 -> 3 }, out of it from 2: the way to the exit is not the longest one
    assert longest({0: {1, 2}, 1: {3}, 2: {3, 4}, 3: {0}, 4: set()}) == (3 * 3 + 2) + 1


# 0 { 1 { 2 } 3 } 4
NESTED: Edges = {0: {1}, 1: {2, 3}, 2: {1}, 3: {0, 4}, 4: set()}


def test_loops_in_loops_multiply() -> None:
    around = 1 + (3 * 2 + 1) + 1
    assert longest(NESTED) == (3 * around + around) + 1
    assert longest(NESTED, graph=Graph({0: "outer", 1: "inner"})) == (3 * around + around) + 1


def test_loop_inside_that_is_shared_counts_as_often_as_it_may_run_in_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pathbound, "SHARED", (Shared("outer", "inner", "in all"),))
    around = 1 + 1 + 1  # each time the inner loop is at least looked at
    graph = Graph({0: "outer", 1: "inner"})
    assert longest(NESTED, graph=graph) == (3 * around + around) + 5 * 2 + 1


def test_loop_that_the_compiler_made_two_of_counts_once() -> None:
    around = 1 + 1 + 1
    graph = Graph({0: "one", 1: "one"})
    assert longest(NESTED, graph=graph) == (3 * (around + 2) + around) + 1


def test_what_is_shared_names_one_loop_of_the_kernel_and_functions_of_it() -> None:
    lines = [f"{path.name}: {line}" for path in sorted((ROOT / "kernel").glob("*.c"))
             for line in path.read_text().splitlines() if pathbound._LOOP.search(line)]  # fmt: skip
    text = "\n".join(path.read_text() for path in (ROOT / "kernel").glob("*.[ch]"))

    def matching(pattern: str) -> list[str]:
        return [line for line in lines if re.search(pattern, line)]

    for rule in SHARED:
        assert len(matching(rule.loop)) == 1, rule.loop
        if re.fullmatch(r"[a-z_|]+", rule.what):
            assert all(re.search(rf"^[a-z].*\b{name}\(", text, re.MULTILINE)
                       for name in rule.what.split("|")), rule.what  # fmt: skip
        else:
            assert len(matching(rule.what)) == 1, rule.what
            assert any(re.search(pattern, matching(rule.what)[0]) for pattern, _ in BOUNDS)


def test_path_that_does_not_come_back_does_not_count() -> None:
    cost = {0: 1, 1: NO_PATH, 2: 1}
    assert longest({0: {1, 2}, 1: set(), 2: set()}, cost) == 2


@pytest.mark.parametrize(
    ("op", "arguments", "goes"),
    [
        ("b.n", "20 <f+0x10>", [0x20]),
        ("beq.w", "20 <f+0x10>", [0x12, 0x20]),
        ("cbz", "r0, 20 <f+0x10>", [0x12, 0x20]),
        ("bx", "lr", []),
        ("pop", "{r4, pc}", []),
        ("popeq", "{r4, pc}", [0x12]),
        ("ldr.w", "pc, [sp], #4", []),
        ("ldr", "r4, [pc, #672]", [0x12]),
        ("ldmia.w", "sp!, {r4, r5, pc}", []),
        ("bls.n", "20 <f>", [0x12, 0x20]),
        ("bic.w", "r0, r0, #1", [0x12]),
    ],
)
def test_where_armv8m_instructions_go(op: str, arguments: str, goes: list[int]) -> None:
    bound = Graph()
    bound._next = {0x10: 0x12}
    assert pathbound._arm_flow(bound, Instruction(0x10, op, arguments, "f")) == (goes, None)


@pytest.mark.parametrize(
    ("op", "arguments", "goes"),
    [
        ("j", "20 <f+0x10>", [0x20]),
        ("beqz", "a0,20 <f+0x10>", [0x12, 0x20]),
        ("ret", "", []),
        ("mret", "", []),
        ("add", "a0,a0,1", [0x12]),
    ],
)
def test_where_rv32_instructions_go(op: str, arguments: str, goes: list[int]) -> None:
    bound = Graph()
    bound._next = {0x10: 0x12}
    assert pathbound._riscv_flow(bound, Instruction(0x10, op, arguments, "f")) == (goes, None)


@pytest.fixture(scope="module", params=["mps2-an505", "virt-rv32"])
def bound(request: pytest.FixtureRequest) -> PathBound:
    built = builder.build(ROOT / "user" / "demo" / "demo.toml", request.param)
    code = MachineCode(stays.chip_image(built), archs.of(built.meta["arch"]))
    return PathBound(code, limits(built.meta))


def test_nothing_that_runs_is_longer_than_its_bound(bound: PathBound) -> None:
    board = "mps2-an505" if bound.code.arch.name == "armv8m" else "virt-rv32"
    built = builder.build(ROOT / "user" / "demo" / "demo.toml", board)
    numbers = {stays.CALL + name: number for number, name in stays.calls().items()}
    seen = {}
    for stay in stays.of_run(built, 0, 60_000_000):
        seen[stay.entry] = max(seen.get(stay.entry, 0), stay.longest)
    assert len(seen) > 6
    for kind, longest_seen in seen.items():
        if kind in numbers:
            assert longest_seen <= bound.of_call(numbers[kind]), kind
        elif kind in (stays.TIMER, stays.FAULT):
            of_kind = bound.of_entry(kind)
            assert of_kind is not None and longest_seen <= of_kind, kind


def test_every_loop_of_the_kernel_has_a_bound(bound: PathBound) -> None:
    """of_call() raises where one has none."""
    for number in stays.calls():
        bound.of_call(number)
    for kind in (stays.TIMER, stays.FAULT):
        bound.of_entry(kind)
    # A rule that names functions holds for code in which they are not all inlined.
    assert {rule.what for rule in SHARED} == {rule.what for rule in bound._once} - {""}
    found = {(loop.where.rsplit("/", 1)[-1].split(":")[0], loop.count) for loop in bound.loops.values()}
    assert {("queue.c", "threads"), ("region.c", "regions"), ("memory.c", "words of a structure")} <= found


def test_loop_without_a_bound_is_named(bound: PathBound, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pathbound, "BOUNDS", ())
    bound._known.clear()
    with pytest.raises(K5Error, match=r"the loop at 0x[0-9a-f]+ in \w+\(\) has no bound: .*\.c:\d+"):
        bound.of_call(1)


def test_code_knows_where_it_comes_from(bound: PathBound) -> None:
    address = bound.code.functions["kernel_syscall"]
    origins = bound.code.origins[address]
    assert origins[-1].function == "kernel_syscall"
    assert isinstance(origins[0], Origin) and origins[0].file.endswith("fastpath.c")
