"""The measurements behind `./k5 bench`; the systems are in user/bench/."""

from __future__ import annotations

import json
import os
import re
import shutil
import statistics
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass

from k5 import arch as archs
from k5 import builder, image, qemu, stays
from k5.builder import Built
from k5.decode import Decoder
from k5.errors import FAILED, K5Error
from k5.machine import ALL_KINDS, LOG_KIND, Machine, Stop
from k5.paths import BUILD, ROOT, write_if_changed
from k5.stream import Event

BENCH = ROOT / "user" / "bench"
HUNDRED = ROOT / "scenarios" / "demo" / "whenever.toml"
STARTS = 200  # of a scenario
WARM_BATCHES = 2
TRACED_BATCHES = 100  # of 10,000 round trips each
HOSTED_S, QEMU_S = 2.0, 4.0  # how long speeds are measured
BOOTS_HOSTED, BOOTS_QEMU = 40, 10
NS_AN_INSTRUCTION = 1  # QEMU with -icount shift=0

INTERRUPT_RUN_US = 60_000_000

NULL_CALLS = ("time", "yield", "caps")
RV32_BOARD = "virt-rv32"


def _system(name: str, board: str | None = None) -> Built:
    return builder.build(BENCH / f"{name}.toml", board)


def _text(decoder: Decoder, event: Event) -> str:
    return decoder.line(event).text if event.kind == LOG_KIND else ""


def _number(text: str, name: str) -> int:
    found = re.search(rf"\b{name}=(\d+)", text)
    if not found:
        raise K5Error(f"bench: no {name}= in the log line {text!r}", status=FAILED)
    return int(found[1])


@dataclass(frozen=True)
class Mark:
    """A log line, and when the host saw it."""

    text: str
    at: float
    instructions: int


def _hosted_marks(built: Built) -> Iterator[Mark]:
    """Log lines of a hosted run, each as it comes."""
    with Machine(built) as machine:
        while True:
            stop = machine.run(until_us=1e12, stop_kinds=1 << LOG_KIND)
            at, instructions = time.perf_counter(), machine.instructions
            for event in machine.take():
                if event.kind == LOG_KIND:
                    yield Mark(_text(machine.decoder, event), at, instructions)
            if stop is not Stop.EVENT:
                return


def _qemu_marks(built: Built) -> Iterator[Mark]:
    """Log lines of a QEMU run at full speed (without icount)."""
    made, decoder = image.build(built, "release"), Decoder(built)
    with qemu.run(made.elf, made.shim, image.board_of(built), icount=False) as machine:
        for event in machine.events():
            at = time.perf_counter()
            if event.kind == LOG_KIND:
                yield Mark(_text(decoder, event), at, 0)


def round_trips_per_s(marks: Iterator[Mark], seconds: float) -> float:
    """Round trips a second: all batches after the first ones, for some time."""
    rounds = _number(next(marks).text, "rounds")
    begin: Mark | None = None
    batches = -WARM_BATCHES
    for mark in marks:
        if "batch=" not in mark.text:
            break
        batches += 1
        if batches == 0:
            begin = mark
        elif begin and mark.at - begin.at >= seconds:
            return batches * rounds / (mark.at - begin.at)
        last = mark
    if not begin or batches < 1:
        raise K5Error("bench: the IPC system ended too soon", status=FAILED)
    return batches * rounds / (last.at - begin.at)


def ipc_hosted(board: str | None = None) -> float:
    """Protected call and reply of four words, hosted."""
    return round_trips_per_s(_hosted_marks(_system("ipc", board)), HOSTED_S)


def ipc_qemu(board: str | None = None) -> float:
    """The same in QEMU."""
    return round_trips_per_s(_qemu_marks(_system("ipc", board)), QEMU_S)


def _ipc_batch_s(machine: Machine) -> float:
    """CPU time of the host for the IPC system's next batch, its events taken out of the ring."""
    started = time.thread_time()
    while True:
        stop = machine.run_and_drop(1 << LOG_KIND)
        if stop is Stop.EVENT:
            return time.thread_time() - started
        if stop is not Stop.FULL:
            raise K5Error("bench: the IPC system ended too soon", status=FAILED)


def trace_overhead_percent(board: str | None = None) -> float:
    """What recording all kernel events, and taking them out of the ring, adds to call and reply.

    Two machines do a batch each, in turn, so that whatever else the host does hits both; the
    median of the batches' ratios counts.
    """
    built = _system("ipc", board)
    with Machine(built) as plain, Machine(built, kinds=ALL_KINDS) as traced:
        for _ in range(WARM_BATCHES):
            _ipc_batch_s(plain), _ipc_batch_s(traced)
        ratios = []
        for _ in range(TRACED_BATCHES):
            without = _ipc_batch_s(plain)
            ratios.append(_ipc_batch_s(traced) / without)
    return (statistics.median(ratios) - 1) * 100


def mips_hosted() -> float:
    """Millions of guest instructions a second, counted exactly."""
    marks = [mark for mark in _hosted_marks(_system("mips")) if mark.text.startswith("bench mips")]
    first, last = marks[1], marks[-1]  # the first batch warms up
    return (last.instructions - first.instructions) / (last.at - first.at) / 1e6


def device_accesses_per_s() -> float:
    """Reads and writes of a device's registers by a task, hosted."""
    return round_trips_per_s(_hosted_marks(_system("device")), HOSTED_S)


