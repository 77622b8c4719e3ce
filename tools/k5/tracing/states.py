"""What each thread is doing, worked out from the events of a trace.

The kernel tells who runs (SWITCH, PREEMPT, IDLE), what a thread asks for (ENTER)
and when it gets it (RESULT): one that leaves the CPU inside a call waits for it,
one that leaves it otherwise is ready, or has no time to run on. A trace that
begins in the middle shows a thread as unknown until its first event.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from k5.decode import Line

PREEMPTED = "preempted"
UNCALLED = "not called yet"


class State(enum.Enum):
    """What a thread is doing; the value is the word for it."""

    UNKNOWN = "unknown"
    OFF = "off"
    READY = "ready"
    RUNNING = "running"
    BLOCKED = "blocked"
    EXHAUSTED = "exhausted"
    HELD = "held"


@dataclass(frozen=True)
class Change:
    """A thread's state ends, and another one begins, at `ns`."""

    name: str
    task: str
    ns: int
    since: int  # begin of the state that ends
    before: State
    after: State
    reason: str  # of the one that begins: the call that it waits in, or PREEMPTED
    was: str  # reason of the one that ends


@dataclass
class Call:
    """A system call without result so far."""

    name: str
    object: str  # that its capability stands for, where that is known

    @property
    def what(self) -> str:
        """`call bar`."""
        return f"{self.name} {self.object}".rstrip()


@dataclass
class Thread:
    """What is known of a thread now."""

    name: str
    task: str
    passive: bool = False
    starts: bool = True
    state: State = State.UNKNOWN
    since: int = 0
    reason: str = ""
    call: Call | None = None
    payer: str = ""


