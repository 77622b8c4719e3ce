"""Decode a captured or live event stream of a board.

SOURCE is a file, - for stdin, or a serial device. The stream is what an image
sends: COBS frames with check sums. The texts come from the system that was
built: name it with --system (and --board).

Exit code: 0 decoded, 1 the stream was damaged, 2 could not run.
"""

from __future__ import annotations

import argparse
import errno
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from k5 import builder
from k5.commands.run import Printer, integer
from k5.console import warning
from k5.decode import Decoder
from k5.errors import FAILED, PASSED, K5Error
from k5.stream import Damage
from k5.stream import Decoder as StreamDecoder

CHUNK = 4096


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", metavar="SOURCE", help="a file, - for stdin, or a serial device")
    parser.add_argument("--system", default="demo", help="the system that sends (default: demo)")
    parser.add_argument("--board", help="instead of the board that the description names")
    parser.add_argument(
        "--baud", type=integer, default=115200, help="of a device (default: 115200)"
    )
    parser.add_argument("--kernel", action="store_true", help="print the kernel's events, too")
    parser.add_argument("--json", action="store_true", help="print JSON lines instead of text")


@contextmanager
def opened(source: str, baud: int) -> Iterator[BinaryIO]:
    """The byte stream; a serial device is first set to raw mode."""
    if source == "-":
        yield sys.stdin.buffer
        return
    try:
        if stat.S_ISCHR(os.stat(source).st_mode):
            _set_raw(source, baud)
        with open(source, "rb", buffering=0) as file:
            yield file
    except OSError as problem:
        raise K5Error(f"{source}: {(problem.strerror or 'cannot read').lower()}") from None


def _set_raw(device: str, baud: int) -> None:
    command = ["stty", "-F", device, "raw", "-echo", str(baud)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise K5Error(f"{device}: {done.stderr.strip()}")


def main(args: argparse.Namespace) -> int:
    """Exit code: 0 decoded, 1 damaged, 2 could not run."""
    built = builder.build(builder.find(args.system), args.board)
    printer = Printer(args, Decoder(built))
    frames = StreamDecoder()
    damages = events = 0
    with opened(args.source, args.baud) as file:
        while chunk := _read(file):
            for item in frames.feed(chunk):
                if isinstance(item, Damage):
                    damages += 1
                    warning(str(item))
                else:
                    events += 1
                    printer.show(item)
            sys.stdout.flush()
    for damage in frames.close():
        damages += 1
        warning(str(damage))
    if not events and not damages:
        warning(f"{args.source}: holds no events")
    return FAILED if damages else PASSED


def _read(file: BinaryIO) -> bytes:
    """What there is; a live stream comes in pieces, and ends when its device goes away."""
    read = getattr(file, "read1", file.read)
    try:
        data: bytes = read(CHUNK)
    except OSError as problem:
        if problem.errno != errno.EIO:
            raise
        return b""
    return data
