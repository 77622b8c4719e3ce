"""`stdio`: a serial line on this terminal, or on this process's pipes.

A terminal is set to raw mode, so that each key goes to the board, Ctrl-C too.
Ctrl-A begins a command to K5 itself.
"""

from __future__ import annotations

import os
import select
import sys
import termios
from collections.abc import Callable
from typing import Any

from k5.errors import K5Error
from k5.serialport.end import CHUNK, End

ESCAPE = 0x01  # Ctrl-A
HELP = "Ctrl-A x ends the run, Ctrl-A Ctrl-A sends Ctrl-A, Ctrl-A h says this"
INPUT, OUTPUT, LOCAL = 0, 1, 3  # places in what tcgetattr() returns


class Escape:
    """Takes commands to K5 out of what is typed."""

    def __init__(self) -> None:
        self._begun = False

    def typed(self, data: bytes) -> tuple[bytes, str]:
        """What is for the board, and the letters of the commands."""
        rest, commands = bytearray(), ""
        for byte in data:
            if not self._begun:
                if byte == ESCAPE:
                    self._begun = True
                else:
                    rest.append(byte)
                continue
            self._begun = False
            if byte == ESCAPE:
                rest.append(byte)
            else:
                commands += chr(byte).lower()
        return bytes(rest), commands


class StdioEnd(End):
    """Standard input and output."""

    paces = True

    def __init__(
        self, title: str, say: Callable[[str], None], files: tuple[int, int] = (0, 1)
    ) -> None:
        super().__init__(title, say)
        self._in, self._out = files
        self._escape = Escape()
        self._at_end = False
        self._before: list[Any] | None = None  # the terminal's settings

    def open(self) -> None:
        if not os.isatty(self._in):
            return
        try:
            self._before = termios.tcgetattr(self._in)
            raw = termios.tcgetattr(self._in)
        except termios.error as problem:
            raise K5Error(f"--serial {self.title}: no raw mode: {problem.args[-1]}") from None
        raw[INPUT] &= ~(termios.ICRNL | termios.INLCR | termios.IGNCR)
        raw[INPUT] &= ~(termios.IXON | termios.ISTRIP)
        raw[LOCAL] &= ~(termios.ECHO | termios.ICANON | termios.ISIG | termios.IEXTEN)
        # OPOST stays: a log on the same terminal still begins each line on the left.
        termios.tcsetattr(self._in, termios.TCSADRAIN, raw)
        self.say(f"serial {self.title}: the keys go to the board; {HELP}")

    def close(self) -> None:
        if self._before is not None:
            termios.tcsetattr(self._in, termios.TCSADRAIN, self._before)
            self._before = None

    def read_files(self) -> list[int]:
        return [] if self._at_end else [self._in]

    def read(self) -> bytes:
        if self._at_end or not select.select([self._in], [], [], 0)[0]:
            return b""
        try:
            data = os.read(self._in, CHUNK)
        except OSError:  # the terminal is gone
            data = b""
        if not data:
            self._at_end = True
            if self._before is not None:
                self.say(f"serial {self.title}: the terminal is gone, the run ends")
                self.over = True
            return b""
        if self._before is None:  # a pipe or a file: no person, so no commands
            return data
        data, commands = self._escape.typed(data)
        self._obey(commands)
        return data

    def _obey(self, commands: str) -> None:
        for letter in commands:
            if letter == "x":
                self.over = True
            elif letter == "h":
                self.say(HELP)
            else:
                self.say(f"Ctrl-A {letter!r} is nothing: {HELP}")

    def write(self, data: bytes) -> None:
        sys.stdout.flush()
        try:
            while data:
                data = data[os.write(self._out, data) :]
        except BrokenPipeError:
            self._keep(data)
            if not self.over:
                self.say(f"serial {self.title}: the reader of stdout is gone, the run ends")
            self.over = True
