"""Chrome's JSON trace events, which https://ui.perfetto.dev opens.

An entry into the kernel takes no virtual time, so it is an instant on its thread's
track; what takes time is what a thread does between two of them: it runs, is
ready, or waits in a call. These states are the slices, and they fill the track.
All that happens in one tick is collected, and a state that did not last is none.
"""

from __future__ import annotations

import json
from typing import Any, TextIO

from k5.decode import Line
from k5.tracing.messages import Arrow, Matcher
from k5.tracing.selection import Selection
from k5.tracing.simulator import character
from k5.tracing.states import Change, State, Tracker

CPU, INTERRUPTS, PINS, SERIAL, DEVICES, FIRST_TASK = 1, 2, 3, 4, 5, 10
PROCESSES = {CPU: "CPU", INTERRUPTS: "interrupts", PINS: "pins", SERIAL: "serial lines",
             DEVICES: "devices"}  # fmt: skip
FIRST_TRACK = 1000  # tids of what is no thread
COLOURS = {  # names of Chrome's palette
    State.RUNNING: "thread_state_running",
    State.READY: "thread_state_runnable",
    State.BLOCKED: "thread_state_sleeping",
    State.EXHAUSTED: "terrible",
    State.HELD: "thread_state_unknown",
}
SILENT = (State.OFF, State.UNKNOWN)  # drawn as nothing
DEVICE_KINDS = ("READ", "WRITE", "MISUSE", "UNMODELLED", "UNCLOCKED", "VALUE")
UNTOLD = ("SWITCH", "PREEMPT", "IDLE")  # the slices show it

_ENCODER = json.JSONEncoder(separators=(",", ":"))
Track = tuple[int, int]  # pid, tid


def slice_name(state: State, reason: str) -> str:
    """`running`, `ready (preempted)`, `call bar`."""
    if state is State.BLOCKED and reason:
        return reason
    return f"{state.value} ({reason})" if reason else state.value


