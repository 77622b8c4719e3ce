"""Machines for debuggers: booted, with a history, at the beginning of what they are to do."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from k5 import builder, recording
from k5.builder import Built
from k5.errors import K5Error
from k5.gdbserver.motion import RECORDED
from k5.machine import Machine
from k5.scenario.command import values
from k5.scenario.load import ScenarioFile, is_scenario
from k5.why.runs import Choice, opened

# Instructions between two snapshots of the past: a step back takes some milliseconds, and going
# forward costs about a hundredth more than without.
INTERVAL = 1_000_000
SNAPSHOTS = 256


def _choice(args: argparse.Namespace) -> Choice:
    return Choice(0, None, args.board, args.seed, tuple(values(args.set).items()))


def build(args: argparse.Namespace) -> Built:
    """The system that the command line is about."""
    path = builder.find(args.system)
    if recording.is_recording(path):
        return recording.load(path).built()
    if is_scenario(path):
        choice = _choice(args)
        file = ScenarioFile(path)
        variant = file.chosen(choice.board, "hosted", choice.seed, dict(choice.values))[0]
        return builder.build(file.scenario(variant).settings.system, variant.board)
    if args.set:
        raise K5Error(f"--set is for scenarios; {args.system} is a system")
    return builder.build(path, args.board)


@contextmanager
def _trial(campaign: Path, number: int) -> Iterator[Machine]:
    """Right behind the injection of a campaign's trial: its past begins there."""
    from k5.campaign import trial

    with trial.open(campaign, number) as made:
        made.take()
        if not made.points():
            made.history_start(INTERVAL, SNAPSHOTS)
        yield made


@contextmanager
def machine(args: argparse.Namespace) -> Iterator[Machine]:
    """What the command line asks for. A scenario or a recording has run once then: what comes from
    outside is in the machine's journal, and comes again by itself."""
    path = builder.find(args.system)
    if args.trial is not None:
        with _trial(path, args.trial) as made:
            yield made
        return
    if args.replay:
        recording.load(Path(args.replay)).check(build(args))
        path = Path(args.replay)
        args = argparse.Namespace(board=None, seed=None, set=[])
    if recording.is_recording(path) or is_scenario(path):
        with opened(str(path), _choice(args)) as made:
            made.goto(made.span[0])
            yield made
    else:
        with Machine(build(args), args.seed or 0, RECORDED) as made:
            made.history_start(INTERVAL, SNAPSHOTS)
            yield made
