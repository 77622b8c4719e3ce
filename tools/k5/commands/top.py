"""Show what each task did with the CPU, its calls and its stack.

SYSTEM is a TOML file or a system's name, which is run on the spot, or a trace
that `./k5 run SYSTEM --trace FILE.jsonl` wrote. Stacks are measured only on the
spot, on the hosted engine: their free part is filled with a pattern at boot.

Exit code: 0 shown, 1 the kernel panicked, 2 could not run.
"""

from __future__ import annotations

import argparse
import json
import sys

from k5.commands.trace import PROGRESS_EVERY, add_system_arguments, open_source
from k5.console import coloured, paint, progress
from k5.errors import FAILED, PASSED
from k5.tracing import source, table
from k5.tracing.summary import Summary


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("system", metavar="SYSTEM", help="a system to run, or a trace in JSON lines")
    add_system_arguments(parser)
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")


def summed_up(trace: source.Source, until_us: int) -> Summary:
    """The whole trace, or what of it lies before a time."""
    summary = Summary()
    with progress("reading the trace") as shown:
        for number, line in enumerate(trace):
            if number % PROGRESS_EVERY == 0:
                shown.update(f"at {line.seconds:.6f} s, {number} lines")
            if line.ns > until_us * 1000:
                break
            summary.write(line)
    summary.close(min(trace.ns, until_us * 1000))
    if isinstance(trace, source.Live):
        summary.take_stacks({name: (m.used, m.bytes) for name, m in trace.stacks.items()})
    return summary


def main(args: argparse.Namespace) -> int:
    """Exit code: 0 shown, 1 panicked, 2 could not run."""
    trace = open_source(args.system, args)
    summary = summed_up(trace, args.until)
    if args.json:
        print(json.dumps(summary.as_json(), indent=1))
    else:
        title = f"{summary.title}, {summary.ns / 1e9:.6f} s of virtual time"
        colour = coloured(sys.stdout)
        print(paint(title, "bold", colour) + "\n\n" + table.text(summary, colour))
    panicked = isinstance(trace, source.Live) and trace.run.end == "panic"
    return FAILED if panicked else PASSED
