"""Ask about the past of a run: who wrote this, what does that wait for.

FILE is a system (a TOML file, or a name), a scenario, or a recording. It runs up to
--at, or --instruction, or to its end; the question is about that moment:

  written PLACE      who wrote it last: task, function, line, time
  loan PLACE         who holds, or last held, a loan of it
  blocked THREAD     what it waits for, and who waits for whom; deadlocks by name
  ready THREAD       what made it ready last
  changed TIME TIME  what is different between two times

PLACE: TASK.SYMBOL, TASK.SYMBOL+OFFSET, DEVICE.REGISTER, ADDRESS or ADDRESS:BYTES.
Exit code: 0 answered, 2 could not.
"""

from __future__ import annotations

import argparse
import json

from k5 import setup
from k5.commands.run import duration_us, integer
from k5.errors import PASSED
from k5.scenario.command import values


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", help="a system, a scenario, or a recording")
    parser.add_argument("question", nargs="+", help="one of those above, and what it is about")
    parser.add_argument("--at", type=duration_us, metavar="TIME", help="virtual time: 12ms, 300us")
    parser.add_argument("--instruction", type=integer, metavar="N",
                        help="where so many instructions have been executed")  # fmt: skip
    parser.add_argument("--board", help="instead of the board that the file names")
    parser.add_argument("--seed", type=integer, metavar="N", help="for tasks that ask for it")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE",
                        help="scenarios: choose a parameter's value")  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print JSON")


def main(args: argparse.Namespace) -> int:
    """Exit code: 0 answered, 2 could not."""
    setup.ready()
    from k5.why import answer
    from k5.why.answers import parse
    from k5.why.runs import Choice, opened

    question = parse(args.question)
    at = args.at
    if question.name == "changed" and at is None:
        at = max(duration_us(word) for word in args.question[1:])
    choice = Choice(at, args.instruction, args.board, args.seed, tuple(values(args.set).items()))
    with opened(args.file, choice) as machine:
        found = answer(machine, args.question)
    print(json.dumps(found.json()) if args.json else found.text())
    return PASSED
