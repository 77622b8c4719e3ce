"""Run a scenario under other timings: find what depends on where a slice ends.

FILE is a scenario that passes. At each instruction of the window something is
forced that the kernel's rules allow there: the end of the running thread's turn,
a timer that comes a little early or late, an interrupt. Then at pairs of instructions,
within a budget. States that were seen before end a run. All expectations and the
kernel's invariants are checked; the first violation is reduced to the shortest
schedule, and printed as a scenario that repeats it with `./k5 run`
(docs/exploration.md).

Exit code: 0 nothing was found, 1 a violation, 2 it could not be explored.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from k5 import setup
from k5.commands.run import integer
from k5.console import Progress, coloured, paint, progress, say
from k5.errors import COULD_NOT_RUN, FAILED, PASSED, K5Error
from k5.explore.explorer import Explored, Explorer, Options
from k5.explore.search import Tally
from k5.paths import shown
from k5.scenario import command, units
from k5.scenario.load import ScenarioFile, is_scenario
from k5.scenario.model import Variant
from k5.scenario.warm import Machines

PAIRS = 5000
EARLY_NS = 100_000


def time_ns(text: str) -> int:
    """`100us`; 0."""
    try:
        return 0 if text == "0" else units.time_ns(text)
    except units.BadUnit as problem:
        raise argparse.ArgumentTypeError(str(problem)) from None


def count(text: str) -> int:
    """A number that is not negative."""
    number = integer(text)
    if number < 0:
        raise argparse.ArgumentTypeError(f"'{text}' is less than 0")
    return number


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", help="a scenario")
    parser.add_argument(
        "--window", action="append", default=[], metavar="W",
        help="1ms..2ms: a stretch of virtual time; FUNCTION or TASK.FUNCTION; several functions "
             "count together (default: the whole run)",
    )  # fmt: skip
    parser.add_argument("--preempt", action="store_true",
                        help="ends of turns, and timers; the default without --interrupt")  # fmt: skip
    parser.add_argument("--early", type=time_ns, default=EARLY_NS, metavar="TIME",
                        help="by so much a timer may be early, or late (default: 100us; 0: no timers)")  # fmt: skip
    parser.add_argument("--interrupt", action="append", default=[], metavar="LINE",
                        help="an interrupt of the system: its name, the board's, or its number")  # fmt: skip
    parser.add_argument("--pairs", type=count, default=PAIRS, metavar="N",
                        help=f"so many schedules with two points at most (default: {PAIRS})")  # fmt: skip
    parser.add_argument("--output", type=Path, metavar="FILE", help="write the scenario there")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--board", help="one of the scenario's, if there are several")
    parser.add_argument("--seed", type=integer, metavar="N", help="the same for seeds")
    command.add_arguments(parser)


def main(args: argparse.Namespace) -> int:
    """Exit code: 0 nothing found, 1 a violation, 2 could not run."""
    setup.ready()
    path = Path(args.file)
    if not path.is_file():
        raise K5Error(f"{args.file}: no such file")
    if not is_scenario(path):
        raise K5Error(f"{args.file} is no scenario: it has no table [scenario]")
    file = ScenarioFile(path)
    variant = _variant(args, file)
    preempt = args.preempt or not args.interrupt
    early = args.early if preempt else 0
    options = Options(args.window, preempt, early, args.interrupt, args.pairs)
    machines, meter = Machines(), Meter(args.pairs)
    try:
        explorer = Explorer(file, variant, options, machines)
        with progress("exploring") as bar:
            meter.bar = bar
            explored = explorer.run(meter.told)
        return _report(args, file, explorer, explored)
    except KeyboardInterrupt:
        say("interrupted: " + summary(meter.tally))
        return COULD_NOT_RUN
    finally:
        machines.close()


def _variant(args: argparse.Namespace, file: ScenarioFile) -> Variant:
    """The one that the command line leaves."""
    if "hosted" not in file.engines:
        raise K5Error(f"{shown(file.path)} is for {', '.join(file.engines)}; explored is the hosted engine")
    variants = file.chosen(args.board, "hosted", args.seed, command.values(args.set))
    if len(variants) > 1:
        text = f"{shown(file.path)} stands for {len(variants)} runs; one can be explored at a time"
        raise K5Error(text, "choose it with --board, --seed, --set NAME=VALUE")
    return variants[0]


class Meter:
    """Shows how far it is."""

    def __init__(self, pairs: int) -> None:
        self.pairs = pairs
        self.bar: Progress | None = None
        self.tally = Tally()
        self.looked = 0.0  # seconds, before the first schedule

    def told(self, tally: Tally) -> None:
        """It has come so far."""
        self.tally = tally
        if self.bar is None:
            return
        if not tally.ran:
            self.bar.update(f"looking: something can be forced at {tally.places} instructions")
            self.looked = tally.seconds
            return
        total = tally.singles + self.pairs
        spent = tally.seconds - self.looked
        rate = tally.ran / spent if spent else 0.0
        left = f", at most {(total - tally.ran) / rate:.0f} s left" if rate else ""
        self.bar.update(f"exploring: {rate:.0f} schedules/s{left}", tally.ran, total)


def summary(tally: Tally) -> str:
    """What was tried."""
    parts = [
        f"{tally.ran} schedules ({tally.ran - tally.ran_pairs} of {tally.singles} with one point, "
        f"{tally.ran_pairs} with two) at {tally.places} instructions",
        f"{tally.cut} cut off at a state seen before",
        f"{tally.states} states",
        f"{tally.seconds:.1f} s",
    ]  # fmt: skip
    return ", ".join(parts)


def gaps(tally: Tally) -> list[str]:
    """What was not covered."""
    found = []
    if tally.open:
        found.append(f"not covered: behind {tally.open} of {tally.singles} first points not all second "
                     "ones were tried (--pairs)")  # fmt: skip
    if tally.stopped:
        found.append(f"not covered: {tally.stopped} schedules were stopped at host_limit")
    return found


def _report(
    args: argparse.Namespace, file: ScenarioFile, explorer: Explorer, explored: Explored
) -> int:
    found = explored.found
    if found:
        folder = args.output.parent if args.output else file.path.parent
        found.scenario = explorer.write(found, folder)
        if args.output:
            _write(args.output, found.scenario)
    if args.json:
        print(json.dumps(_json(file, explored)))
    elif found:
        _print_found(args, explored)
    colour = coloured(sys.stderr)
    word = paint("VIOLATION", "bold red", colour) if found else paint("nothing found", "bold green", colour)
    say(f"{word} in {shown(file.path)}: {summary(explored.tally)}")
    for gap in gaps(explored.tally) if not found else []:
        say(gap)
    return FAILED if found else PASSED


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text)
    except OSError as problem:
        raise K5Error(f"{path}: {(problem.strerror or 'cannot write').lower()}") from None


def _print_found(args: argparse.Namespace, explored: Explored) -> None:
    found = explored.found
    assert found
    for failure in found.failures:
        say(f"expected {failure.expected}: " + "; ".join(failure.came))
    for point in found.points:
        say(f"  {point}")
    if args.output:
        say(f"repeat: ./k5 run {shown(args.output)}")
    else:
        print(found.scenario, end="")


def _json(file: ScenarioFile, explored: Explored) -> dict[str, Any]:
    found = explored.found
    violation = None
    if found:
        violation = {
            "points": [{"instruction": p.instruction, "said": said}
                       for p, said in zip(found.schedule, found.points, strict=True)],
            "failures": [{"expected": f.expected, "came": f.came} for f in found.failures],
            "scenario": found.scenario,
        }  # fmt: skip
    return {"file": shown(file.path), **asdict(explored.tally), "violation": violation}
