"""What the kernel of an image may take: stack in the worst case, RAM, code; no recursion.

The stack is bounded from the machine code: the deepest chain of calls, counting
what each function pushes. That needs no run, and holds for every input.
"""

from __future__ import annotations

import bisect
import functools
import re
import struct
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

from k5 import builder, image  # noqa: E402
from k5.elf import ElfFile  # noqa: E402

BOARDS = ("mps2-an505", "stm32l5")
VARIANTS = ("release", "trace")
ENTRIES = (
    "svc_entry", "timer_entry", "fault_entry", "boot_entry", "fault_in_kernel",
    "port_last_words", "port_reset",
)  # fmt: skip
FRAME = 32 + 4  # an exception frame with its alignment word
RAM_LIMIT = 6144
# STM32L5 has a clock to start and a ring before its UART: 300 bytes that are not the kernel's.
TEXT_LIMIT = {"mps2-an505": 16_384, "stm32l5": 16_768}

FUNCTION = re.compile(r"([0-9a-f]{8}) <(.+)>:$")
INSTRUCTION = re.compile(r"\s*[0-9a-f]+:\s+(\S+)\s*(.*)$")
TARGET = re.compile(r"\b([0-9a-f]+) <[^>]+>")
SUB_SP = re.compile(r"sp, (?:sp, )?#(\d+)")
STORE_SP = re.compile(r"\[sp, #-(\d+)\]!")


class CallGraph:
    """Functions of an image: bytes pushed, and whom they call (branches out count as calls).

    The one call through a pointer goes to one of the functions in the table of system calls.
    What jumps to port_stop() begins there with an empty stack.
    """

    OBJDUMP = "arm-none-eabi-objdump"
    DISPATCHER = "kernel_syscall"
    ENTRY_BIT = 1

    def __init__(self, elf: Path) -> None:
        self.frame: dict[str, int] = {}
        self.calls: dict[str, set[str]] = {}
        self.indirect: list[str] = []
        self._address: dict[int, str] = {}
        command = [self.OBJDUMP, "-d", "--no-show-raw-insn", "-j", ".text", elf]
        listing = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        lines = listing.splitlines()
        for address, name in (found.groups() for line in lines if (found := FUNCTION.match(line))):
            # A label of entry.S and a static function may have the same name.
            unique = f"{name} at {address}" if name in self.frame else name
            self.frame[unique], self.calls[unique] = 0, set()
            self._address[int(address, 16)] = unique
        self._starts = sorted(self._address)
        name = ""
        for line in lines:
            if found := FUNCTION.match(line):
                name = self._address[int(found[1], 16)]
            elif name and (found := INSTRUCTION.match(line)):
                self._instruction(name, found[1], found[2])
        self.calls[self.DISPATCHER] |= self._functions_of_the_table(elf)
        self.calls["port_stop"] = set()

    def _functions_of_the_table(self, elf: Path) -> set[str]:
        """Whom kernel/syscall.c's table points to."""
        source = (ROOT / "kernel" / "syscall.c").read_text()
        rows = len(re.findall(r"^    \[K5_SYS_\w+\] = [a-z]", source, re.MULTILINE))
        file = ElfFile(elf)
        table = file.symbol("table")
        assert table is not None
        data = file.bytes_at(table.value, table.bytes)
        assert data is not None
        rows_of = struct.iter_unpack("<I", data)
        found = [self._address[run & ~self.ENTRY_BIT] for (run,) in rows_of if run]
        assert len(found) == rows
        return set(found)

    def _branch(self, name: str, arguments: str) -> None:
        """A branch out of the function is a call."""
        found = TARGET.search(arguments)
        if found:
            at = bisect.bisect_right(self._starts, int(found[1], 16)) - 1
            target = self._address[self._starts[at]]
            if target != name:
                self.calls[name].add(target)

    def _instruction(self, name: str, op: str, arguments: str) -> None:
        if op == "push" or (op.startswith("stmdb") and arguments.startswith("sp!")):
            self.frame[name] += 4 * len(arguments[arguments.index("{") :].split(","))
        elif op.startswith("sub") and (found := SUB_SP.match(arguments)):
            self.frame[name] += int(found[1])
        elif op.startswith("str") and (found := STORE_SP.search(arguments)):
            self.frame[name] += int(found[1])
        elif op == "blx" or (op == "bx" and arguments not in ("lr", "r1")):
            self.indirect.append(name)
        elif op.startswith(("b", "cb")):
            self._branch(name, arguments)

    def deepest(self, entry: str) -> tuple[int, list[str]]:
        """Bytes of the deepest chain from `entry`, and the chain."""

        @functools.cache
        def below(name: str) -> tuple[int, tuple[str, ...]]:
            best = max((below(callee) for callee in self.calls[name]), default=(0, ()))
            return self.frame[name] + best[0], (name, *best[1])

        total, chain = below(entry)
        return total, list(chain)


@pytest.fixture(scope="module", params=[(b, v) for b in BOARDS for v in VARIANTS], ids="-".join)
def elf(request: pytest.FixtureRequest) -> Path:
    board, variant = request.param
    built = builder.build(ROOT / "user" / "demo" / "demo.toml", board)
    return image.build(built, variant).elf


def test_kernel_stack_holds_the_deepest_chain_of_calls(elf: Path) -> None:
    graph = CallGraph(elf)
    size = ElfFile(elf).value("kernel_stack_size")
    for entry in ENTRIES:
        total, chain = graph.deepest(entry)  # RecursionError: the kernel calls itself
        assert total + FRAME <= size, f"{total} + {FRAME} bytes: {' > '.join(chain)}"


