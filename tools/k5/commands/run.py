"""Run a system on an engine and print its decoded log, or run a scenario.

SYSTEM is a TOML file, or the name of a system of the tree. The run ends when
nothing will ever happen again (HALT), when the kernel panics, or at --until.
--seed is the argument of the tasks whose description says argument = "seed".
A scenario (a TOML file with [scenario]) runs as it says, and passes or fails;
where it stands for many runs, --board, --engine, --seed and --set choose some.

--serial connects a serial line to this terminal, a pty, a TCP port or a file
(docs/serial.md), --gui shows the board in a window, --screenshot saves pictures
of it (docs/gui.md). Such runs keep pace with the wall clock, unless --speed max,
and last until the person ends them. --record writes down all that comes from
outside, and --replay FILE does the same run again, exactly; --save keeps the
machine as it is at the end, and --from FILE goes on from there (docs/past.md).

Exit code: 0 it ended by itself or at --until, or passed; 1 the kernel panicked,
the engine failed, or the scenario; 2 it could not run.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from k5 import builder, interactive, misuse, pastoptions, sanitize, setup
from k5.console import coloured, paint, say, warning
from k5.decode import Decoder, Line
from k5.engine import DEFAULT_LIMIT_US, ENGINES, Run
from k5.errors import FAILED, PASSED, K5Error
from k5.pastoptions import Chosen
from k5.recording import Recorder
from k5.scenario import command as scenario
from k5.scenario.load import is_scenario
from k5.stream import Event
from k5.tracing.simulator import NOTABLE
from k5.tracing.source import know_names
from k5.tracing.writers import TraceFile

if TYPE_CHECKING:
    from k5.machine import Machine

NO_PAST = Chosen()
_UNITS = {"us": 1, "ms": 1000, "s": 1_000_000, "": 1_000_000}


def duration_us(text: str) -> int:
    """`5ms`, `2s`, `300us` or seconds."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(us|ms|s|)", text)
    if not match:
        raise argparse.ArgumentTypeError(f"'{text}' is no time; write 500us, 20ms or 2s")
    return int(float(match[1]) * _UNITS[match[2]])


def integer(text: str) -> int:
    """A number, also 0x...."""
    try:
        return int(text, 0)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is no number") from None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("system", help="a TOML file, or a system's name")
    add_run_arguments(parser)
    scenario.add_arguments(parser)
    pastoptions.add_arguments(parser)
    parser.set_defaults(engine=None, seed=None, until=None)  # a scenario has its own


def add_run_arguments(parser: argparse.ArgumentParser) -> None:
    """What run and demo share."""
    parser.add_argument("--engine", choices=ENGINES, default="hosted", help="default: hosted")
    parser.add_argument("--board", help="instead of the board that the description names")
    parser.add_argument(
        "--seed", type=integer, default=0, metavar="N", help="for tasks that ask for it"
    )
    parser.add_argument(
        "--trace", metavar="FILE",
        help="write all events: FILE.jsonl, .txt, .perfetto.json or .vcd",
    )
    parser.add_argument("--until", type=duration_us, metavar="TIME",
                        help="virtual time at which to end: 500us, 20ms, 2s (default: 60s)")  # fmt: skip
    parser.add_argument("--sanitize", action="store_true",
                        help="hosted: the kernel and the simulator under ASan and UBSan")  # fmt: skip
    parser.add_argument("--kernel", action="store_true", help="print the kernel's events, too")
    parser.add_argument("--json", action="store_true", help="print JSON lines instead of text")
    interactive.add_arguments(parser)


def main(args: argparse.Namespace) -> int:
    """Exit code: 0 ended, 1 panicked, 2 could not run."""
    setup.ready()
    if args.sanitize:
        restart_sanitized(args.engine or ENGINES[0])
    if is_scenario(Path(args.system)):
        option = pastoptions.first_option(args)
        if option:
            text = f"{args.system} is a scenario: it runs the same way each time"
            raise K5Error(f"{option} is for systems; {text}")
        if interactive.wanted(args):
            text = f"{args.system} is a scenario: its stimuli are all that it depends on"
            raise K5Error(f"{interactive.first_option(args)} is for systems; {text}")
        return scenario.run(args, lambda args, decoder: Printer(args, decoder).show)
    if args.set:
        raise K5Error(f"--set is for scenarios; {args.system} is a system")
    args.engine = args.engine or ENGINES[0]
    past = pastoptions.chosen(args)
    args.seed = args.seed or 0
    return run_system(builder.build(builder.find(args.system), args.board), args, past)


def restart_sanitized(engine: str) -> None:
    """What is not native has no sanitizers."""
    if engine != "hosted":
        raise K5Error(f"--sanitize is for --engine hosted; --engine {engine} runs no native code")
    sanitize.restart()


