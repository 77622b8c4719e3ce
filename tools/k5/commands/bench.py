"""Measure, and compare with what must be reached: both sides in one run.

The systems that are measured are in user/bench/. Speeds are of this machine, now:
let nothing else run. --wcet measures instead the longest way through the kernel of
each kind of entry, over all systems that test it; --write puts that table into
docs/worst-cases.md. Exit code: 0 all reached, 1 some missed, 2 could not run.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass
from typing import Any

from k5 import setup
from k5.console import coloured, paint, progress
from k5.errors import FAILED, PASSED, K5Error


@dataclass(frozen=True)
class Figure:
    """One row: what it must be at least, or at most."""

    key: str
    title: str
    unit: str = ""
    at_least: float | None = None
    at_most: float | None = None
    goal: float | None = None

    def reached(self, value: float) -> bool:
        """Whether the value is good enough."""
        if self.at_least is not None:
            return value >= self.at_least
        return self.at_most is None or value <= self.at_most

    def target(self) -> str:
        """`at least 15 (goal 30)`."""
        goal = f" (goal {self.goal:,.10g})" if self.goal is not None else ""
        if self.at_least is not None:
            return f"at least {self.at_least:,.10g}{goal}"
        return f"at most {self.at_most:,.10g}{goal}" if self.at_most is not None else ""

    def missed_by(self, value: float) -> str:
        """How far off, in per cent of the target."""
        target = self.at_least if self.at_least is not None else self.at_most or 0
        return f"missed by {abs(value - target) / target:.0%}"


FIGURES = (
    Figure("ipc.hosted_per_s", "call + reply of 4 words, hosted", "/s", at_least=1e6, goal=1.8e6),
    Figure("ipc.qemu_per_s", "call + reply of 4 words, QEMU", "/s"),
    Figure("ipc.ratio", "  hosted against QEMU", "x", at_least=15, goal=30),
    Figure("trace.overhead_percent", "  all kernel events recorded, added CPU time", "%", at_most=15),
    Figure("mips.hosted", "guest instructions, hosted", "M/s", at_least=500),
    Figure("device.accesses_per_s", "accesses to device registers, hosted", "/s", at_least=1e7),
    Figure("gui.core_share", "--gui at 60 frames/s, guest asleep", "cores", at_most=0.5),
    Figure("boot.hosted_ms", "start to first log line, hosted", "ms"),
    Figure("boot.qemu_ms", "start to first log line, QEMU", "ms"),
    Figure("boot.ratio", "  QEMU against hosted", "x", at_least=8),
    Figure("scenario.start_ms", "start of a scenario, warm", "ms", at_most=0.5),
    Figure("scenario.hundred_s", "a hundred short scenarios, ./k5 test", "s", at_most=5),
    Figure("snapshot.us", "a snapshot of the demo, and the way back", "us", at_most=6),
    Figure("reverse.step_s", "a step back, in 10 million instructions", "s", at_most=0.02),
    Figure("inject.bare_per_s", "faults tried, bare check loop, one core", "/s", at_least=350_000),
    Figure("inject.ipc_per_s", "  call + reply of three tasks", "/s", at_least=100_000),
    Figure("inject.opcode_per_s", "  the same, opcodes", "/s", at_least=25_000),
    Figure("inject.exhaustive_s", "every bit of the demo's registers, two cores", "s", at_most=90),
    Figure("gdb.idle_overhead_percent", "GDB connected and idle, added CPU time", "%", at_most=5),
    Figure("kernel.call_reply_instructions", "call + reply of 4 words, Cortex-M33", "insns",
           at_most=500, goal=430),
    Figure("kernel.null_syscall_instructions", "cheapest system call, Cortex-M33", "insns",
           at_most=60),
    Figure("lend_mut.instructions", "lend_mut of 1 KiB + reply, Cortex-M33", "insns"),
    Figure("lend_mut.ns", "lend_mut of 1 KiB + reply, hosted", "ns"),
    Figure("interrupt.instructions", "interrupt to its driver, Cortex-M33", "insns"),
    Figure("restart.instructions", "restart of a task, Cortex-M33", "insns"),
    Figure("kernel.text_bytes", "kernel code, Cortex-M33, release", "bytes", at_most=16_384),
    Figure("kernel.ram_bytes", "kernel RAM, 8 tasks, 96 slots, 8 endpoints", "bytes", at_most=6144),
    Figure("rv32.ipc.hosted_per_s", "call + reply of 4 words, hosted, RV32", "/s", at_least=9e5),
    Figure("rv32.ipc.qemu_per_s", "call + reply of 4 words, QEMU, RV32", "/s"),
    Figure("rv32.ipc.ratio", "  hosted against QEMU", "x", at_least=5),
    Figure("rv32.kernel.call_reply_instructions", "call + reply of 4 words, RV32", "insns",
           at_most=650),
    Figure("rv32.kernel.null_syscall_instructions", "cheapest system call, RV32", "insns"),
    Figure("rv32.lend_mut.instructions", "lend_mut of 1 KiB + reply, RV32", "insns"),
    Figure("rv32.lend_mut.ns", "lend_mut of 1 KiB + reply, hosted, RV32", "ns"),
    Figure("rv32.interrupt.instructions", "interrupt to its driver, RV32", "insns"),
    Figure("rv32.restart.instructions", "restart of a task, RV32", "insns"),
    Figure("rv32.kernel.text_bytes", "kernel code, RV32, release", "bytes"),
    Figure("rv32.kernel.ram_bytes", "kernel RAM of the same, RV32", "bytes"),
)  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--wcet", action="store_true", help="the longest ways through the kernel")
    parser.add_argument("--write", action="store_true", help="with --wcet: into docs/worst-cases.md")
    parser.add_argument("--json", action="store_true", help="print JSON")


def measure() -> dict[str, float]:
    """All figures by their keys."""
    from k5 import measure as take
    from k5 import measuredebug, measuregui, measureinject, measurepast

    values: dict[str, float] = {}
    with progress("measuring") as shown:
        shown.update("building the bench systems")
        values["kernel.text_bytes"], values["kernel.ram_bytes"] = take.kernel_sizes()
        shown.update("call and reply, hosted")
        values["ipc.hosted_per_s"] = take.ipc_hosted()
        shown.update("call and reply, QEMU")
        values["ipc.qemu_per_s"] = take.ipc_qemu()
        values["ipc.ratio"] = values["ipc.hosted_per_s"] / values["ipc.qemu_per_s"]
        shown.update("call and reply with all kernel events recorded")
        values["trace.overhead_percent"] = take.trace_overhead_percent()
        shown.update("instructions a second, hosted")
        values["mips.hosted"] = take.mips_hosted()
        shown.update("accesses to device registers, hosted")
        values["device.accesses_per_s"] = take.device_accesses_per_s()
        if measuregui.possible():
            shown.update("the window, while the guest sleeps")
            values["gui.core_share"] = measuregui.core_share()
        shown.update("start to first log line, hosted")
        values["boot.hosted_ms"] = take.boot_hosted_ms()
        shown.update("start of a scenario, and of a hundred")
        values["scenario.start_ms"] = take.scenario_start_ms()
        values["scenario.hundred_s"] = take.hundred_scenarios_s()
        shown.update("snapshots, steps back")
        values["snapshot.us"] = measurepast.snapshot_us()
        values["reverse.step_s"] = measurepast.reverse_step_s()
        if measureinject.possible():
            shown.update("faults tried")
            values["inject.bare_per_s"] = measureinject.per_s("bench-bare")
            values["inject.ipc_per_s"] = measureinject.per_s("bench-ipc")
            values["inject.opcode_per_s"] = measureinject.per_s("bench-opcode")
            shown.update("every bit of every register of the demo")
            values["inject.exhaustive_s"] = measureinject.exhaustive_s()
        shown.update("a debugger that does nothing")
        values["gdb.idle_overhead_percent"] = measuredebug.idle_overhead_percent()
        shown.update("start to first log line, QEMU")
        values["boot.qemu_ms"] = take.boot_qemu_ms()
        values["boot.ratio"] = values["boot.qemu_ms"] / values["boot.hosted_ms"]
        shown.update("instructions of system calls, QEMU")
        costs = take.instructions()
        values["kernel.call_reply_instructions"] = costs["call_reply"]
        values["kernel.null_syscall_instructions"] = min(costs[name] for name in take.NULL_CALLS)
        shown.update("loans, interrupts and restarts")
        values |= objects()
        if take.has_rv32():
            shown.update("call and reply, RV32, hosted and QEMU")
            values |= rv32_ipc()
            shown.update("instructions and sizes, RV32")
            values |= rv32()
            shown.update("loans, interrupts and restarts, RV32")
            found = objects(take.RV32_BOARD)
            values |= {f"rv32.{key}": value for key, value in found.items()}
    return values


def objects(board: str | None = None) -> dict[str, float]:
    """What is not call and reply."""
    from k5 import measure as take

    return {
        "lend_mut.instructions": take.lend_mut_instructions(board),
        "lend_mut.ns": take.lend_mut_ns(board),
        "interrupt.instructions": take.interrupt_instructions(board),
        "restart.instructions": take.restart_instructions(board),
    }


def rv32_ipc() -> dict[str, float]:
    """Call and reply on both engines, for tasks of RV32."""
    from k5 import measure as take

    hosted, qemu = take.ipc_hosted(take.RV32_BOARD), take.ipc_qemu(take.RV32_BOARD)
    return {
        "rv32.ipc.hosted_per_s": hosted,
        "rv32.ipc.qemu_per_s": qemu,
        "rv32.ipc.ratio": hosted / qemu,
    }


def rv32() -> dict[str, float]:
    """The figures of the RV32 port that need no other engine."""
    from k5 import measure as take

    costs = take.instructions(take.RV32_BOARD)
    text, ram = take.kernel_sizes(take.RV32_BOARD)
    return {
        "rv32.kernel.call_reply_instructions": costs["call_reply"],
        "rv32.kernel.null_syscall_instructions": min(costs[name] for name in take.NULL_CALLS),
        "rv32.kernel.text_bytes": text,
        "rv32.kernel.ram_bytes": ram,
    }


def spelled(value: float) -> str:
    """Three digits are enough; whole numbers stay whole."""
    if value >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.3g}"


def table(values: dict[str, float]) -> str:
    """For people."""
    colour = coloured(sys.stdout)
    lines = []
    for figure in FIGURES:
        if figure.key not in values:
            lines.append(f"{figure.title:44} {'not measured: ./k5 doctor says what is missing':>10}")
            continue
        value = values[figure.key]
        target = figure.target()
        verdict = ""
        if target:
            good = figure.reached(value)
            verdict = (
                paint("ok", "green", colour)
                if good
                else paint(figure.missed_by(value), "red", colour)
            )
        row = f"{figure.title:44} {spelled(value):>10} {figure.unit:6} {target:36} {verdict}"
        lines.append(row.rstrip())
    return "\n".join(lines)


def as_json(values: dict[str, float], missed: list[str]) -> dict[str, Any]:
    """Each figure by its key, and once more as a tree, for tools that take keys as paths."""
    result: dict[str, Any] = {key: round(value, 3) for key, value in values.items()}
    for key, value in values.items():
        *groups, name = key.split(".")
        inner = result
        for group in groups:
            inner = inner.setdefault(group, {})
        inner[name] = round(value, 3)
    return {**result, "missed": missed}


def worst_cases(args: argparse.Namespace) -> int:
    """The table of the longest ways through the kernel."""
    from k5 import wcet

    with progress("running the systems that test the kernel") as shown:
        found = wcet.measure(shown.update)
    if args.write:
        wcet.write_page(wcet.markdown(found))
    if args.json:
        print(json.dumps(wcet.as_json(found), indent=1))
    else:
        print(wcet.text(found, coloured(sys.stdout)))
    return PASSED if all(one.good for one in found.values()) else FAILED


def main(args: argparse.Namespace) -> int:
    """Exit code: 0 all reached, 1 some missed, 2 could not run."""
    setup.ready("test" if args.wcet else "run")
    if args.wcet:
        return worst_cases(args)
    if args.write:
        raise K5Error("--write needs --wcet")
    values = measure()
    measured = [figure for figure in FIGURES if figure.key in values]
    missed = [figure.key for figure in measured if not figure.reached(values[figure.key])]
    if args.json:
        print(json.dumps(as_json(values, missed), indent=1))
    else:
        print(table(values))
    return FAILED if missed else PASSED
