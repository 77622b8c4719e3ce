"""`./k5 run FILE` where FILE is a scenario: its log as it comes, and the verdict."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from k5.console import coloured, paint, progress, say
from k5.decode import Decoder
from k5.errors import COULD_NOT_RUN, K5Error
from k5.errors import FAILED as EXIT_FAILED
from k5.errors import PASSED as EXIT_PASSED
from k5.paths import shown
from k5.scenario import pool
from k5.scenario.execute import ERROR, FAILED, PASSED, Outcome, build, execute
from k5.scenario.load import ScenarioFile
from k5.scenario.match import DO, SERIAL
from k5.scenario.model import Scenario, Variant
from k5.scenario.warm import Machines
from k5.stream import Event
from k5.tracing.source import know_names
from k5.tracing.writers import TraceFile

ALL_KINDS = (1 << 63) - 1  # all but those of scenarios alone
KERNEL_KINDS = (1 << 48) - 1
Show = Callable[[Event, TraceFile | None], object]
ENDS = {
    "halt": "ended by itself",
    "decided": "all was decided",
    "time": "ended at until",
    "limit": "stopped at its limit",
    "panic": "PANIC",
    "host": "stopped by the host's limit",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What only scenarios take."""
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE",
                        help="scenarios: choose a parameter's value")  # fmt: skip


def values(texts: list[str]) -> dict[str, str]:
    """From --set NAME=VALUE."""
    found = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            raise K5Error(f"--set {text}: write NAME=VALUE")
        found[name] = value
    return found


def run(args: argparse.Namespace, show: Callable[[argparse.Namespace, Decoder], Show]) -> int:
    """Runs the variants that the command line leaves. `show` makes what prints events. Exit code: 0
    passed, 1 failed, 2 could not run."""
    if args.until is not None:
        raise K5Error("--until is for systems; a scenario says itself when it ends")
    file = ScenarioFile(Path(args.system))
    variants = file.chosen(args.board, args.engine, args.seed, values(args.set))
    if args.engine is None:
        file.check()
    if len(variants) > 1:
        return _run_many(args, file, variants)
    outcome = _run_one(args, file, variants[0], show)
    if args.json:
        print(json.dumps(outcome.json()))
    else:
        print_outcome(outcome)
    return exit_code([outcome])


def exit_code(outcomes: list[Outcome]) -> int:
    """Of a command that ran them."""
    states = {outcome.status for outcome in outcomes}
    if FAILED in states:
        return EXIT_FAILED
    return COULD_NOT_RUN if ERROR in states else EXIT_PASSED


def print_outcome(outcome: Outcome) -> None:
    """The verdict, for people."""
    colour = coloured(sys.stdout)
    if outcome.status == ERROR:
        raise K5Error(*outcome.report.split("\n"))
    style, word = ("bold green", "passed") if outcome.status == PASSED else ("bold red", "FAILED")
    text = f"{ENDS.get(outcome.end, outcome.end)}, {outcome.virtual_s:.6f} s of virtual time"
    print(f"{paint(word, style, colour)} {outcome.name}: {text} in {outcome.seconds:.2f} s")
    if outcome.report:
        print(outcome.report)


def _run_one(
    args: argparse.Namespace,
    file: ScenarioFile,
    variant: Variant,
    show: Callable[[argparse.Namespace, Decoder], Show],
) -> Outcome:
    machines = Machines()
    scenario = file.scenario(variant)
    more = bool(args.trace or args.kernel)
    built = build(scenario, machines, more)
    decoder = Decoder(built)
    if variant.engine == "hosted":
        know_names(decoder, machines.get(built, variant.seed).machine)
    with ExitStack() as stack:
        trace = stack.enter_context(TraceFile(args.trace)) if args.trace else None
        stack.callback(machines.close)
        printer = Printer(scenario, decoder, show(args, decoder), trace, args.json)
        stack.callback(printer.close)
        outcome = execute(file, variant, machines, printer.seen, ALL_KINDS if more else 0)
    sys.stdout.flush()
    return outcome


class Printer:
    """Prints what happens: log lines, stimuli, what serial devices send."""

    def __init__(
        self, scenario: Scenario, decoder: Decoder, show: Show, trace: TraceFile | None, quiet: bool
    ) -> None:
        self.stimuli = [stimulus.action.said() for stimulus in scenario.stimuli]
        self.decoder = decoder
        self.show = show
        self.trace = trace
        self.quiet = quiet
        self.sent: dict[int, str] = {}  # lines that have no end yet
        self.last: dict[int, int] = {}  # and when their last character came
        self.devices = [str(d["name"]) for d in decoder.meta.get("devices", []) if d["model"]]

    def seen(self, event: Event) -> None:
        """An event of the run."""
        if event.kind == DO:
            self._line(event.time, "-", "DO", self.stimuli[event.code])
        elif event.kind == SERIAL:
            self._serial(event)
        elif not self.quiet and 1 << event.kind & KERNEL_KINDS:
            self.show(event, self.trace)
        if self.trace and event.kind != DO and (self.quiet or not 1 << event.kind & KERNEL_KINDS):
            self.trace.write(self.decoder.line(event))

    def _serial(self, event: Event) -> None:
        if event.args[1]:
            return  # a stimulus says so
        text = self.sent.pop(event.code, "") + chr(event.args[0] & 0xFF)
        self.last[event.code] = event.time
        if text.endswith("\n"):
            self._line(event.time, self.devices[event.code], "SENDS", text.rstrip("\r\n"))
        else:
            self.sent[event.code] = text

    def _line(self, time_: int, name: str, what: str, text: str) -> None:
        if not self.quiet:
            seconds = time_ / self.decoder.meta["tick_hz"]
            print(f"{seconds:12.6f}  {name:{self.decoder.name_width}} {what:5}  {text}")

    def close(self) -> None:
        """What is left of lines without an end."""
        for device, text in self.sent.items():
            self._line(self.last[device], self.devices[device], "SENDS", text)
        self.sent.clear()


def _run_many(args: argparse.Namespace, file: ScenarioFile, variants: list[Variant]) -> int:
    if args.trace or args.kernel:
        text = f"{shown(file.path)} stands for {len(variants)} runs; --trace and --kernel are for one"
        raise K5Error(text, "choose it with --board, --engine, --seed, --set NAME=VALUE")
    wanted = set(variants)
    started = time.monotonic()
    with progress("running") as bar:
        outcomes = pool.run([file], bar.update, lambda _, variant: variant in wanted)
    if args.json:
        for outcome in outcomes:
            print(json.dumps(outcome.json()))
        return exit_code(outcomes)
    for outcome in outcomes:
        if outcome.status == ERROR:
            print(f"could not run {outcome.name}:\n{outcome.report}")
        else:
            print_outcome(outcome)
    bad = sum(outcome.status != PASSED for outcome in outcomes)
    text = f"{len(outcomes) - bad} passed, {bad} failed"
    style = "bold red" if bad else "bold green"
    say(paint(text, style, coloured(sys.stderr)) + f" in {time.monotonic() - started:.1f} s")
    return exit_code(outcomes)
