"""What each thread of a machine waits for now, and who could end that.

From the kernel's state alone: see struct thread in kernel/state.h.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from k5 import kernelstate
from k5.machine import RESET
from k5.why import walk
from k5.why.names import NOBODY, Names

if TYPE_CHECKING:
    from k5.machine import Machine

NEVER = 1 << 62  # and later: a time that will never come
BLOCKED = ("SENDING", "CALLING", "FAULTED", "AWAITING", "LENDING", "RECEIVING", "WAITING",
           "CONNECTING")  # fmt: skip


@dataclass
class Wait:
    """One thread's state."""

    thread: int
    state: str  # enum k5_thread_state
    what: str  # for people: "waits for a message at endpoint bar"
    wakers: list[int] = field(default_factory=list)  # threads that could end it
    until: int | None = None  # the tick at which it ends by itself
    interrupts: list[str] = field(default_factory=list)  # that could end it

    @property
    def blocked(self) -> bool:
        """Somebody must do something for it."""
        return self.state in BLOCKED


def of(machine: Machine, names: Names) -> list[Wait]:
    """Of all threads, in the kernel's order."""
    reader = _Reader(machine, names, _epoch(machine))
    return [reader.wait(index) for index in range(len(names.threads))]


def _epoch(machine: Machine) -> int:
    """The tick at which the kernel's clock began: of the last reset."""
    now = machine.position
    with machine.excursion():
        found = walk.latest(machine, now, lambda _: True, 1 << RESET)
    return found.event.time if found else 0


class _Reader:
    """Reads the kernel's state."""

    def __init__(self, machine: Machine, names: Names, epoch: int) -> None:
        self.names = names
        self.epoch = epoch
        self.meta = names.meta
        self.state = kernelstate.of(machine)
        self.kinds = {name: number for number, name in kernelstate.kinds().items()}
        self.rights = machine.decoder.rights

    def wait(self, index: int) -> Wait:
        """What a thread waits for."""
        thread = self.state.thread[index]
        state = kernelstate.thread_states()[thread.state]
        describe = getattr(self, f"_{state.lower()}")
        found: Wait = describe(index, thread)
        if thread.timed and found.blocked:
            found.until = self._tick(thread.wake_at)
        return found

    def _tick(self, kernel_tick: int) -> int | None:
        """A time of the kernel's as one of the machine's; None: it will never come."""
        return int(kernel_tick) + self.epoch if kernel_tick < NEVER else None

    def _time(self, tick: int | None) -> str:
        return "for ever" if tick is None else f"until {self.names.time(tick)}"

    # ---- not blocked by anybody

    def _off(self, index: int, thread: Any) -> Wait:
        task = self.state.task[thread.task]
        state = kernelstate.task_states()[task.state]
        if state == "READY":
            return Wait(index, "OFF", "is not started, or has ended")
        text = f"is off, as its task is in state {state}"
        until = self._tick(task.restart_at) if state == "BACKOFF" else None
        if until is not None:
            text += f", {self._time(until)}, when it restarts"
        return Wait(index, "OFF", text, until=until)

    def _running(self, index: int, thread: Any) -> Wait:
        return Wait(index, "RUNNING", "runs")

    def _ready(self, index: int, thread: Any) -> Wait:
        current = self.state.current
        text = "is ready"
        if current != NOBODY:
            priority = self.state.thread[current].effective
            text += f", but {self.names.thread(current)} runs, with priority {priority}"
            text += f" against its {thread.effective}"
        return Wait(index, "READY", text)

    def _exhausted(self, index: int, thread: Any) -> Wait:
        payer = thread.payer if thread.payer != NOBODY else index
        until = self._tick(self.state.thread[payer].replenish_at)
        whose = "its budget" if payer == index else f"the budget of {self.names.thread(payer)}"
        text = f"could run, but {whose} is spent {self._time(until)}"
        return Wait(index, "EXHAUSTED", text, until=until)

    def _unfunded(self, index: int, thread: Any) -> Wait:
        return Wait(index, "UNFUNDED", "could run, but has no budget, and nobody lends it time")

    def _sleeping(self, index: int, thread: Any) -> Wait:
        until = self._tick(thread.wake_at)
        return Wait(index, "SLEEPING", f"sleeps {self._time(until)}", until=until)

    # ---- blocked

    def _held(self, index: int, thread: Any) -> Wait:
        return Wait(index, "HELD", "could run, but its task is held after a fault")

    def _at_endpoint(self, index: int, state: str, thread: Any, what: str) -> Wait:
        receiver = self.state.endpoint[thread.endpoint].receiver
        where = self.names.listed("endpoint", thread.endpoint)
        text = f"{what} at {where}, whose receiver is {self.names.thread(receiver)}"
        return Wait(index, state, text, [receiver] if receiver != NOBODY else [])

    def _sending(self, index: int, thread: Any) -> Wait:
        return self._at_endpoint(index, "SENDING", thread, "waits to send")

    def _calling(self, index: int, thread: Any) -> Wait:
        return self._at_endpoint(index, "CALLING", thread, "waits with a call")

    def _faulted(self, index: int, thread: Any) -> Wait:
        return self._at_endpoint(index, "FAULTED", thread, "has faulted, and its fault waits")

    def _awaiting(self, index: int, thread: Any) -> Wait:
        if thread.holder == NOBODY:
            return Wait(index, "AWAITING", "waits for a reply that nobody can give any more")
        text = f"waits for the reply of {self.names.thread(thread.holder)}"
        return Wait(index, "AWAITING", text, [thread.holder])

    def _lending(self, index: int, thread: Any) -> Wait:
        text = f"is dead, but {self.names.thread(thread.holder)} still holds what it lent"
        return Wait(index, "LENDING", text, [thread.holder] if thread.holder != NOBODY else [])

    def _receiving(self, index: int, thread: Any) -> Wait:
        place = thread.endpoint
        wakers = self._holders("ENDPOINT", place, "SEND", index)
        text = f"waits for a message at {self.names.listed('endpoint', place)}"
        found = Wait(index, "RECEIVING", text + self._from(wakers), wakers)
        for number, entry in enumerate(self.meta["notifications"]):
            if entry["bound"] and self.state.notification[number].receiver == index:
                self._signalled(found, number)
        found.what += self._interrupts(found)
        return found

    def _waiting(self, index: int, thread: Any) -> Wait:
        found = Wait(index, "WAITING", "waits for a notification")
        for number in range(len(self.meta["notifications"])):
            notification = self.state.notification[number]
            if notification.waiting and notification.receiver == index:
                found.what = f"waits for {self.names.listed('notification', number)}"
                self._signalled(found, number)
        found.what += self._from(found.wakers) + self._interrupts(found)
        return found

    @staticmethod
    def _interrupts(wait: Wait) -> str:
        if not wait.interrupts:
            return ""
        return f", or for an interrupt ({', '.join(wait.interrupts)})"

    def _signalled(self, wait: Wait, number: int) -> None:
        """Who could signal a notification."""
        signallers = self._holders("NOTIFICATION", number, "SIGNAL", wait.thread)
        wait.wakers += [thread for thread in signallers if thread not in wait.wakers]
        name = self.meta["notifications"][number]["name"]
        wait.interrupts += [i["name"] for i in self.meta["interrupts"] if i["notification"] == name]

    def _connecting(self, index: int, thread: Any) -> Wait:
        for number in range(len(self.meta["ports"])):
            slot = self.state.slot[thread.used_slot] if thread.used_slot != 0xFFFF else None
            if slot is not None and slot.object == number:
                wakers = self._holders("PORT", number, "LISTEN", index)
                text = f"waits for somebody to listen at {self.names.listed('port', number)}"
                return Wait(index, "CONNECTING", text + self._from(wakers), wakers)
        return Wait(index, "CONNECTING", "waits for somebody to listen at a port")

    # ---- who

    def _holders(self, kind: str, number: int, right: str, but: int) -> list[int]:
        """Threads whose task has a capability of this object, with this right."""
        wanted, found = self.rights[kind][right], []
        for index in range(len(self.names.threads)):
            thread = self.state.thread[index]
            task = kernelstate.task_states()[self.state.task[thread.task].state]
            if index == but:
                continue
            if task == "BACKOFF":
                if self._will_have(thread.task, kind, number, right):
                    found.append(index)
            elif kernelstate.thread_states()[thread.state] != "OFF":
                slots = range(thread.slot_base, thread.slot_base + thread.slot_count)
                caps = (self.state.slot[place] for place in slots)
                if any(cap.kind == self.kinds[kind] and cap.object == number and cap.rights & wanted
                       for cap in caps):  # fmt: skip
                    found.append(index)
        return found

    def _will_have(self, task: int, kind: str, number: int, right: str) -> bool:
        """Whether a task that will be restarted has the capability from its description."""
        name = self.meta[f"{kind.lower()}s"][number]["name"]
        return any(
            cap["kind"] == kind.lower() and cap["object"] == name and right.lower() in cap["rights"]
            for cap in self.meta["tasks"][task]["capabilities"]
        )

    def _from(self, wakers: list[int]) -> str:
        names = ", ".join(self.names.thread(waker) for waker in wakers)
        return f" from {names}" if names else " from nobody"


