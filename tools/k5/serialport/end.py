"""The outer end of a serial line: what all kinds share.

An end never blocks the machine for long and never drops a byte that somebody may
still want: what cannot go out yet is kept, and goes to whoever comes next.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from k5.errors import FAILED, K5Error

MOST_KEPT = 1 << 20  # bytes for a client that has not come yet
CHUNK = 4096


class End:
    """Base of all ends; by itself the end of a line that leads nowhere."""

    paces = False  # whether a person or a program with a clock is at the other side

    def __init__(self, title: str, say: Callable[[str], None]) -> None:
        self.title = title  # NAME=KIND, for messages
        self.say = say
        self.over = False  # the person at this end asks to end the run
        self._kept = bytearray()
        self._lost = 0

    def open(self) -> None:
        """Takes what it needs and says where it is; K5Error if it cannot."""

    def close(self) -> None:
        """Gives everything back; safe to call twice."""

    def read_files(self) -> list[int]:
        """What to wait for when input is welcome."""
        return []

    def read(self) -> bytes:
        """What came in since; never waits."""
        return b""

    def write(self, data: bytes) -> None:
        """Sends, or keeps for later."""

    def tend(self) -> None:
        """Regular work: clients that come and go, kept bytes that can go out now."""

    def finish(self) -> None:
        """The machine has ended: a last chance for kept bytes."""
        if self._kept or self._lost:
            count = len(self._kept) + self._lost
            self.say(f"serial {self.title}: {count} bytes were never read by anyone")

    def _keep(self, data: bytes) -> None:
        """Behind what is kept already; where that is too much, the oldest bytes go."""
        self._kept += data
        excess = len(self._kept) - MOST_KEPT
        if excess > 0:
            if not self._lost:
                text = f"nobody reads; only the last {MOST_KEPT} bytes are kept"
                self.say(f"serial {self.title}: {text}")
            self._lost += excess
            del self._kept[:excess]

    def _flush(self, send: Callable[[bytes], int]) -> None:
        """Sends what is kept; BlockingIOError of `send` means later."""
        try:
            while self._kept:
                sent = send(bytes(self._kept[:CHUNK]))
                del self._kept[:sent]
        except BlockingIOError:
            pass


class NoEnd(End):
    """`none`: what the line sends is dropped, on purpose."""

    def finish(self) -> None:
        """Nothing was kept."""


class FileEnd(End):
    """`file:PATH`: what the line sends, byte for byte."""

    def __init__(self, title: str, say: Callable[[str], None], path: Path) -> None:
        super().__init__(title, say)
        self.path = path
        self._file = -1

    def open(self) -> None:
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
            self._file = os.open(self.path, flags, 0o666)
        except OSError as problem:
            reason = (problem.strerror or "cannot write").lower()
            raise K5Error(f"--serial {self.title}: {self.path}: {reason}") from None

    def write(self, data: bytes) -> None:
        try:
            while data:
                data = data[os.write(self._file, data) :]
        except OSError as problem:
            reason = (problem.strerror or "cannot write").lower()
            raise K5Error(f"serial {self.title}: {self.path}: {reason}", status=FAILED) from None

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
