"""Runs that the outside takes part in: serial lines to the world, real time, a window, pictures.

`add_arguments()` are the options of ./k5 run; `source()` is what the command iterates
over instead of an engine's Run.
"""

from __future__ import annotations

import argparse
import re
import select
import signal
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from k5 import packages
from k5.console import say
from k5.engine import ALL_KINDS, NOTABLE_KINDS, Run
from k5.errors import K5Error
from k5.live import Live
from k5.machine import BOARD_KINDS, LOG_KINDS, PIN, SERIAL, VALUE, Machine, Stop
from k5.pace import MAX, Pace, parse_speed
from k5.serialport import spec
from k5.serialport.link import Link
from k5.stimulus import Stimuli
from k5.stream import Event

if TYPE_CHECKING:
    from k5.gui.session import Session

TICK_S = 0.005  # of wall time between looks at the outside
ENDLESS_US = 10**15
SIZE, LEAST, MOST = (1280, 800), (820, 520), (4096, 4096)
ENDS = {Stop.HALT: "halt", Stop.PANIC: "panic", Stop.TIME: "time"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of what this module does."""
    group = parser.add_argument_group("the board and the world")
    group.add_argument(
        "--serial", action="append", default=[], metavar="[NAME=]END",
        help="connect a serial line: stdio, pty, pty:LINK, tcp:PORT, file:PATH, none",
    )  # fmt: skip
    group.add_argument("--log", metavar="FILE", help="write the log there instead of to stdout")
    group.add_argument("--realtime", action="store_true",
                       help="virtual time at the pace of the clock on the wall")  # fmt: skip
    group.add_argument("--speed", metavar="N", help="times faster than that, as 0.1 or 10; or max")
    group.add_argument("--gui", action="store_true", help="show the board in a window")
    group.add_argument("--screenshot", action="append", default=[], metavar="FILE[@TIME]",
                       help="save a picture of the same without a window, at a virtual time")  # fmt: skip
    group.add_argument("--size", metavar="WxH", help="of window and pictures (default: 1280x800)")


def wanted(args: argparse.Namespace) -> bool:
    """Whether the run is one of these."""
    return bool(args.serial or args.realtime or args.speed or args.gui or args.screenshot)


def first_option(args: argparse.Namespace) -> str:
    """One of the options for which it is."""
    names = ("gui", "screenshot", "serial", "realtime", "speed")
    return next(f"--{name}" for name in names if getattr(args, name))


def lasts(args: argparse.Namespace) -> bool:
    """Whether somebody watches, so that the run ends when they want it to."""
    options = _options(args)
    return options.gui or (wanted(args) and not options.shots and options.speed != MAX)


@dataclass(frozen=True)
class Options:
    """The same, checked."""

    serial: list[spec.Spec]
    speed: float
    gui: bool
    shots: list[tuple[Path, str]]
    size: tuple[int, int]


def _options(args: argparse.Namespace) -> Options:
    serial = [spec.parse(text) for text in args.serial]
    if args.gui and args.screenshot:
        raise K5Error("--screenshot needs no window: leave out --gui (F12 saves what it shows)")
    try:
        speed = parse_speed(args.speed) if args.speed else None
    except ValueError as problem:
        raise K5Error(f"--speed: {problem}") from None
    if speed == MAX and args.realtime:
        raise K5Error("--realtime and --speed max contradict each other")
    live = any(one.kind in ("stdio", "pty", "tcp") for one in serial)
    if speed is None:
        speed = 1.0 if args.realtime or args.gui or live else MAX
    shots = [_shot(text) for text in args.screenshot]
    return Options(serial, speed, args.gui, shots, _size(args.size))


def _shot(text: str) -> tuple[Path, str]:
    match = re.fullmatch(r"(.*)@([^@/]*)", text)
    path, when = (match[1], match[2]) if match else (text, "")
    if not path:
        raise K5Error(f"--screenshot {text}: which file? write FILE or FILE@TIME")
    return Path(path), when


def _size(text: str | None) -> tuple[int, int]:
    if text is None:
        return SIZE
    match = re.fullmatch(r"(\d{1,5})x(\d{1,5})", text)
    if not match:
        raise K5Error(f"--size: '{text}' is no size; write WIDTHxHEIGHT, as 1600x1000")
    size = int(match[1]), int(match[2])
    for axis, most, least in zip(size, MOST, LEAST, strict=True):
        if not least <= axis <= most:
            raise K5Error(f"--size: {text} is not between {_x(LEAST)} and {_x(MOST)}")
    return size


def _x(size: tuple[int, int]) -> str:
    return f"{size[0]}x{size[1]}"


def log_is_on_stderr(args: argparse.Namespace) -> bool:
    """Where a serial line is on stdout, the log is not."""
    return any(spec.parse(text).kind == "stdio" for text in args.serial)


def source(run: Run, args: argparse.Namespace) -> Iterable[Event]:
    """The events of the run: as the engine makes them, or with the outside taking part."""
    if not wanted(args):
        return run
    options = _options(args)
    if run.engine != "hosted":
        text = f"is for --engine hosted, not for --engine {run.engine}"
        raise K5Error(f"{first_option(args)} {text}")
    if options.gui or options.shots:
        packages.need(
            "--gui" if options.gui else "--screenshot", "python3-pygame", "fonts-dejavu-core"
        )
    session = Interactive(run, options)
    if options.gui:
        return session.window()
    return session.pictures() if options.shots else session.plain()


@dataclass
class Interactive:
    """One run of these."""

    run: Run
    options: Options
    links: list[Link] = field(default_factory=list)

    def _pace(self) -> Pace:
        return Pace(int(self.run.built.meta["tick_hz"]), self.options.speed)

    def _connect(self, stack: ExitStack, stimuli: Stimuli) -> None:
        """Opens all ends, or none."""
        machine = stimuli.machine
        specs = spec.assign(self.options.serial, machine.serials(), spec.used(machine))
        for name, one in specs.items():
            end = one.end(name, say)
            stack.callback(end.close)
            end.open()
            self.links.append(Link(stimuli, name, end))

    def _over(self, signals: _Signals) -> bool:
        """Whether the person wants the run to end."""
        return signals.came or any(link.end.over for link in self.links)

    def _ended(self, machine: Machine, stop: Stop | None) -> None:
        """What the summary needs."""
        for link in self.links:
            link.finish()
        if self.run.on_end:
            self.run.on_end(machine)
        self.run.instructions = machine.instructions
        self.run.end = ENDS.get(stop, "quit") if stop else "quit"
        self.run.until_us = int(machine.now_us)

    def plain(self) -> Iterator[Event]:
        """Without a picture: serial lines, at a pace."""
        kinds = ALL_KINDS if self.run.kernel_events else LOG_KINDS | NOTABLE_KINDS | BOARD_KINDS
        with ExitStack() as stack:
            machine = stack.enter_context(Machine(self.run.built, self.run.seed, kinds))
            if self.run.on_boot:
                self.run.on_boot(machine)
            live = Live(machine, self._pace(), self.run.until())
            self._connect(stack, live.stimuli)
            signals = stack.enter_context(_Signals())
            while live.ended is None and not self._over(signals):
                self._wait(0.0 if live.pace.speed == MAX else TICK_S)
                live.advance(TICK_S)
                for link in self.links:
                    link.carry()
                yield from self._told(machine.take())
            self._ended(machine, live.ended)

    def _told(self, events: list[Event]) -> list[Event]:
        """Without those that are here for the serial lines alone."""
        if self.run.kernel_events:
            return events
        return [event for event in events if event.kind not in (PIN, SERIAL, VALUE)]

    def _wait(self, seconds: float) -> None:
        sys.stdout.flush()
        files = [file for link in self.links for file in link.read_files()]
        select.select(files, [], [], seconds)

    def _session(self, stack: ExitStack, pace: Pace) -> Session:
        from k5.gui.session import Session

        run = self.run
        session = Session(run.built, run.seed, pace, self.run.until(), traced=run.kernel_events)
        stack.callback(session.close)
        if run.on_boot:
            run.on_boot(session.machine)
        self._connect(stack, session.live.stimuli)
        for console in session.view.consoles:
            ends = [link.end.title for link in self.links if link.name == console.name]
            console.note = f"also {ends[0]}" if ends else ""
        return session

    def window(self) -> Iterator[Event]:
        """With a window."""
        from k5.gui.window import Window

        with ExitStack() as stack:
            session = self._session(stack, self._pace())
            window = Window(session, self.options.size, self.links)
            stack.callback(window.close)
            signals = stack.enter_context(_Signals())
            for events in window.frames():
                yield from events
                sys.stdout.flush()
                window.quit |= self._over(signals)
            self._ended(session.machine, session.live.ended)

    def pictures(self) -> Iterator[Event]:
        """With pictures at their times."""
        from k5.commands.run import duration_us
        from k5.gui import shots

        with ExitStack() as stack:
            session = self._session(stack, Pace(1, 1.0))
            wanted_ = []
            for path, when in self.options.shots:
                text = f"{path}@{when}" if when else str(path)
                try:
                    at = duration_us(when) if when else None
                except argparse.ArgumentTypeError as problem:
                    raise K5Error(f"--screenshot {text}: {problem}") from None
                if at is not None and at > self.run.until_us:
                    until = f"--until {self.run.until_us / 1e6:g}s"
                    raise K5Error(f"--screenshot {text}: its time is behind {until}")
                wanted_.append(shots.Shot(path, at, text))
            end = self._last(wanted_, session)
            for shot, events in shots.take(session, wanted_, self.options.size, end):
                yield from events
                if shot:
                    say(f"{shot.path}: {_x(self.options.size)}, at {session.view.seconds:.6f} s")
            self._ended(session.machine, session.live.ended or Stop.TIME)

    def _last(self, wanted_: list[Any], session: Session) -> int:
        """With times for all pictures the run ends with the last one."""
        if any(shot.at_us is None for shot in wanted_):
            return self.run.until()
        return session.machine.ticks(max(shot.at_us for shot in wanted_))


class _Signals:
    """While it lasts, the first request to end a run only notes that, so that the loop ends as it
    always does and everything is put back; the second one interrupts."""

    NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def __init__(self) -> None:
        self.came = False

    def __enter__(self) -> _Signals:
        self._before = {number: signal.signal(number, self._note) for number in self.NUMBERS}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.came:
            raise KeyboardInterrupt
        self.came = True