# ---------------------------------------------------------------- all together


def stuck(waits: list[Wait]) -> set[int]:
    """Threads that nobody and nothing will ever wake, as things are."""
    lost = {w.thread for w in waits if w.blocked and w.until is None and not w.interrupts}
    while True:
        saved = {t for t in lost if any(waker not in lost and not _is_off(waits, waker)
                                        for waker in waits[t].wakers)}  # fmt: skip
        if not saved:
            return lost
        lost -= saved


def _is_off(waits: list[Wait], thread: int) -> bool:
    """It will not do anything by itself; a task that will be restarted will."""
    return waits[thread].state in ("OFF", "HELD", "SLEEPING") and waits[thread].until is None


def chain(waits: list[Wait], first: int) -> tuple[list[int], list[int]]:
    """Who waits for whom, from a thread on, as far as each has one to wait for; and the cycle in
    which that ends, if there is one. Where several could wake a thread, the one is followed that
    leads to a cycle."""
    lost = stuck(waits)
    path: list[int] = []
    thread: int | None = first
    while thread is not None and thread not in path:
        path.append(thread)
        wait = waits[thread]
        wakers = wait.wakers if wait.blocked and not wait.interrupts else []
        if thread in lost:
            wakers = [waker for waker in wakers if waker in lost] or wakers[:1]
            seen = [waker for waker in wakers if waker in path]
            thread = next(iter(seen or wakers), None)
        else:
            thread = wakers[0] if len(wakers) == 1 else None
    cycle = path[path.index(thread) :] if thread is not None and first in lost else []
    return path, cycle