def test_idle_stack_holds_its_chain_and_a_frame(elf: Path) -> None:
    total, chain = CallGraph(elf).deepest("idle")
    size = ElfFile(elf).value("idle_stack_size")
    assert total + FRAME <= size, " > ".join(chain)


def test_one_call_goes_through_a_pointer(elf: Path) -> None:
    assert CallGraph(elf).indirect == [CallGraph.DISPATCHER]


def test_call_graph_sees_what_the_port_is_known_to_do(elf: Path) -> None:
    """A parser that finds nothing would let every image pass."""
    graph = CallGraph(elf)
    assert "kernel_syscall" in graph.calls["svc_entry"]
    assert graph.frame["kernel_syscall"] >= 8
    assert graph.deepest("svc_entry")[0] > 200


def eight_of_each(folder: Path) -> Path:
    """8 single-threaded tasks, 12 slots each, 8 endpoints: the system that the limits are for."""
    lines = ["[system]", 'name = "eight"', 'board = "mps2-an505"']
    for i in range(8):
        (folder / f"t{i}.c").write_text("int main(void)\n{\n    return 0;\n}\n")
        lines += [f"[task.t{i}]", f'sources = ["t{i}.c"]', f"priority = {i + 1}"]
        lines += ["budget_us = 1000", "stack = 256", "slots = 12"]
        lines += [f"[endpoint.e{i}]", f'receiver = "t{i}"']
    path = folder / "eight.toml"
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.mark.slow
@pytest.mark.parametrize("board", BOARDS)
def test_kernel_of_eight_tasks_keeps_to_its_limits(tmp_path: Path, board: str) -> None:
    built = builder.build(eight_of_each(tmp_path), board, tmp_path / "out")
    config = image.config(built.meta)
    counts = {name: int(count) for name, count in re.findall(r"CFG_(\w+) (\d+)", config)}
    assert {name: count for name, count in counts.items() if count} == {
        "TASKS": 8, "THREADS": 8, "ENDPOINTS": 8, "SLOTS": 96,
    }  # fmt: skip
    kernel = image.sizes(built, image.build(built, "release"))["kernel"]
    assert kernel["ram"] <= RAM_LIMIT
    assert kernel["text"] <= TEXT_LIMIT[board]


# ---------------------------------------------------------------- RV32

RV32_BOARDS = ("virt-rv32", "sifive-e", "fe310")
# What entry.S calls, each time on an empty stack; no trap ever comes on top.
RV32_ENTRIES = (
    "kernel_syscall", "port_timer", "port_external", "port_fault", "port_idle", "port_boot",
    "port_kernel_fault", "port_last_words",
)  # fmt: skip
RV32_TEXT_LIMIT = 28_672
RV32_RAM_LIMIT = 8192
MOVE_SP = re.compile(r"sp,sp,-(\d+)$")


class RiscvGraph(CallGraph):
    """The same for RV32."""

    OBJDUMP = "riscv64-unknown-elf-objdump"
    ENTRY_BIT = 0

    def _instruction(self, name: str, op: str, arguments: str) -> None:
        if op in ("add", "addi") and (found := MOVE_SP.match(arguments)):
            self.frame[name] += int(found[1])
        elif op == "jalr":
            self.indirect.append(name)
        elif op.startswith(("j", "b")):
            self._branch(name, arguments)


@pytest.fixture(scope="module", params=[(b, v) for b in RV32_BOARDS for v in VARIANTS],
                ids="-".join)  # fmt: skip
def rv32_elf(request: pytest.FixtureRequest) -> Path:
    board, variant = request.param
    built = builder.build(ROOT / "user" / "demo" / "demo.toml", board)
    return image.build(built, variant).elf


def test_rv32_kernel_stack_holds_the_deepest_chain_of_calls(rv32_elf: Path) -> None:
    graph = RiscvGraph(rv32_elf)
    size = ElfFile(rv32_elf).value("kernel_stack_size")
    assert graph.indirect == [RiscvGraph.DISPATCHER]
    assert graph.deepest("kernel_syscall")[0] > 200  # a parser that finds nothing fails here
    for entry in RV32_ENTRIES:
        total, chain = graph.deepest(entry)
        assert total <= size, f"{total} bytes: {' > '.join(chain)}"


@pytest.mark.parametrize(
    ("board", "graph", "entry"),
    [("mps2-an505", CallGraph, "irq_entry"), ("virt-rv32", RiscvGraph, "port_external")],
)
def test_kernel_stack_holds_an_interrupt(board: str, graph: type[CallGraph], entry: str) -> None:
    """The demo has none, so its Armv8-M images have no entry for them."""
    built = builder.build(ROOT / "tests" / "arch" / "qemu" / "irq.toml", board)
    elf = image.build(built, "trace").elf
    total, chain = graph(elf).deepest(entry)
    assert len(chain) > 2
    assert total + FRAME <= ElfFile(elf).value("kernel_stack_size"), " > ".join(chain)


def test_rv32_kernel_of_eight_tasks_keeps_to_its_limits(tmp_path: Path) -> None:
    built = builder.build(eight_of_each(tmp_path), "virt-rv32", tmp_path / "out")
    kernel = image.sizes(built, image.build(built, "release"))["kernel"]
    assert kernel["ram"] <= RV32_RAM_LIMIT
    assert kernel["text"] <= RV32_TEXT_LIMIT
