"""A machine whose events are taken in bulk, so that watching costs little.

A busy system switches a million times a second; made one by one, Python objects for
that would cost more than the simulation.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from k5.builder import Built
from k5.engine import ALL_KINDS as EVERY_KIND
from k5.gui.activity import NOBODY, Activity, Mark
from k5.gui.lamps import Lamp
from k5.machine import ALL_KINDS, LOG_KIND, LOG_KINDS, PIN, RESET, SERIAL, STORM, Machine
from k5.snapshots import Snapshot
from k5.stream import Event

SWITCH, PREEMPT, IDLE = 18, 32, 33
FAULT_KIND = 3
SWITCHES = (SWITCH, PREEMPT, IDLE)
WATCHED = LOG_KINDS | sum(1 << kind for kind in (*SWITCHES, PIN, SERIAL, STORM, RESET))
ROW = np.dtype(
    [("time", "<u8"), ("kind", "u1"), ("thread", "u1"), ("code", "<u2"), ("arg", "<u4", 6),
     ("reserved", "<u4")]
)  # fmt: skip


class Watched(Machine):
    """Keeps who ran when, and how long LEDs shine; other events go to the history as usual."""

    def __init__(self, built: Built, seed: int = 0, *, traced: bool = False) -> None:
        self._traced = traced  # all events there are go to the history
        self.everything = traced  # the kernel's go there, too
        self.activity = Activity(len(built.meta["threads"]))
        self.lamps: dict[str, Lamp] = {}
        self._lit: dict[int, list[tuple[Lamp, bool]]] = {}  # by the pin's place; lit when high
        super().__init__(built, seed, self._kinds())
        for led in self.periphery.leds.values():
            lamp = Lamp(self.led(led["name"]), self.now)
            self.lamps[led["name"]] = lamp
            place = self.pin_index(led["pin"])
            self._lit.setdefault(place, []).append((lamp, led["active"] == "high"))

    def _kinds(self) -> int:
        if self._traced:
            return EVERY_KIND
        return WATCHED | ALL_KINDS if self.everything else WATCHED

    def watch_everything(self, everything: bool) -> None:
        """From now on all the kernel's events are recorded; or only what is shown."""
        self.everything = everything or self._traced
        self.record(self._kinds())

    def restore(self, snapshot: Snapshot) -> None:
        """See Snapshots; lamps shine as they did then."""
        super().restore(snapshot)
        for name, lamp in self.lamps.items():
            lamp.begin(self.led(name), self.now)

    def _taken(self, batch: Any, count: int) -> None:
        if not count:
            return
        rows = np.frombuffer(self._ffi.buffer(batch, count * ROW.itemsize), ROW)
        self._switched(rows)
        self._pins(rows)
        if self.everything:
            super()._taken(batch, count)
            self._mark(self.history[-count:])
            return
        self._serials(rows)
        kinds = rows["kind"]
        rest = rows[(kinds < SWITCH - 2) | (kinds == STORM) | (kinds == RESET)]
        events = []
        for time, kind, thread, code, words, _ in rest.tolist():
            args: Any = tuple(words)
            events.append(Event(time, kind, thread, code, args))
        self.history += events
        self._mark(events)

    def _switched(self, rows: Any) -> None:
        kinds = rows["kind"]
        found = rows[(kinds == SWITCH) | (kinds == PREEMPT) | (kinds == IDLE)]
        if len(found):
            who = np.where(found["kind"] == IDLE, NOBODY, found["thread"])
            self.activity.add(found["time"].astype(np.int64), who.astype(np.uint8))

    def _pins(self, rows: Any) -> None:
        found = rows[rows["kind"] == PIN]
        if not len(found) or not self._lit:
            return
        found = found[np.isin(found["code"], list(self._lit))]
        for time, place, level in zip(
            found["time"].tolist(), found["code"].tolist(), found["arg"][:, 0].tolist(), strict=True
        ):
            for lamp, high in self._lit[place]:
                lamp.change(time, bool(level) == high)

    def _serials(self, rows: Any) -> None:
        found = rows[(rows["kind"] == SERIAL) & (rows["arg"][:, 1] == 0)]
        for device in np.unique(found["code"]).tolist():
            characters = found[found["code"] == device]["arg"][:, 0] & 0xFF
            self._sent.setdefault(device, bytearray()).extend(characters.astype(np.uint8).tobytes())

    def _mark(self, events: Iterable[Event]) -> None:
        for event in events:
            if event.kind == LOG_KIND:
                self.activity.marks.append(Mark(event.time, event.thread, "log"))
            elif event.kind == FAULT_KIND:
                self.activity.marks.append(Mark(event.time, event.thread, "fault"))
