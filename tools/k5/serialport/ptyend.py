"""`pty`: a pseudo-terminal for a terminal program, `pty:LINK` with a name of its own."""

from __future__ import annotations

import os
import select
import tty
from collections.abc import Callable
from pathlib import Path

from k5.errors import K5Error
from k5.serialport.end import CHUNK, End


class PtyEnd(End):
    """The master's side. K5 does not hold the other side open, so it sees clients come and go."""

    paces = True

    def __init__(self, title: str, say: Callable[[str], None], link: Path | None) -> None:
        super().__init__(title, say)
        self.name = ""
        self._link = link
        self._linked = False
        self._master = -1
        self._here = False  # a client has it open

    def open(self) -> None:
        try:
            self._master, slave = os.openpty()
        except OSError as problem:
            raise K5Error(f"--serial {self.title}: no pty: {problem.strerror}") from None
        tty.setraw(slave)
        self.name = os.ttyname(slave)
        os.close(slave)
        os.set_blocking(self._master, False)
        if self._link:
            self._make_link(self._link)
        shown = f"{self._link} -> {self.name}" if self._link else self.name
        self.say(f"serial {self.title}: {shown} (for a terminal program: `picocom {self.name}`)")

    def _make_link(self, link: Path) -> None:
        try:
            if link.is_symlink():
                link.unlink()  # of an earlier run
            link.symlink_to(self.name)
            self._linked = True
        except FileExistsError:
            self.close()
            text = f"{link} exists and is no symbolic link; name another"
            raise K5Error(f"--serial {self.title}: {text}") from None
        except OSError as problem:
            self.close()
            reason = (problem.strerror or "cannot link").lower()
            raise K5Error(f"--serial {self.title}: {link}: {reason}") from None

    def close(self) -> None:
        if self._link and self._linked and self._link.is_symlink():
            if os.readlink(self._link) == self.name:
                self._link.unlink()
        self._linked = False
        if self._master >= 0:
            os.close(self._master)
            self._master = -1

    def _state(self) -> int:
        poll = select.poll()
        poll.register(self._master, select.POLLIN)
        found = poll.poll(0)
        return found[0][1] if found else 0

    def read_files(self) -> list[int]:
        # Without a client it would be readable all the time.
        return [self._master] if self._here else []

    def read(self) -> bytes:
        if not self._state() & select.POLLIN:
            return b""
        try:
            return os.read(self._master, CHUNK)
        except OSError:  # BlockingIOError, or EIO: the client has gone, nothing is left
            return b""

    def write(self, data: bytes) -> None:
        self._keep(data)
        self.tend()

    def tend(self) -> None:
        state = self._state()
        here = not state & select.POLLHUP
        if here != self._here:
            self._here = here
            self.say(f"serial {self.title}: {self._news(here)}")
        if here:
            self._flush(lambda data: os.write(self._master, data))

    def _news(self, here: bool) -> str:
        if not here:
            return f"{self.name} is closed; what the line sends is kept for the next to open it"
        kept = f", {len(self._kept)} kept bytes go there" if self._kept else ""
        return f"{self.name} is open{kept}"
