"""What the kernel holds, as tables for people: tasks, capabilities, loans, rights, queues."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from k5 import abi, kernelstate
from k5.gdbserver.threads import Threads, tid_of
from k5.kernelstate import NO_SLOT, NOBODY

if TYPE_CHECKING:
    from k5.machine import Machine

_OBJECTS = {"ENDPOINT": "endpoints", "NOTIFICATION": "notifications", "INTERRUPT": "interrupts",
            "PORT": "ports", "TASK": "tasks", "THREAD": "threads"}  # fmt: skip
_W0, _W1, _INFO = 2, 3, 1  # of thread.reg: the words of a message in a call


class Views:
    """Of one machine, as it is when asked."""

    def __init__(self, machine: Machine, threads: Threads) -> None:
        self._machine = machine
        self._threads = threads
        self._meta: dict[str, Any] = machine.built.meta
        self._tasks: list[str] = [task["name"] for task in self._meta["tasks"]]

    def _us(self, ticks: int) -> str:
        return f"{ticks * 1e6 / self._meta['tick_hz']:.1f} us"

    def time(self) -> list[str]:
        """Where the run is."""
        machine, place = self._machine, self._machine.position
        lines = [f"{machine.now_us / 1e6:.6f} s of virtual time, tick {place.now}, "
                 f"{place.instructions} instructions, action {place.actions}"]  # fmt: skip
        first, last = machine.span
        if last.now:
            lines.append(f"its past: from {self._us(first.now)} to {self._us(last.now)}, "
                         f"{len(machine.points())} snapshots")  # fmt: skip
        running = machine.current
        lines.append("running: " + ("nobody" if running is None else self._threads.name(running)))
        return lines

    def tasks(self) -> list[str]:
        """Each task and its threads."""
        state = kernelstate.of(self._machine)
        lines = []
        for index, task in enumerate(self._tasks):
            row = state.task[index]
            word = kernelstate.task_states().get(row.state, str(row.state)).lower()
            text = f"{task}: {word}, generation {row.generation}"
            if word == "backoff":
                text += f", starts again at {self._us(row.restart_at)}"
            lines.append(text)
            for thread, entry in enumerate(self._meta["threads"]):
                if entry["task"] == task:
                    row = state.thread[thread]
                    mark = "*" if thread == state.current else " "
                    lines.append(
                        f" {mark}{tid_of(thread):3} {self._threads.name(thread)}: "
                        f"{self._threads.doing(thread)}, budget left {self._us(row.budget_left)}"
                        f", used {self._us(row.consumed)}"
                    )
        return lines

    def _object(self, kind: str, index: int) -> str:
        if kind == "REGION":
            objects = self._meta["objects"]
            return str(objects[index]) if index < len(objects) else str(index)
        rows = self._meta.get(_OBJECTS.get(kind, ""), [])
        return str(rows[index]["name"]) if index < len(rows) else str(index)

    def caps(self, tasks: list[str]) -> list[str]:
        """What is in tasks' tables."""
        state, rights = kernelstate.of(self._machine), abi.rights(abi.load())
        lines = []
        for task in tasks:
            thread = next(t for t in range(self._threads.count) if self._threads.task(t) == task)
            row = state.thread[thread]
            lines.append(f"{task}: {row.slot_count} slots")
            for place in range(row.slot_count):
                cap = state.slot[row.slot_base + place]
                kind = kernelstate.kinds().get(cap.kind, f"kind {cap.kind}")
                if kind != "NONE":
                    names = [name.lower() for name, bit in rights.get(kind, {}).items()
                             if cap.rights & bit]  # fmt: skip
                    lines.append(
                        f"  {cap.generation << 16 | place:#010x} {kind.lower()} "
                        f"{self._object(kind, cap.object)}: {' '.join(names) or 'no rights'}, "
                        f"badge {cap.badge:#x}, depth {cap.depth}"
                    )
        return lines

    def loans(self) -> list[str]:
        """Memory that is lent: who, to whom, what."""
        state = kernelstate.of(self._machine)
        lines, thread, seen = [], state.loans, 0
        while thread != NOBODY and seen < self._threads.count:
            row = state.thread[thread]
            holder = "nobody" if row.holder == NOBODY else self._threads.name(row.holder)
            base, size = row.reg[_W0], row.reg[_W1]
            lines.append(f"{self._threads.name(thread)} lends {base:#010x}, {size} bytes, "
                         f"to {holder}")  # fmt: skip
            thread, seen = row.next_loan, seen + 1
        return lines or ["nothing is lent"]

    def mpu(self, tasks: list[str]) -> list[str]:
        """What tasks may touch now."""
        state, lines = kernelstate.of(self._machine), []
        for task in tasks:
            row = state.task[self._tasks.index(task)]
            lines.append(f"{task}: {row.region_count} regions")
            for index in range(row.region_count):
                region = row.region[index]
                letters = "".join(c if region.access >> bit & 1 else "-"
                                  for bit, c in enumerate("rwx"))  # fmt: skip
                last = region.base + region.bytes - 1
                lines.append(f"  {region.base:#010x}-{last:#010x} {letters} "
                             f"{self._region_name(task, region.base)}".rstrip())  # fmt: skip
        return lines

    def _region_name(self, task: str, base: int) -> str:
        found = [r for t in self._meta["tasks"] if t["name"] == task for r in t["regions"]]
        names = [r["name"] for r in [*found, *self._meta["regions"]]
                 if r["base"] <= base < r["base"] + r["bytes"]]  # fmt: skip
        return str(names[0]) if names else "lent or moved"

    def _queue(self, state: Any, queue: Any) -> Iterator[str]:
        thread, seen = queue.head, 0
        while thread != NOBODY and seen < self._threads.count:
            yield self._threads.name(thread)
            thread, seen = state.thread[thread].next, seen + 1

    def queues(self) -> list[str]:
        """Who waits where, and for what."""
        state, lines = kernelstate.of(self._machine), []
        for priority in range(len(state.queue) - 1, -1, -1):
            ready = ", ".join(self._queue(state, state.queue[priority]))
            if ready:
                lines.append(f"ready at priority {priority}: {ready}")
        for index, entry in enumerate(self._meta["endpoints"]):
            row = state.endpoint[index]
            waiting = ", ".join(self._queue(state, row.queue)) or "nobody"
            receiver = "is waiting" if row.waiting else "is busy"
            held = f", {row.held} messages in its queue" if row.held else ""
            lines.append(f"endpoint {entry['name']}: {entry['receiver']} {receiver}, "
                         f"senders: {waiting}{held}")  # fmt: skip
        for index, entry in enumerate(self._meta["notifications"]):
            row = state.notification[index]
            receiver = "is waiting" if row.waiting else "is not waiting"
            lines.append(f"notification {entry['name']}: bits {row.bits:#x}, "
                         f"{entry['receiver']} {receiver}")  # fmt: skip
        for index, entry in enumerate(self._meta["ports"]):
            row = state.port[index]
            waiting = ", ".join(self._queue(state, row.queue)) or "nobody"
            listens = "nobody listens" if row.slot == NO_SLOT else "somebody listens"
            lines.append(f"port {entry['name']}: {listens}, waiting: {waiting}")
        return lines
