"""`tcp:PORT`: a serial line on a TCP port of the loopback interface, one client at a time."""

from __future__ import annotations

import contextlib
import errno
import select
import socket
import time
from collections.abc import Callable

from k5.errors import K5Error
from k5.serialport.end import CHUNK, End

LOOPBACK = "127.0.0.1"
MOST_AT_ONCE = 1 << 16
FINISH_S = 2.0  # how long a slow client may take for the last bytes


class TcpEnd(End):
    """A listening socket, and the client, if there is one."""

    paces = True

    def __init__(self, title: str, say: Callable[[str], None], port: int) -> None:
        super().__init__(title, say)
        self.port = port
        self._listener: socket.socket | None = None
        self._client: socket.socket | None = None
        self._who = ""

    def open(self) -> None:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((LOOPBACK, self.port))
            listener.listen()
        except OSError as problem:
            listener.close()
            raise K5Error(f"--serial {self.title}: {self._refusal(problem)}") from None
        listener.setblocking(False)
        self._listener = listener
        self.port = listener.getsockname()[1]
        self.say(f"serial {self.title}: {LOOPBACK}:{self.port} (try `nc {LOOPBACK} {self.port}`)")

    def _refusal(self, problem: OSError) -> str:
        if problem.errno == errno.EADDRINUSE:
            return f"port {self.port} is in use; name another, or tcp:0 for any that is free"
        if problem.errno == errno.EACCES:
            return f"port {self.port} needs root; name one from 1024 on"
        return f"port {self.port}: {problem.strerror}"

    def close(self) -> None:
        for each in (self._client, self._listener):
            if each:
                each.close()
        self._client = self._listener = None

    def read_files(self) -> list[int]:
        return [each.fileno() for each in (self._listener, self._client) if each]

    def read(self) -> bytes:
        return self._received() + self._accept()

    def _received(self) -> bytes:
        """All that there is, so that the end of it is seen, too; within limits."""
        data = b""
        while self._client and len(data) < MOST_AT_ONCE:
            try:
                more = self._client.recv(CHUNK)
            except BlockingIOError:
                break
            except OSError as problem:
                self._gone(problem.strerror or "lost")
                break
            if not more:
                self._gone("closed")
            data += more
        return data

    def write(self, data: bytes) -> None:
        self._keep(data)
        self._send()

    def tend(self) -> None:
        self._send()

    def _send(self) -> None:
        if not self._client:
            return
        try:
            self._flush(self._client.send)
        except OSError as problem:
            self._gone(problem.strerror or "lost")

    def finish(self) -> None:
        end = time.monotonic() + FINISH_S
        while self._client and self._kept and time.monotonic() < end:
            select.select([], [self._client], [], 0.1)
            self._send()
        super().finish()

    def _accept(self) -> bytes:
        """Lets clients in; what the present one has sent meanwhile."""
        data = b""
        while self._listener:
            try:
                found, (host, port) = self._listener.accept()
            except OSError:  # BlockingIOError, or it went away before it was accepted
                break
            who = f"{host}:{port}"
            # A client that comes right after another has gone must not find the line taken: what
            # the first one sent and its end lie before this connection.
            data += self._received()
            if self._client:
                self._refuse(found, who)
                continue
            found.setblocking(False)
            found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._client, self._who = found, who
            kept = f", {len(self._kept)} kept bytes go there" if self._kept else ""
            self.say(f"serial {self.title}: {who} is connected{kept}")
        return data

    def _refuse(self, found: socket.socket, who: str) -> None:
        with contextlib.suppress(OSError), found:
            text = f"K5: serial line {self.title} is taken by {self._who}; try again later\r\n"
            found.send(text.encode())
            found.shutdown(socket.SHUT_WR)
        self.say(f"serial {self.title}: {who} is refused, {self._who} is connected")

    def _gone(self, why: str) -> None:
        if self._client:
            self._client.close()
        self._client = None
        text = f"{self._who} is gone ({why.lower()}); what the line sends is kept for the next"
        self.say(f"serial {self.title}: {text}")
