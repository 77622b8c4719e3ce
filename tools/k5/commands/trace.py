"""Filter a trace, draw it, and write it for other tools.

FILE is a trace that `./k5 run SYSTEM --trace FILE.jsonl` wrote, or a system
(a TOML file, or its name), which is then run on the spot with all its events.
Without an output option the lines are printed as text.

Lines are left out by --task, --thread, --kind, --from, --to and --grep; --task
and --thread can be given several times, and either is enough. What threads do
is always worked out from the whole trace, so a window shows it right.

Exit code: 0 done, 1 nothing was left after the filters or the run panicked,
2 could not run.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from contextlib import ExitStack

from k5 import setup
from k5.builder import Built
from k5.commands.run import duration_us, integer
from k5.console import coloured, progress, say
from k5.decode import Line
from k5.engine import DEFAULT_LIMIT_US, ENGINES, Run
from k5.errors import FAILED, PASSED, K5Error
from k5.tracing import source
from k5.tracing.draw import Draw
from k5.tracing.perfetto import Perfetto
from k5.tracing.selection import Selection
from k5.tracing.vcd import Vcd
from k5.tracing.writers import Maker, TraceFile

WIDTH = 80  # where the output is no terminal
PROGRESS_EVERY = 20_000  # lines


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="a trace in JSON lines, or a system to run")
    left = parser.add_argument_group("what is left out")
    left.add_argument("--task", action="append", default=[], metavar="NAME", help="others' lines")
    left.add_argument("--thread", action="append", default=[], metavar="NAME", help="others' lines")
    left.add_argument("--kind", action="append", default=[], metavar="KIND",
                      help="other kinds: log, fault, enter, pin, ... (docs/trace.md)")  # fmt: skip
    left.add_argument("--from", dest="begin", type=duration_us, metavar="TIME",
                      help="what was before: 500us, 20ms, 2s")  # fmt: skip
    left.add_argument("--to", dest="end", type=duration_us, metavar="TIME", help="what comes after")
    left.add_argument("--grep", metavar="PATTERN", help="texts that do not match the expression")
    out = parser.add_argument_group("output")
    out.add_argument("--text", action="store_true", help="lines for people (default)")
    out.add_argument("--json", action="store_true", help="JSON lines")
    out.add_argument("--draw", action="store_true", help="a timeline in the terminal")
    out.add_argument("--perfetto", metavar="FILE", help="for https://ui.perfetto.dev")
    out.add_argument("--vcd", metavar="FILE", help="pins and serial lines, for wave viewers")
    add_system_arguments(parser)


def add_system_arguments(parser: argparse.ArgumentParser) -> None:
    """How a system is run; trace and top share it."""
    run = parser.add_argument_group("running a system")
    run.add_argument("--engine", choices=ENGINES, default="hosted", help="default: hosted")
    run.add_argument("--board", help="instead of the board that the description names")
    run.add_argument("--seed", type=integer, default=0, metavar="N", help="for tasks that ask for it")
    run.add_argument("--until", type=duration_us, metavar="TIME", default=DEFAULT_LIMIT_US,
                     help="virtual time at which to end (default: 60s)")  # fmt: skip


def open_source(name: str, args: argparse.Namespace, end_us: int | None = None) -> source.Source:
    """The trace file, or the system run up to --until or to the end of what is asked for."""
    until = args.until if end_us is None else min(args.until, end_us)
    if source.is_system(name):
        setup.ready()

    def run(built: Built) -> Run:
        return Run(built, args.engine, args.seed, until, kernel_events=True)

    return source.find(name, run, args.board)


class Trace:
    """One run of the command: the trace's lines to all outputs that were asked for."""

    def __init__(self, args: argparse.Namespace, selection: Selection) -> None:
        self._selection = selection
        self._json = args.json
        self._prints = args.text or args.json or not (args.draw or args.perfetto or args.vcd)
        self._colour = coloured(sys.stdout)
        self.draw = Draw(selection) if args.draw else None
        self.files: list[TraceFile] = []
        self.count = 0

    def take(self, trace: source.Source) -> None:
        """All lines; those after the window are not even read."""
        with progress(f"reading {trace.name or 'the run'}") as shown:
            for number, line in enumerate(trace):
                if number % PROGRESS_EVERY == 0:
                    shown.update(f"at {line.seconds:.6f} s, {number} lines")
                self._selection.note(line)
                if line.ns > self._selection.end:
                    break
                self._one(line)

    def _one(self, line: Line) -> None:
        if self._selection.line(line):
            self.count += 1
            if self._prints:
                print(line.json() if self._json else line.human(self._colour))
        if self.draw:
            self.draw.write(line)
        for file in self.files:
            file.write(line)


def main(args: argparse.Namespace) -> int:
    """Exit code: 0 done, 1 nothing left or panicked, 2 could not run."""
    if args.text and args.json:
        raise K5Error("--text and --json both print lines: one of them")
    chosen = Selection.of(args.task, args.thread, args.kind, args.begin, args.end, args.grep)
    trace = open_source(args.file, args, args.end)
    job = Trace(args, chosen)
    outputs: list[tuple[str | None, Maker]] = [(args.perfetto, Perfetto), (args.vcd, Vcd)]
    with ExitStack() as stack:
        for path, made in outputs:
            if path:
                job.files.append(stack.enter_context(TraceFile(path, chosen, made)))
        job.take(trace)
        for file in job.files:
            file.ns = trace.ns
    chosen.check_names(args.file)
    if job.draw:
        job.draw.close(trace.ns)
        print_picture(job.draw)
    for path in filter(None, (args.perfetto, args.vcd)):
        say(f"wrote {path}")
    return verdict(args, trace, job.count)


def print_picture(draw: Draw) -> None:
    """As wide as the terminal, with what signs it has."""
    width = shutil.get_terminal_size((WIDTH, 24)).columns if sys.stdout.isatty() else WIDTH
    unicode = "utf" in (sys.stdout.encoding or "").lower()
    text = draw.text(width, coloured(sys.stdout), unicode)
    if text:
        print(text)


def verdict(args: argparse.Namespace, trace: source.Source, count: int) -> int:
    """An empty result is told apart from a good one."""
    if count == 0:
        say(f"{args.file}: no line is left after the filters")
        return FAILED
    panicked = isinstance(trace, source.Live) and trace.run.end == "panic"
    return FAILED if panicked else PASSED