def scenario_start_ms() -> float:
    """A scenario that was read, to the first instruction: names bound, a warm machine booted anew."""
    from k5.scenario.load import ScenarioFile
    from k5.scenario.run import HostedRun
    from k5.scenario.warm import Machines

    file, machines, times = ScenarioFile(HUNDRED), Machines(), []
    scenario = file.scenario(file.variants()[0])
    built = machines.build(scenario.settings.system, scenario.variant.board)
    for _ in range(STARTS):
        started = time.perf_counter()
        warm = machines.get(built, scenario.variant.seed)
        HostedRun(scenario, warm.machine, warm.names, warm.seed).begin()
        times.append(time.perf_counter() - started)
    machines.close()
    return statistics.median(times) * 1000


def hundred_scenarios_s() -> float:
    """All of `./k5 test FILE` for a hundred short scenarios, on all cores."""
    command = [str(ROOT / "k5"), "test", str(HUNDRED), "--json"]
    subprocess.run(command, cwd=ROOT, capture_output=True, check=False)  # systems are built now
    started = time.perf_counter()
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - started
    if done.returncode or json.loads(done.stdout)["passed"] != 100:
        raise K5Error("bench: not all of a hundred scenarios passed", status=FAILED)
    return seconds


def boot_hosted_ms() -> float:
    """From the library call on a built system to the first log line."""
    built = _system("boot")
    Machine(built).close()  # the library itself is loaded once a process
    times = []
    for _ in range(BOOTS_HOSTED):
        started = time.perf_counter()
        with Machine(built) as machine:
            stop = machine.run(stop_kinds=1 << LOG_KIND)
            times.append(time.perf_counter() - started)
            if stop is not Stop.EVENT:
                raise K5Error("bench: the boot system logged nothing", status=FAILED)
    return statistics.median(times) * 1000


def boot_qemu_ms() -> float:
    """From the start of a QEMU process to the first log line."""
    built = _system("boot")
    made, board = image.build(built, "release"), image.board_of(built)
    times = []
    for _ in range(BOOTS_QEMU):
        started = time.perf_counter()
        with qemu.run(made.elf, made.shim, board, icount=False) as machine:
            next(event for event in machine.events() if event.kind == LOG_KIND)
            times.append(time.perf_counter() - started)
    return statistics.median(times) * 1000


def has_rv32() -> bool:
    """Whether this machine can build and run RV32 images at all."""
    programs = (f"{archs.of('rv32').prefix}gcc", "qemu-system-riscv32")
    return all(shutil.which(program) for program in programs)


def _costs(name: str, board: str | None, wanted: set[str]) -> dict[str, float]:
    """Guest instructions of each call that a system measures, counted on QEMU with icount."""
    built = _system(name, board)
    made, decoder = image.build(built, "release"), Decoder(built)
    ns_a_tick = 1_000_000_000 / built.meta["tick_hz"]
    found: dict[str, float] = {}
    with qemu.run(made.elf, made.shim, image.board_of(built), shift=0) as machine:
        for event in machine.events():
            match = re.match(r"bench cost (\w+) ", text := _text(decoder, event))
            if match:
                ticks = _number(text, "ticks") - _number(text, "empty")
                each = ticks * ns_a_tick / NS_AN_INSTRUCTION / _number(text, "rounds")
                found[match[1]] = each
            if found.keys() >= wanted:
                return found
    missing = sorted(wanted - found.keys())
    raise K5Error(f"bench: the system {name} did not log {missing}", status=FAILED)


def instructions(board: str | None = None) -> dict[str, float]:
    """Of call and reply, and of the cheapest system calls."""
    return _costs("cost", board, {"call_reply", *NULL_CALLS})


def lend_mut_instructions(board: str | None = None) -> float:
    """Of a call that lends a KiB exclusively, with its reply."""
    return _costs("lend", board, {"lend_mut"})["lend_mut"]


def lend_mut_ns(board: str | None = None) -> float:
    """The same in nanoseconds of the host, hosted."""
    marks = (mark for mark in _hosted_marks(_system("lend", board)) if " ipc " in mark.text)
    return 1e9 / round_trips_per_s(marks, HOSTED_S)


def restart_instructions(board: str | None = None) -> float:
    """Of a task's restart, its own start code apart."""
    return _costs("restart", board, {"restart"})["restart"]


def interrupt_instructions(board: str | None = None) -> float:
    """From an interrupt's vector to the first instruction of its driver: the most of all rounds."""
    found = stays.of_run(_system("interrupt", board), 0, INTERRUPT_RUN_US)
    lengths = [stay.instructions for stay in found if stay.entry == stays.INTERRUPT]
    if not lengths:
        raise K5Error("bench: the interrupt system saw no interrupt", status=FAILED)
    return max(lengths)


SIZE_TASK = """
[task.task{i}]
sources = ["{source}"]
priority = {i}
slots = 12
stack = 256
capabilities = [{{ endpoint = "end{i}", rights = ["recv"] }}]

[endpoint.end{i}]
receiver = "task{i}"
"""


def kernel_sizes(board: str | None = None) -> tuple[int, int]:
    """Kernel code and RAM: 8 single-threaded tasks, 12 slots each, 8 endpoints."""
    path = BUILD / "bench" / "size.toml"
    source = os.path.relpath(BENCH / "boot.c", path.parent)
    text = '[system]\nname = "bench-size"\nboard = "mps2-an505"\n'
    text += "".join(SIZE_TASK.format(i=i, source=source) for i in range(8))
    write_if_changed(path, text)
    built = builder.build(path, board)
    kernel = image.sizes(built, image.build(built, "release"))["kernel"]
    return kernel["text"], kernel["ram"]
