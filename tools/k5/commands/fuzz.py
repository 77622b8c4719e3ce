"""Feed random and changed inputs to what must stand any input.

TARGET is kernel, tables, elf, board, description, scenario, campaign, elf-tools, log or gdb;
without it all have their turn. Inputs that reach something new are collected below
build/fuzz; those of tests/fuzz/corpus are the start. --keep puts the smallest set that covers as much there. What breaks is
kept as a file, and the command that repeats it is printed; --input does that.
The C targets are built by clang with ASan and UBSan.

Exit code: 0 nothing broke, 1 something did, 2 could not run.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from k5 import setup
from k5.console import coloured, error, paint, progress
from k5.errors import FAILED, PASSED, K5Error, suggestion
from k5.fuzzing.target import Effort, Outcome, Target
from k5.fuzzing.targets import TARGETS
from k5.paths import shown

DEFAULT_SECONDS = 60.0


def _positive(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < 1e9:
        raise argparse.ArgumentTypeError(f"'{text}' is no time in seconds")
    return value


def _seed(text: str) -> int:
    try:
        value = int(text, 0)
    except ValueError:
        value = -1
    if not 0 < value < 2**32:
        raise argparse.ArgumentTypeError(f"'{text}' is no seed: 1 to {2**32 - 1}")
    return value


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("target", nargs="?", metavar="TARGET", help="default: all")
    parser.add_argument("--seconds", type=_positive, default=DEFAULT_SECONDS, metavar="N",
                        help=f"of the host, for all targets together (default: {DEFAULT_SECONDS:g})")  # fmt: skip
    parser.add_argument("--runs", type=int, metavar="N",
                        help="instead of --seconds: inputs beside the kept ones, nothing collected")  # fmt: skip
    parser.add_argument("--burst", action="store_true",
                        help="as many inputs as `./k5 test` gives each target")  # fmt: skip
    parser.add_argument("--seed", type=_seed, default=1, metavar="N", help="default: 1")
    parser.add_argument("--input", type=Path, metavar="FILE", help="run this one input")
    parser.add_argument("--keep", action="store_true",
                        help="afterwards: the smallest set of inputs to tests/fuzz/corpus")  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print JSON")


def _chosen(name: str | None) -> list[Target]:
    if name is None:
        return list(TARGETS.values())
    if name not in TARGETS:
        raise K5Error(f"unknown target '{name}'" + suggestion(name, TARGETS))
    return [TARGETS[name]]


def _repeat(args: argparse.Namespace) -> int:
    """One input of one target."""
    if args.target is None:
        raise K5Error("--input needs a TARGET: `./k5 fuzz TARGET --input FILE`")
    if not args.input.is_file():
        raise K5Error(f"{args.input}: no such file")
    said = _chosen(args.target)[0].repeat(args.input)
    if args.json:
        print(json.dumps({"target": args.target, "input": str(args.input), "broken": said}))
    elif said is None:
        print(f"{args.target}: {args.input} breaks nothing")
    else:
        print(said)
    return PASSED if said is None else FAILED


def _outcomes(targets: list[Target], args: argparse.Namespace) -> Iterator[Outcome]:
    total = sum(target.share for target in targets)
    with progress("fuzzing") as show:
        for target in targets:
            if args.burst or args.runs is not None:
                effort = Effort(runs=target.burst if args.burst else args.runs)
            else:
                effort = Effort(seconds=args.seconds * target.share / total)
            yield target.run(effort, args.seed, show.update)


def repeating(outcome: Outcome) -> str:
    """The command that repeats a finding."""
    assert outcome.finding is not None
    return f"./k5 fuzz {outcome.target} --input {shown(outcome.finding.path)}"


def _json(outcome: Outcome) -> dict[str, Any]:
    finding = outcome.finding
    return {
        "target": outcome.target,
        "inputs": outcome.runs,
        "seconds": round(outcome.seconds, 1),
        "covered": outcome.covered,
        "corpus": outcome.corpus,
        "entries": outcome.entries,
        "finding": None if finding is None else {
            "reason": finding.reason, "input": str(finding.path), "repeat": repeating(outcome),
        },
    }  # fmt: skip


def _print(outcome: Outcome) -> None:
    colour = coloured(sys.stdout)
    mark = paint("ok    ", "green", colour)
    if outcome.finding:
        mark = paint("BROKEN", "bold red", colour)
    entries = f", {outcome.entries} kernel entries" if outcome.entries is not None else ""
    text = f"{outcome.runs} inputs in {outcome.seconds:.0f} s, {outcome.covered} branches"
    print(f"{outcome.target:12} {mark} {text}, corpus {outcome.corpus}{entries}", flush=True)
    if outcome.finding:
        print(f"    {outcome.finding.reason}\n    {repeating(outcome)}")


def main(args: argparse.Namespace) -> int:
    """Exit code: 0 nothing broke, 1 something did, 2 could not run."""
    setup.ready("test")
    if args.input:
        return _repeat(args)
    if args.runs is not None and args.runs < 0:
        raise K5Error(f"--runs {args.runs}: must be 0 or more")
    outcomes = []
    targets = _chosen(args.target)
    for outcome in _outcomes(targets, args):
        outcomes.append(outcome)
        if not args.json:
            _print(outcome)
    kept = {}
    if args.keep:
        if any(outcome.finding for outcome in outcomes):
            error("nothing kept: first what broke must be mended")
        else:
            kept = {target.name: target.keep() for target in targets}
    if args.json:
        print(json.dumps({"outcomes": [_json(outcome) for outcome in outcomes], "kept": kept}))
    else:
        for name, (before, after) in kept.items():
            print(f"{name:12} kept corpus: {before} inputs before, {after} now")
    return FAILED if any(outcome.finding for outcome in outcomes) else PASSED
