"""What is said about a run: its failures, the nearest misses, the last events before."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from k5.decode import Decoder
from k5.scenario.judge import Judge
from k5.scenario.match import DO, FAULT, LOG, SERIAL
from k5.scenario.model import Pattern, Scenario, escaped
from k5.scenario.watch import Failure
from k5.stream import Event

EVENTS_BEFORE = 8
LIKELY = 0.6  # ratio of texts that may be meant for each other
COMPARED = 500  # log lines that are looked through for the nearest one
MARGIN = "    "
KERNEL_KINDS = range(16, 48)
LAST_OUTPUT = 60  # characters


class Reporter:
    """For one run."""

    def __init__(self, scenario: Scenario, judge: Judge) -> None:
        self.scenario = scenario
        self.judge = judge
        self.decoder: Decoder = judge.decoder
        self.stimuli = [stimulus.action.said() for stimulus in scenario.stimuli]

    def text(self, failures: Iterable[Failure]) -> str:
        """All failures, in the order of the file."""
        ordered = sorted(failures, key=lambda f: self.scenario.file.line(*f.where))
        told: set[int | None] = set()
        out: list[str] = []
        for failure in ordered:
            out += self._one(failure, failure.tick not in told)
            told.add(failure.tick)
        return "\n".join(out)

    def _one(self, failure: Failure, events: bool) -> list[str]:
        place = self.scenario.place(failure.where)
        out = [f"{place}: expected {failure.expected}"]
        out += [MARGIN + line for line in failure.came]
        if failure.like:
            out += [MARGIN + line for line in self._nearest(failure.like)]
        if failure.tick is not None and events:
            before = self._before(failure.tick, failure.like)
            if before:
                out.append(MARGIN + f"until then ({self.judge.plan.clock.shown(failure.tick)}):")
                out += [MARGIN + line for line in before]
        return out

    # ---- the nearest miss

    def _nearest(self, pattern: Pattern) -> list[str]:
        if pattern.kind == "log" and not pattern.regex and pattern.text:
            return self._nearest_log(pattern)
        if pattern.kind == "fault":
            return self._faults(pattern)
        if pattern.kind == "serial":
            return self._output(pattern)
        return []

    def _nearest_log(self, pattern: Pattern) -> list[str]:
        """A line that is nearly the same, or the same of another task."""
        lines = [self.decoder.line(event) for event in self.judge.journal if event.kind == LOG]
        best, found = LIKELY, None
        for line in lines[-COMPARED:]:
            if pattern.text in line.text and self._fits(pattern, line.name):
                continue  # it came, at another time: that is told already
            ratio = difflib.SequenceMatcher(None, pattern.text, line.text).ratio()
            ratio += 0.2 if pattern.text in line.text else 0
            if ratio > best:
                best, found = ratio, line
        if found is None:
            return []
        return [f"nearest: {found.seconds:.6f} {found.name}: {found.text}"]

    @staticmethod
    def _fits(pattern: Pattern, name: str) -> bool:
        return pattern.task in ("", name, name.partition(".")[0])

    def _faults(self, pattern: Pattern) -> list[str]:
        """Others, of the same task if it had some."""
        lines = [self.decoder.line(event) for event in self.judge.journal if event.kind == FAULT]
        own = [line for line in lines if self._fits(pattern, line.name)] or lines
        if not own:
            return ["there was no fault at all"]
        last = own[-1]
        what = last.details[-1] if last.details else last.text
        more = f" ({len(own) - 1} more)" if len(own) > 1 else ""
        return [f"another fault: {last.seconds:.6f} {last.name}: {last.text}; {what}{more}"]

    def _output(self, pattern: Pattern) -> list[str]:
        devices = [str(d["name"]) for d in self.decoder.meta.get("devices", []) if d["model"]]
        index = devices.index(pattern.subject)
        sent = [e for e in self.judge.journal
                if e.kind == SERIAL and e.code == index and e.args[1] == 0]  # fmt: skip
        if not sent:
            return [f"{pattern.subject} sent nothing"]
        return [f"the last that {pattern.subject} sent: {_text(sent[-LAST_OUTPUT:])}"]

    # ---- the events before

    def _before(self, tick: int, like: Pattern | None) -> list[str]:
        kernel = like is not None and like.kind == "trace"
        events = [
            event
            for event in self.judge.journal
            if event.time <= tick and (kernel or event.kind not in KERNEL_KINDS)
        ]
        out: list[str] = []
        at = len(events)
        while at > 0 and len(out) < EVENTS_BEFORE:
            begin = self._conversation(events, at)
            out = self._shown(events[begin:at]) + out
            at = begin
        return out

    @staticmethod
    def _conversation(events: list[Event], end: int) -> int:
        """Where the characters on a device's line begin that end there: they are told together."""
        last = events[end - 1]
        begin = end - 1
        while last.kind == SERIAL and begin > 0:
            before = events[begin - 1]
            if (before.kind, before.code) != (SERIAL, last.code):
                break
            begin -= 1
        return begin

    def _shown(self, events: list[Event]) -> list[str]:
        event = events[0]
        if event.kind == SERIAL:
            ways = [[e for e in events if bool(e.args[1]) == inward] for inward in (True, False)]
            return [self._characters(one) for one in ways if one]
        if event.kind == DO:
            return [self._head(event, "-", "DO") + self.stimuli[event.code]]
        line = self.decoder.line(event)
        where = f"{line.where:14} " if line.where else ""
        return [self._head(event, line.name, line.level) + where + line.text]

    def _head(self, event: Event, name: str, what: str) -> str:
        seconds = event.time / self.decoder.meta["tick_hz"]
        return f"{seconds:12.6f}  {name:{self.decoder.name_width}} {what:5}  "

    def _characters(self, events: list[Event]) -> str:
        devices = [str(d["name"]) for d in self.decoder.meta["devices"] if d["model"]]
        what = "gets" if events[0].args[1] else "sends"
        more = "... " if len(events) > LAST_OUTPUT else ""
        shown = more + _text(events[-LAST_OUTPUT:])
        return self._head(events[-1], devices[events[0].code], what) + shown


def _text(events: list[Event]) -> str:
    """Characters of a serial line, spelled as in the scenario."""
    raw = bytes(event.args[0] & 0xFF for event in events)
    return escaped(raw.decode(errors="replace"))