@dataclass
class Tracker:
    """Feed it all lines of a trace, in order."""

    threads: dict[str, Thread] = field(default_factory=dict)
    running: str | None = None
    ns: int = 0  # time of the last line
    _cooling: set[str] = field(default_factory=set)
    _tasks: dict[str, str] = field(default_factory=dict)  # state of those that are not READY

    def feed(self, line: Line) -> Iterator[Change]:
        """The changes that a line brings."""
        self.ns = line.ns
        handle = getattr(self, f"_on_{line.kind.lower()}", None)
        if handle is not None:
            yield from handle(line)

    def close(self, ns: int) -> Iterator[Change]:
        """The end of the trace: each thread's last state ends, and nothing begins."""
        for thread in self.threads.values():
            yield self._change(thread, ns, State.UNKNOWN)

    def thread(self, name: str, task: str) -> Thread:
        """A thread by its name, known from now on."""
        found = self.threads.get(name)
        if found is None:
            found = self.threads[name] = Thread(name, task)
        return found

    def _of(self, line: Line) -> Thread:
        return self.thread(line.name, line.task)

    @staticmethod
    def _change(thread: Thread, ns: int, after: State, reason: str = "") -> Change:
        change = Change(thread.name, thread.task, ns, thread.since, thread.state, after, reason,
                        thread.reason)  # fmt: skip
        thread.state, thread.reason, thread.since = after, reason, ns
        return change

    def _move(self, thread: Thread, after: State, reason: str = "") -> Iterator[Change]:
        if (thread.state, thread.reason) != (after, reason):
            yield self._change(thread, self.ns, after, reason)

    # ---- who runs

    def _on_boot(self, line: Line) -> Iterator[Change]:
        """The threads as the description has them; also after a reset."""
        self.running = None
        self._cooling.clear()
        self._tasks.clear()
        for entry in _entries(line.fields.get("threads")):
            thread = self.thread(entry["name"], entry["task"])
            thread.passive, thread.call, thread.payer = bool(entry.get("passive")), None, ""
            thread.starts = bool(entry.get("starts"))
            yield from self._begin(thread)

    def _begin(self, thread: Thread) -> Iterator[Change]:
        """A thread at its entry."""
        thread.call = None
        if not thread.starts:
            yield from self._move(thread, State.OFF)
        elif thread.passive:
            yield from self._move(thread, State.BLOCKED, UNCALLED)
        else:
            yield from self._move(thread, State.READY)

    def _on_switch(self, line: Line) -> Iterator[Change]:
        if self.running is not None:
            yield from self._leave(self.threads[self.running])
        thread = self._of(line)
        thread.payer = str(line.fields.get("payer", line.name))
        self.running = line.name
        yield from self._move(thread, State.RUNNING)

    _on_preempt = _on_switch

    def _on_idle(self, line: Line) -> Iterator[Change]:
        if self.running is not None:
            yield from self._leave(self.threads[self.running])
        self.running = None

    def _leave(self, thread: Thread) -> Iterator[Change]:
        """The running thread runs no longer."""
        if thread.state is not State.RUNNING:
            return  # off or held, as has been told
        if thread.call is not None:
            yield from self._move(thread, State.BLOCKED, thread.call.what)
        elif thread.payer in self._cooling:
            yield from self._move(thread, State.EXHAUSTED)
        else:
            yield from self._move(thread, State.READY, PREEMPTED)

    # ---- system calls

    def _on_enter(self, line: Line) -> Iterator[Change]:
        thread = self._of(line)
        call = str(line.fields.get("call", "call"))
        thread.call = Call(call, str(line.fields.get("object", "")).partition(" ")[2])
        if thread.state is State.UNKNOWN:  # who enters the kernel was running
            self.running = thread.name
            yield from self._move(thread, State.RUNNING)

    def _on_result(self, line: Line) -> Iterator[Change]:
        thread = self._of(line)
        call, thread.call = thread.call, None
        if call is not None and line.fields.get("error") == "OK":
            yield from self._control(call)
        if thread.state in (State.BLOCKED, State.UNKNOWN):
            yield from self._wake(thread)

    def _control(self, call: Call) -> Iterator[Change]:
        """Threads that threads start and stop."""
        target = self.threads.get(call.object)
        if target is not None and call.name == "thread_stop":
            target.call = None
            yield from self._move(target, State.OFF)
        elif target is not None and call.name == "thread_start" and target.state is State.OFF:
            target.call = None
            yield from self._move(target, State.READY)

    def _wake(self, thread: Thread) -> Iterator[Change]:
        """A thread could go on: if its task may, and if it has time to run on."""
        task = self._tasks.get(thread.task)
        if task is not None:
            yield from self._move(thread, State.HELD if task == "HELD" else State.OFF)
        elif thread.name in self._cooling and not thread.passive:
            yield from self._move(thread, State.EXHAUSTED)
        else:
            yield from self._move(thread, State.READY)

    # ---- time

    def _on_exhausted(self, line: Line) -> Iterator[Change]:
        thread = self._of(line)
        self._cooling.add(thread.name)
        if thread.state is State.READY and thread.payer in ("", thread.name):
            yield from self._move(thread, State.EXHAUSTED)

    def _on_replenished(self, line: Line) -> Iterator[Change]:
        owner = self._of(line)
        self._cooling.discard(owner.name)
        for thread in self.threads.values():
            if thread.state is State.EXHAUSTED and owner.name in (thread.name, thread.payer):
                yield from self._move(thread, State.READY)

    # ---- lives of tasks

    def _on_task(self, line: Line) -> Iterator[Change]:
        """A task runs, waits for its restart, is held or stopped."""
        state, before = str(line.fields.get("state")), self._tasks.get(line.task)
        if state == "READY":
            self._tasks.pop(line.task, None)
        else:
            self._tasks[line.task] = state
        self._of(line)
        for thread in [each for each in self.threads.values() if each.task == line.task]:
            if state in ("BACKOFF", "STOPPED"):
                thread.call = None
                yield from self._move(thread, State.OFF)
            elif state == "HELD" and thread.state is not State.BLOCKED:
                if thread.state not in (State.OFF, State.UNKNOWN):
                    yield from self._move(thread, State.HELD)
            elif state == "READY" and before != "HELD":
                yield from self._begin(thread)
            elif state == "READY" and thread.state is State.HELD:
                yield from self._wake(thread)

    def _on_fault(self, line: Line) -> Iterator[Change]:
        self._of(line).call = None
        return iter(())


def _entries(found: Any) -> list[dict[str, Any]]:
    """The threads of a BOOT line, if it has them."""
    if not isinstance(found, list):
        return []
    return [e for e in found if isinstance(e, dict) and "name" in e and "task" in e]
