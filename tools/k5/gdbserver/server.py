"""Serves a machine to debuggers: lets one in at a time, and carries packets."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from k5.gdbserver.links import Gone, Link, Listener, ready
from k5.gdbserver.packets import Packet, Reader, frame
from k5.gdbserver.session import Session

if TYPE_CHECKING:
    from k5.machine import Machine

LOOK_S = 0.2  # so often is looked whether it is all over
MOST_WAITING = 64  # packets of a client that does not wait for answers


class Client:
    """A debugger that is connected, and its session."""

    def __init__(
        self, machine: Machine, link: Link, listener: Listener | None, say: Callable[[str], None]
    ) -> None:
        self.link = link
        self.session = Session(machine, self.send, self._interrupted)
        self._listener = listener
        self._say = say
        self._reader = Reader()
        self._waiting: deque[Packet] = deque()
        self._wants_stop = False
        self._last = b""
        self._why_gone = ""

    def serve(self, over: Callable[[], bool]) -> str:
        """Until the client has gone, or it is all over; why."""
        try:
            while not self.session.ended and not over():
                if self._waiting:
                    self._wants_stop = False
                    self.session.handle(self._waiting.popleft().data)
                else:
                    self._look(LOOK_S)
                if self._why_gone:
                    raise Gone(self._why_gone)
        except Gone as gone:
            return str(gone)
        finally:
            self.session.close()
        return self.session.ended

    def send(self, data: bytes) -> None:
        """A packet to the client."""
        self._last = frame(data)
        self.link.write(self._last)

    def _interrupted(self) -> bool:
        """While the machine runs: does the client want it to stop?"""
        self._look(0)
        return self._wants_stop or bool(self._why_gone)

    def _look(self, timeout: float) -> None:
        files: list[Link | Listener] = [self.link]
        if self._listener:
            files.append(self._listener)
        for each in ready(files, timeout):
            if isinstance(each, Listener):
                refused = each.refuse(self.link.who)
                if refused:
                    self._say(f"{refused} is refused: {self.link.who} is connected")
            else:
                self._receive()

    def _receive(self) -> None:
        try:
            data = self.link.read()
        except Gone as gone:
            self._why_gone = str(gone)
            return
        for item in self._reader.feed(data):
            acks = not self.session.no_acks
            if isinstance(item, Packet):
                if acks:
                    self.link.write(b"+")
                if len(self._waiting) < MOST_WAITING:
                    self._waiting.append(item)
            elif item.what == "interrupt":
                self._wants_stop = True
            elif item.what == "damaged" and acks:
                self.link.write(b"-")
            elif item.what == "nak" and acks:
                self.link.write(self._last)


def serve(
    machine: Machine,
    listener: Listener,
    say: Callable[[str], None],
    over: Callable[[], bool] = lambda: False,
    once: bool = False,
) -> None:
    """One client after another, until it is all over; `once`: until the first has gone."""
    while not over():
        if not ready([listener], LOOK_S):
            continue
        link = listener.accept()
        if link is None:
            continue
        say(f"{link.who} is connected")
        why = Client(machine, link, listener, say).serve(over)
        link.close()
        say(f"{link.who} is gone ({why})")
        if once or why == "killed":
            return