class Perfetto:
    """Writes a trace as it comes; memory is bounded by what happens in one tick."""

    def __init__(self, out: TextIO, selection: Selection) -> None:
        self._out = out
        self._selection = selection
        self._tracker, self._matcher = Tracker(), Matcher()
        self._ns = 0
        self._tick: list[dict[str, Any]] = []  # instants and arrows of this tick
        self._entries: dict[str, dict[str, Any]] = {}  # by thread: its ENTER of this tick
        self._states: dict[str, tuple[State, str]] = {}  # what threads came to in this tick
        self._open: dict[Track, str] = {}  # slices that go on, by name
        self._tracks: dict[str, Track] = {}
        self._pids: dict[str, int] = {}
        self._flows = 0
        self._runner: str | None = None
        self._begun = False
        self._closing = False  # this is the trace's last tick
        out.write('{"displayTimeUnit":"ns","traceEvents":[\n')
        for pid, name in PROCESSES.items():
            self._name_process(pid, name)

    # ---- output

    def _emit(self, event: dict[str, Any]) -> None:
        self._out.write(("," if self._begun else " ") + _ENCODER.encode(event))
        self._out.write("\n")
        self._begun = True

    def _event(self, phase: str, track: Track, name: str, **more: Any) -> dict[str, Any]:
        pid, tid = track
        ts = more.pop("ns", self._ns) / 1000
        return {"ph": phase, "ts": ts, "pid": pid, "tid": tid, "name": name, **more}

    def _name_process(self, pid: int, name: str) -> None:
        for what, args in (("name", {"name": name}), ("sort_index", {"sort_index": pid})):
            self._emit({"ph": "M", "pid": pid, "tid": 0, "name": f"process_{what}", "args": args})

    def _track(self, pid: int, name: str) -> Track:
        """A track that is no thread's."""
        key = f"{pid}/{name}"
        if key not in self._tracks:
            track = self._tracks[key] = (pid, FIRST_TRACK + len(self._tracks))
            self._name_track(track, name)
        return self._tracks[key]

    def _name_track(self, track: Track, name: str) -> None:
        pid, tid = track
        self._emit({"ph": "M", "pid": pid, "tid": tid, "name": "thread_name",
                    "args": {"name": name}})  # fmt: skip

    def _thread(self, name: str, task: str) -> Track:
        """A thread's track; the task is its process."""
        if name not in self._tracks:
            if task not in self._pids:
                self._pids[task] = FIRST_TASK + len(self._pids)
                self._name_process(self._pids[task], f"task {task}")
            track = self._tracks[name] = (self._pids[task], 1 + len(self._tracks))
            self._name_track(track, name)
        return self._tracks[name]

    # ---- lines

    def write(self, line: Line) -> None:
        """One more line of the trace."""
        if line.ns != self._ns:
            self._flush()
            if self._ns < self._selection.begin < line.ns:
                self._ns = self._selection.begin  # what went on before the window goes on in it
                self._flush_slices()
            self._ns = line.ns
        for change in self._tracker.feed(line):
            self._take(change)
        for arrow in self._matcher.feed(line):
            self._arrow(arrow)
        if line.ns > self._selection.end:
            return
        if line.kind == "BOOT":
            for thread in self._tracker.threads.values():
                if self._selection.thread(thread.name, thread.task):
                    self._thread(thread.name, thread.task)
        self._interrupt(line)
        if self._selection.line(line):
            self._show(line)

    def close(self, ns: int) -> None:
        """The trace ends at `ns`: so do all slices."""
        ns = min(max(ns, self._ns), self._selection.end)
        self._closing = ns == self._ns
        self._flush()
        self._ns = ns
        for track in list(self._open):
            self._end(track)
        self._out.write("]}\n")

    def _take(self, change: Change) -> None:
        if change.after is State.RUNNING:
            self._runner = change.name
        elif self._runner == change.name:
            self._runner = None
        if self._selection.thread(change.name, change.task):
            self._states[change.name] = change.after, change.reason
            self._thread(change.name, change.task)

    def _arrow(self, arrow: Arrow) -> None:
        tracks = [self._tracks.get(name) for name in (arrow.sender, arrow.receiver)]
        begin, end = self._selection.begin, self._selection.end
        if None in tracks or arrow.sent < begin or arrow.received > end:
            return
        self._flow(arrow.what, "ipc", tracks[0] or (0, 0), arrow.sent, tracks[1] or (0, 0),
                   arrow.received)  # fmt: skip

    def _flow(self, name: str, kind: str, start: Track, sent: int, to: Track, got: int) -> None:
        """An arrow between the slices that go on there at these times."""
        self._flows += 1
        common = {"cat": kind, "id": self._flows}
        self._tick.append(self._event("s", start, name, ns=sent, **common))
        self._tick.append(self._event("f", to, name, ns=got, bp="e", **common))

    def _flush(self) -> None:
        """What this tick came to: slices first, so that arrows and instants lie in them."""
        if self._ns >= self._selection.begin:
            self._flush_slices()
            for event in self._tick:
                if event["ts"] <= self._selection.end / 1000:
                    self._emit(event)
        self._tick.clear()
        self._entries.clear()

    def _flush_slices(self) -> None:
        if self._ns > self._selection.end:
            return
        for name, (state, reason) in self._states.items():
            track = self._tracks[name]
            text = slice_name(state, reason)
            if self._open.get(track) == text:
                continue
            self._end(track)
            if state not in SILENT and not self._ends_now():
                self._begin(track, text, COLOURS.get(state))
        self._states.clear()
        self._flush_cpu()

    def _ends_now(self) -> bool:
        """Whether what begins in this tick would take no time."""
        return self._closing or self._ns >= self._selection.end

    def _flush_cpu(self) -> None:
        cpu = self._track(CPU, "runs")
        if self._open.get(cpu) != self._runner:
            self._end(cpu)
            if self._runner is not None and not self._ends_now():
                self._begin(cpu, self._runner)

    def _begin(self, track: Track, name: str, colour: str | None = None) -> None:
        self._open[track] = name
        more = {"cname": colour} if colour else {}
        self._emit(self._event("B", track, name, cat="state", **more))

    def _end(self, track: Track) -> None:
        name = self._open.pop(track, None)
        if name is not None:
            self._emit(self._event("E", track, name))

    # ---- what is no state

    def _instant(self, track: Track, line: Line, name: str | None = None) -> dict[str, Any]:
        args: dict[str, Any] = {"tick": line.event.time}
        if line.where:
            args["where"] = line.where
        if line.level != line.kind:
            args["level"] = line.level
        for number, detail in enumerate(line.details):
            args[f"detail {number}"] = detail
        text = name or f"{line.kind.lower()}: {line.text}"
        event = self._event("i", track, text, s="t", cat=line.kind.lower(), args=args)
        self._tick.append(event)
        return event

    def _show(self, line: Line) -> None:
        """The line itself, where it belongs."""
        kind, fields = line.kind, line.fields
        if kind in UNTOLD or kind in ("INTERRUPT", "LINE"):
            pass
        elif kind == "PIN":
            self._counter(PINS, str(fields["pin"]), "high", int(fields["high"]))
        elif kind == "SERIAL":
            self._serial(line)
        elif kind in DEVICE_KINDS:
            self._instant(self._track(DEVICES, str(fields["device"])), line, line.text)
        elif kind == "ENTER":
            self._entries[line.name] = self._instant(self._thread(line.name, line.task), line,
                                                     line.text)  # fmt: skip
        elif kind == "RESULT":
            self._result(line)
        elif line.name == "-":
            self._instant(self._track(CPU, "machine"), line)
        else:
            text = line.text if kind == "LOG" else None
            self._instant(self._thread(line.name, line.task), line, text)

    def _result(self, line: Line) -> None:
        """A result that comes in the tick of its call is told with the call."""
        entry = self._entries.pop(line.name, None)
        if entry is None:
            self._instant(self._thread(line.name, line.task), line, line.text)
        else:
            entry["name"] += line.text.removeprefix(str(line.fields.get("call", "")))

    def _counter(self, pid: int, name: str, what: str, value: int) -> None:
        self._tick.append(self._event("C", (pid, 0), name, args={what: value}))

    def _serial(self, line: Line) -> None:
        """A character, for as long as its frame is on the line."""
        fields = line.fields
        track = self._track(SERIAL, f"{fields['device']} {fields['direction']}")
        name = f"'{character(int(fields['byte']))}'"
        if fields.get("errors"):
            name += f" ({', '.join(fields['errors'])})"
        frame = int(fields.get("frame_ns", 0))
        if not frame:
            self._instant(track, line, name)
            return
        self._tick.append(self._event("X", track, name, ns=line.ns - frame, dur=frame / 1000,
                                      cat="serial", args={"byte": fields["byte"]}))  # fmt: skip

    def _interrupt(self, line: Line) -> None:
        """A line is masked from when it fires until its driver acknowledges it: that is a slice."""
        fields = line.fields
        if line.kind == "INTERRUPT" and self._selection.line(line):
            name = str(fields.get("interrupt", f"line {fields['line']}"))
            track = self._track(INTERRUPTS, name)
            self._end(track)
            self._begin(track, "masked")
            target = self._tracks.get(str(fields.get("receiver")))
            if target is not None:
                self._flow(name, "interrupt", track, line.ns, target, line.ns)
        elif line.kind == "ENTER" and fields.get("call") == "irq_ack":
            name = str(fields.get("object", "")).partition(" ")[2]
            known = self._tracks.get(f"{INTERRUPTS}/{name}")
            if known is not None:
                self._end(known)
        elif line.kind == "LINE" and self._selection.line(line):
            self._counter(DEVICES, f"{fields['device']} line {fields['line']}", "raised",
                          int(fields["raised"]))  # fmt: skip