def run_system(
    built: builder.Built, args: argparse.Namespace, past: Chosen = NO_PAST
) -> int:
    """Runs, prints, sums up."""
    until = args.until
    if until is None:
        until = interactive.ENDLESS_US if interactive.lasts(args) else DEFAULT_LIMIT_US
    run = Run(built, args.engine, args.seed, until, bool(args.trace or args.kernel))
    replay = past.replay
    if replay:
        run.until_tick = min(run.until(), replay.end.now) if args.until else replay.end.now
        run.until_us = run.until_tick * 1_000_000 // int(built.meta["tick_hz"])
    started = time.monotonic()
    with _traced(args.trace) as trace, _written(args.log) as log:
        standard = sys.stderr if interactive.log_is_on_stderr(args) else sys.stdout
        printer = Printer(args, Decoder(built), log or standard)
        run.on_boot, run.on_end = _hooks(printer, past)
        for event in interactive.source(run, args):
            printer.show(event, trace)
        if trace and run.end == "time":
            trace.ns = run.until_us * 1000
    if replay and run.end == "time" and run.until() == replay.end.now:
        run.end = "replayed"
    sys.stdout.flush()
    for remark in printer.remarks:
        warning(remark)
    say(printer.summary(run, time.monotonic() - started))
    return FAILED if run.end == "panic" else PASSED


def _hooks(
    printer: Printer, past: Chosen
) -> tuple[Callable[[Machine], None], Callable[[Machine], None]]:
    """What happens with the machine before the first instruction, and when it has stopped."""

    def boot(machine: Machine) -> None:
        printer.know(machine)
        if past.replay:
            past.replay.play(machine, ends=True)
        elif past.record:
            Recorder(past.record, machine)
        elif past.start:
            past.start.restore(machine)

    def end(machine: Machine) -> None:
        if machine.recorder:
            machine.recorder.finish()
        if past.save:
            machine.save(past.save)
        printer.look_back(machine)

    return boot, end


def _traced(path: str | None) -> AbstractContextManager[TraceFile | None]:
    """A trace, if one is asked for."""
    if path is None:
        return nullcontext()
    return TraceFile(path)


@contextmanager
def _written(path: str | None) -> Iterator[TextIO | None]:
    """A file to write, if one is asked for."""
    if path is None:
        yield None
        return
    try:
        file = open(path, "w", buffering=1)  # noqa: SIM115
    except OSError as problem:
        raise K5Error(f"{path}: {(problem.strerror or 'cannot write').lower()}") from None
    with file:
        yield file


class Printer:
    """Prints events as lines and counts what the summary needs."""

    def __init__(
        self, args: argparse.Namespace, decoder: Decoder, out: TextIO | None = None
    ) -> None:
        self.json: bool = args.json
        self.kernel: bool = args.kernel
        self.decoder = decoder
        self.out = out or sys.stdout
        self.colour = coloured(self.out)
        self.counts: dict[str, int] = {}
        self.last = 0.0
        self.remarks: list[str] = []

    def know(self, machine: Machine) -> None:
        """Names that only a running machine knows."""
        know_names(self.decoder, machine)

    def look_back(self, machine: Machine) -> None:
        """What tasks did wrong with devices."""
        self.remarks = misuse.summary(machine, self.decoder)

    def show(self, event: Event, trace: TraceFile | None = None) -> Line | None:
        """One event; kernel events are decoded only if someone wants them."""
        kind = self.decoder.event_class(event)
        printed = kind == "log" or event.kind in NOTABLE or (self.kernel and kind != "device")
        if not (printed or trace):
            return None
        line = self.decoder.line(event)
        self.counts[line.kind] = self.counts.get(line.kind, 0) + 1
        self.last = line.seconds
        if trace:
            trace.write(line)
        if printed:
            print(line.json() if self.json else line.human(self.colour), file=self.out)
        return line

    def summary(self, run: Run, wall_s: float) -> str:
        """The closing line."""
        ends = {"halt": "ended by itself", "time": "stopped at the time limit", "panic": "PANIC",
                "quit": "ended from outside",
                "replayed": "came to the end of the recording"}  # fmt: skip
        virtual = run.until_us / 1e6 if run.end in ("time", "quit", "replayed") else self.last
        parts = [
            f"{run.built.name} on {run.engine} ({run.built.board})",
            ends.get(run.end, run.end),
            f"{virtual:.6f} s of virtual time in {wall_s:.2f} s",
            f"{self.counts.get('LOG', 0)} log lines",
            f"{self.counts.get('FAULT', 0)} faults",
        ]
        if run.instructions is not None:
            parts.append(f"{run.instructions} instructions")
        style = "bold red" if run.end == "panic" else "bold"
        return paint(", ".join(parts), style, coloured(sys.stderr))
