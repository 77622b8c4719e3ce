"""The options of ./k5 run that are about other runs than this one: recordings and snapshots."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

from k5.console import say
from k5.errors import K5Error
from k5.paths import shown
from k5.recording import Recording
from k5.recording import load as load_recording
from k5.snapshotfile import SavedSnapshot
from k5.snapshotfile import load as load_snapshot

_OPTIONS = {"record": "--record", "replay": "--replay", "start": "--from", "save": "--save"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options."""
    group = parser.add_argument_group("recordings and snapshots")
    group.add_argument(
        "--record", metavar="FILE", help="write down all that comes from outside while it runs"
    )
    group.add_argument("--replay", metavar="FILE", help="run as it was recorded, up to its end")
    group.add_argument("--save", metavar="FILE", help="keep the machine as it is when it stops")
    group.add_argument(
        "--from", dest="start", metavar="FILE", help="go on from where another run was saved"
    )


@dataclass(frozen=True)
class Chosen:
    """The same, read."""

    record: Path | None = None
    replay: Recording | None = None
    start: SavedSnapshot | None = None
    save: Path | None = None


def first_option(args: argparse.Namespace) -> str | None:
    """One of the options that was given."""
    return next((text for name, text in _OPTIONS.items() if getattr(args, name)), None)


def chosen(args: argparse.Namespace) -> Chosen:
    """What they name. Board and seed are then those of the recording or the snapshot."""
    option = first_option(args)
    if option is None:
        return Chosen()
    if args.engine != "hosted":
        raise K5Error(f"{option} is for --engine hosted, not for --engine {args.engine}")
    given = [name for name in ("record", "replay", "start") if getattr(args, name)]
    if len(given) > 1:
        first, second = (_OPTIONS[name] for name in given[:2])
        raise K5Error(f"{first} and {second} exclude each other: each says how the run begins")
    replay = load_recording(Path(args.replay)) if args.replay else None
    start = load_snapshot(Path(args.start)) if args.start else None
    for found in (replay, start):
        if found:
            args.board = args.board or found.board
            args.seed = found.seed if args.seed is None else args.seed
    if replay and not replay.ended:
        text = f"the session did not come to its end; its last mark is at tick {replay.end.now}"
        say(f"{shown(replay.path)}: {text}")
    record, save = (Path(path) if path else None for path in (args.record, args.save))
    return Chosen(record, replay, start, save)
