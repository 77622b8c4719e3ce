"""The threads of all tasks as GDB's threads: numbers from 1 on, names, what each is doing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import quoteattr, escape

from k5 import kernelstate
from k5.kernelstate import NOBODY

if TYPE_CHECKING:
    from k5.machine import Machine

_AT_ENDPOINT = ("SENDING", "CALLING", "FAULTED", "RECEIVING")


def thread_of(tid: int) -> int:
    """The kernel's number of GDB's thread."""
    return tid - 1


def tid_of(thread: int) -> int:
    """The reverse."""
    return thread + 1


class Threads:
    """Of one machine."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._meta: dict[str, Any] = machine.built.meta
        self.count = len(self._meta["threads"])

    def exists(self, thread: int) -> bool:
        return 0 <= thread < self.count

    def task(self, thread: int) -> str:
        """The name of its task."""
        return str(self._meta["threads"][thread]["task"])

    def name(self, thread: int) -> str:
        """TASK/THREAD; the first thread of a task is its `main`."""
        task, name = self.task(thread), str(self._meta["threads"][thread]["name"])
        return f"{task}/{'main' if name == task else name.removeprefix(f'{task}.')}"

    def doing(self, thread: int) -> str:
        """What it is doing, in words."""
        state = kernelstate.of(self._machine)
        return self._doing(state, thread)

    def _doing(self, state: Any, thread: int) -> str:
        row = state.thread[thread]
        word = kernelstate.thread_states().get(row.state, f"state {row.state}")
        text = word.lower()
        if word in _AT_ENDPOINT and row.endpoint < len(self._meta["endpoints"]):
            text += f" at {self._meta['endpoints'][row.endpoint]['name']}"
        elif word == "AWAITING" and row.holder != NOBODY:
            text += f" {self.name(row.holder)}" if self.exists(row.holder) else ""
        elif word == "SLEEPING" or row.timed:
            text += f" until {row.wake_at * 1e6 / self._meta['tick_hz']:.0f} us"
        elif word == "OFF":
            task = state.task[row.task]
            text += f", task {kernelstate.task_states().get(task.state, '?').lower()}"
        return f"{text}, priority {row.effective}"

    def xml(self) -> str:
        """The answer to qXfer:threads:read."""
        state = kernelstate.of(self._machine)
        rows = "".join(
            f'<thread id="{tid_of(thread):x}" name={quoteattr(self.name(thread))}>'
            f"{escape(self._doing(state, thread))}</thread>"
            for thread in range(self.count)
        )
        return f'<?xml version="1.0"?><threads>{rows}</threads>'
