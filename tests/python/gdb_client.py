"""A client of the GDB server for tests: packets by hand, to a machine in this process."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator

from k5 import Machine
from k5.gdbserver.links import LOOPBACK, Listener
from k5.gdbserver.packets import Packet, Reader, frame
from k5.gdbserver.server import serve
from k5.gdbserver.session import Session


class Direct:
    """A session without a connection: what packets bring about is kept."""

    def __init__(self, machine: Machine, interrupt_after: int | None = None) -> None:
        self.sent: list[bytes] = []
        self.looks = 0
        self.interrupt_after = interrupt_after
        self.session = Session(machine, self.sent.append, self._interrupted)

    def _interrupted(self) -> bool:
        self.looks += 1
        return self.interrupt_after is not None and self.looks > self.interrupt_after

    def ask(self, text: str | bytes) -> str:
        """The answer, without what went to the console before it."""
        self.sent.clear()
        self.session.handle(text.encode() if isinstance(text, str) else text)
        return self.sent[-1].decode("latin-1") if self.sent else ""

    @property
    def console(self) -> str:
        """What the last packet printed."""
        parts = [bytes.fromhex(data[1:].decode()) for data in self.sent if data[:1] == b"O"
                 and data != b"OK"]  # fmt: skip
        return b"".join(parts).decode()

    def monitor(self, line: str) -> str:
        """A monitor command's output."""
        assert self.ask("qRcmd," + line.encode().hex()) == "OK"
        return self.console


class Raw:
    """A connection to a server."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection((LOOPBACK, port), timeout=10)
        self._reader = Reader()
        self._packets: list[bytes] = []
        self.signals: list[str] = []

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def packet(self) -> bytes:
        """The next one."""
        while not self._packets:
            data = self.socket.recv(65536)
            assert data, "the server has closed"
            for item in self._reader.feed(data):
                if isinstance(item, Packet):
                    self._packets.append(item.data)
                else:
                    self.signals.append(item.what)
        return self._packets.pop(0)

    def answer(self) -> bytes:
        """The next one that is none for the console."""
        while True:
            data = self.packet()
            if data[:1] != b"O" or data == b"OK":
                return data

    def ask(self, text: str) -> bytes:
        self.send(frame(text.encode()))
        return self.answer()

    def close(self) -> None:
        self.socket.close()


@contextlib.contextmanager
def served(machine: Machine, said: list[str] | None = None) -> Iterator[int]:
    """The port of a server in a thread of its own."""
    over = threading.Event()
    listener = Listener(0)
    say: Callable[[str], None] = (said if said is not None else []).append
    thread = threading.Thread(target=serve, args=(machine, listener, say, over.is_set))
    thread.start()
    try:
        yield listener.port
    finally:
        over.set()
        thread.join(timeout=20)
        listener.close()
        assert not thread.is_alive()
