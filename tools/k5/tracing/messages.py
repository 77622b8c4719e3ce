"""Who sent a message to whom, worked out from the events of a trace.

The kernel tells when a thread gets a message (RESULT of recv), but not from whom.
Inside one entry into the kernel that is clear: from the thread that made it, or,
if the receiver made it, from who waits in its queue. If several wait there, the
reply tells, which names the caller (a reply capability is sequence << 8 | thread).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from k5.decode import NOBODY, Line

SENDING = ("send", "call")
RECEIVING = ("recv", "reply_recv")
REPLYING = ("reply", "reply_recv")
NO_MESSAGES = ("NOTIFICATION", "FAULT")  # results of recv that nobody sent


@dataclass(frozen=True)
class Arrow:
    """A message, or the reply to a call, from one thread to another."""

    what: str  # send, call or reply
    sender: str
    sent: int  # ns: when its sender entered the kernel with it
    receiver: str
    received: int
    round_trip: int | None = None  # of a reply: ns since the call was made


@dataclass
class Pending:
    """A message that nobody has received yet."""

    what: str
    sender: str
    sent: int
    receiver: str | None  # None: sent through a capability that the description does not know


@dataclass
class Matcher:
    """Feed it all lines of a trace, in order."""

    _entered: str = ""  # thread of the last ENTER: the entry that is still going on,
    _entry_ns: int = -1  # while the time is this
    _calls: dict[str, str] = field(default_factory=dict)  # thread: the call it is in
    _made: dict[str, int] = field(default_factory=dict)  # thread: when it entered its call
    _pending: dict[str, Pending] = field(default_factory=dict)  # by sender
    _ring: dict[str, deque[Pending]] = field(default_factory=dict)  # by receiver
    _unclear: dict[str, tuple[int, list[Pending]]] = field(default_factory=dict)  # by receiver
    _numbers: dict[int, str] = field(default_factory=dict)
    _tasks: dict[str, str] = field(default_factory=dict)  # by thread
    _learned: dict[tuple[str, int], str] = field(default_factory=dict)  # task, cptr: receiver
    _cptr: tuple[str, int] = ("", 0)  # of the last message that was sent

    def feed(self, line: Line) -> Iterator[Arrow]:
        """The messages and replies that a line completes."""
        if line.event.thread != NOBODY:
            self._numbers[line.event.thread] = line.name
            self._tasks[line.name] = line.task
        if line.kind == "ENTER":
            yield from self._enter(line)
        elif line.kind == "RESULT":
            yield from self._result(line)
        elif line.kind == "TASK" and line.fields.get("state") in ("BACKOFF", "STOPPED"):
            self._forget(line.task)

    def _forget(self, task: str) -> None:
        """The threads of a task that ends have nothing under way any more."""
        for name in [name for name, of in self._tasks.items() if of == task]:
            self._calls.pop(name, None)
            self._pending.pop(name, None)
            self._ring.pop(name, None)
            self._unclear.pop(name, None)

    def _enter(self, line: Line) -> Iterator[Arrow]:
        name, call = line.name, str(line.fields.get("call"))
        self._entered, self._entry_ns = name, line.ns
        self._calls[name] = call
        self._made[name] = line.ns
        if call in REPLYING and name in self._unclear:
            yield from self._clear_up(line)
        if call in SENDING:
            cptr = line.event.args[0]
            to = line.fields.get("receiver") or self._learned.get((line.task, cptr))
            self._pending[name] = Pending(call, name, line.ns, to)
            self._cptr = (line.task, cptr)

    def _clear_up(self, line: Line) -> Iterator[Arrow]:
        """The reply says whose call it was that had been received."""
        received, candidates = self._unclear.pop(line.name)
        sender = self._numbers.get(line.event.args[0] & 0xFF)
        for pending in candidates:
            if pending.sender == sender:
                yield self._delivered(pending, line.name, received)

    def _delivered(self, pending: Pending, receiver: str, received: int) -> Arrow:
        if self._pending.get(pending.sender) is pending:
            del self._pending[pending.sender]
        return Arrow(pending.what, pending.sender, pending.sent, receiver, received)

    def _result(self, line: Line) -> Iterator[Arrow]:
        name, call = line.name, str(line.fields.get("call"))
        done = line.fields.get("error") == "OK"
        if call in RECEIVING and done and line.fields.get("message") not in NO_MESSAGES:
            yield from self._received(line)
        elif call in SENDING:
            yield from self._sent(line, call, done)
        if self._calls.get(name) == call:
            del self._calls[name]

    def _received(self, line: Line) -> Iterator[Arrow]:
        name, by = line.name, self._entered
        if by != name and self._entry_ns == line.ns and by in self._pending:
            self._learned[self._cptr] = name
            yield self._delivered(self._pending[by], name, line.ns)
            return
        if self._ring.get(name):
            yield self._delivered(self._ring[name].popleft(), name, line.ns)
            return
        waiting = [p for p in self._pending.values() if p.receiver in (name, None)]
        if len(waiting) == 1:
            yield self._delivered(waiting[0], name, line.ns)
        elif waiting:
            self._unclear[name] = line.ns, waiting

    def _sent(self, line: Line, call: str, done: bool) -> Iterator[Arrow]:
        """A sender goes on: its message was received, queued, answered or refused."""
        name, by = line.name, self._entered
        pending = self._pending.pop(name, None)
        if call == "send" and done and pending is not None:
            if by == name and pending.receiver is not None:  # put into the queue
                self._ring.setdefault(pending.receiver, deque()).append(pending)
            elif by in self._unclear:  # taken out of it, in the receiver's entry
                received, _ = self._unclear.pop(by)
                yield self._delivered(pending, by, received)
        elif call == "call" and done and by != name and self._calls.get(by) in REPLYING:
            trip = line.ns - self._made.get(name, line.ns)
            yield Arrow("reply", by, self._entry_ns, name, line.ns, trip)
