"""`monitor` commands: what GDB has no words for.

Each is a function of the words behind its name, and gives the lines to print; a K5Error
becomes a line, too. What moves the machine runs until its end, or until the client sends
anything.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from k5 import why
from k5.errors import K5Error, suggestion
from k5.gdbserver.inject import inject
from k5.gdbserver.motion import Stopped
from k5.gdbserver.views import Views
from k5.stream import Event

if TYPE_CHECKING:
    from k5.gdbserver.session import Session
    from k5.snapshots import Snapshot

Words = list[str]
_TIME = re.compile(r"(\+?)(\d+(?:\.\d+)?)(us|ms|s)")
_UNITS = {"us": 1, "ms": 1000, "s": 1_000_000}
UNTIL_LIMIT_US = 10_000_000
MOST_SNAPSHOTS = 100


@dataclass(frozen=True)
class Command:
    usage: str
    says: str  # for help
    run: Callable[[Words], list[str]]


def number(text: str, what: str = "number") -> int:
    """Also 0x...."""
    try:
        found = int(text, 0)
    except ValueError:
        raise K5Error(f"'{text}' is no {what}") from None
    if not 0 <= found < 1 << 63:
        raise K5Error(f"{text} is no {what}")
    return found


def _switch(words: Words, now: bool) -> bool:
    if not words:
        return now
    if words[0] not in ("on", "off"):
        raise K5Error(f"'{words[0]}': write on or off")
    return words[0] == "on"


def _told(on: bool) -> str:
    return "on" if on else "off"


class Monitor:
    """Of one session."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._machine = session.machine
        self._views = Views(session.machine, session.threads)
        self._snapshots: dict[str, Snapshot] = {}
        self._told_to_forget = False
        self.commands = {
            "help": Command("", "this list", self._help),
            "tasks": Command("", "tasks and threads: states, budgets", self._tasks),
            "caps": Command("[TASK]", "capabilities in tasks' tables", self._caps),
            "loans": Command("", "what is lent, by whom, to whom", self._loans),
            "mpu": Command("[TASK]", "what tasks may touch now", self._mpu),
            "access": Command("ADDRESS [BYTES]", "what the selected thread's task may do there",
                              self._access),
            "queues": Command("", "who is ready, who waits where", self._queues),
            "time": Command("", "where the run is, and its past", self._time),
            "physical": Command("on|off", "memory whatever the MPU says", self._physical),
            "faults": Command("on|off", "stop before faults", self._faults),
            "log": Command("on|off", "show what tasks log", self._log),
            "trace": Command("on|off|EVENT...", "show the kernel's events", self._trace),
            "break": Command("TASK ADDRESS|FUNCTION", "a breakpoint of one task", self._break),
            "clear": Command("TASK ADDRESS|FUNCTION", "takes it back", self._clear),
            "until": Command("TIME|+TIME|EVENT [TASK]", "run to a time (12ms) or an event (fault)",
                             self._until),
            "goto": Command("TIME|instruction N", "go there, also back", self._goto),
            "snapshot": Command("take|restore|list|same [NAME]", "the whole machine, to go back to",
                                self._snapshot),
            "inject": Command("WHAT ...", "fault MODEL KEY=VALUE... (docs/faults.md), kill TASK, pin "
                              "NAME 0|1, value DEVICE WHICH N, line N on|off, serial DEVICE TEXT, "
                              "reset [power]", self._inject),
            "why": Command("QUESTION ...", "who did this, and when: written, loan, blocked, ready, "
                           "changed (docs/past.md)", self._why),
            "reboot": Command("", "back to power-on", self._reboot),
        }  # fmt: skip

    def run(self, line: str) -> list[str]:
        """What to print. Never fails."""
        try:
            words = shlex.split(line)
        except ValueError as problem:
            return [f"error: {problem}"]
        if not words:
            return self._help([])
        if words[0] not in self.commands:
            return [f"error: no command '{words[0]}'" + suggestion(words[0], self.commands)]
        try:
            return self.commands[words[0]].run(words[1:])
        except K5Error as problem:
            return [f"error: {message}" for message in problem.messages]

    # ---- looking

    def _help(self, words: Words) -> list[str]:
        lines = []
        for name, command in self.commands.items():
            usage = f"{name} {command.usage}".strip()
            lines.append(f"monitor {usage:34} {command.says}")
        return lines

    def _some_tasks(self, words: Words) -> list[str]:
        known = [str(task["name"]) for task in self._machine.built.meta["tasks"]]
        for word in words:
            self._machine.task_index(word)
        return words or known

    def _tasks(self, words: Words) -> list[str]:
        return self._views.tasks()

    def _caps(self, words: Words) -> list[str]:
        return self._views.caps(self._some_tasks(words))

    def _loans(self, words: Words) -> list[str]:
        return self._views.loans()

    def _mpu(self, words: Words) -> list[str]:
        return self._views.mpu(self._some_tasks(words))

    def _queues(self, words: Words) -> list[str]:
        return self._views.queues()

    def _time(self, words: Words) -> list[str]:
        return self._views.time()

    def _access(self, words: Words) -> list[str]:
        if not words:
            raise K5Error("access: which address?")
        count = number(words[1]) if len(words) > 1 else 1
        address = number(words[0], "address")
        if count < 1 or address + count > 1 << 32:
            raise K5Error("access: no such addresses")
        return [self._session.memory.explain(self._session.task, address, count)]

    # ---- settings

    def _physical(self, words: Words) -> list[str]:
        memory = self._session.memory
        memory.physical = _switch(words, memory.physical)
        return [f"memory is {'physical' if memory.physical else 'what the selected task may see'}"]

    def _faults(self, words: Words) -> list[str]:
        motion = self._session.motion
        motion.stops_at_faults = _switch(words, motion.stops_at_faults)
        motion.listen()
        return [f"stops before faults: {_told(motion.stops_at_faults)}"]

    def _log(self, words: Words) -> list[str]:
        motion = self._session.motion
        motion.shows_log = _switch(words, motion.shows_log)
        return [f"log: {_told(motion.shows_log)}"]

    def _event_kinds(self, names: Words) -> int:
        known = {entry["name"].lower(): kind for kind, entry in self._machine.decoder.events.items()}
        kinds = 0
        for name in names:
            if name.lower() not in known:
                raise K5Error(f"no event '{name}'" + suggestion(name.lower(), known))
            kinds |= 1 << known[name.lower()]
        return kinds

    def _trace(self, words: Words) -> list[str]:
        motion = self._session.motion
        if words == ["on"]:
            motion.traced = self._event_kinds([e["name"] for e in
                                               self._machine.decoder.events.values()])  # fmt: skip
        elif words == ["off"]:
            motion.traced = 0
        elif words:
            motion.traced = self._event_kinds(words)
        motion.listen()
        return [f"trace: {bin(motion.traced).count('1')} kinds of events"]

    # ---- breakpoints of one task

    def _place(self, words: Words) -> tuple[str, int]:
        if len(words) != 2:
            raise K5Error("write TASK and ADDRESS, or TASK and FUNCTION")
        task, where = words
        self._machine.task_index(task)
        if where[:1].isdigit():
            address = number(where, "address")
            if address >= 1 << 32:
                raise K5Error(f"{where} is no address")
            return task, address
        return task, self._machine.address(task, where) & ~1

    def _break(self, words: Words) -> list[str]:
        task, address = self._place(words)
        self._session.break_set(address, task)
        return [f"breakpoint of {task} at {address:#010x}"]

    def _clear(self, words: Words) -> list[str]:
        task, address = self._place(words)
        self._session.break_clear(address, task)
        return [f"no breakpoint of {task} at {address:#010x}"]

    # ---- moving

    def _tick(self, words: Words) -> int | None:
        """A time among the words; None: they say something else."""
        found = _TIME.fullmatch(words[0]) if len(words) == 1 else None
        if not found:
            return None
        ticks = self._machine.ticks(float(found[2]) * _UNITS[found[3]])
        return self._machine.now + ticks if found[1] else ticks

    def _until(self, words: Words) -> list[str]:
        if not words:
            raise K5Error("until: which time (12ms), or which event (fault, log TASK)?")
        motion, tick = self._session.motion, self._tick(words)
        if tick is not None:
            stopped = motion.go(until_tick=tick)
        else:
            kinds, task = self._event_kinds(words[:1]), words[1] if len(words) > 1 else None
            if task is not None:
                self._machine.task_index(task)
            limit = self._machine.now + self._machine.ticks(UNTIL_LIMIT_US)
            decoder = self._machine.decoder

            def wanted(event: Event) -> bool:
                return task is None or decoder.task_name(event.thread) == task

            motion.machine.record(motion.recorded | kinds)
            stopped = motion.go(until_tick=limit, wanted=wanted, kinds=kinds)
            motion.listen()
            if stopped.why == "time":
                return [f"no {words[0]} in {UNTIL_LIMIT_US // _UNITS['s']} s",
                        *self._arrived(stopped)]  # fmt: skip
        return self._arrived(stopped)

    def _arrived(self, stopped: Stopped) -> list[str]:
        self._session.stands(stopped)
        lines = []
        if stopped.event and stopped.why == "until":
            lines.append(self._machine.decoder.line(stopped.event).human())
        thread = self._machine.current
        where = "nobody runs" if thread is None else f"in {self._session.threads.name(thread)}"
        why = {"until": "there", "time": "there"}.get(stopped.why, f"stopped by {stopped.why}")
        lines.append(f"{why}: {self._machine.now_us:.1f} us, {where}")
        if not self._told_to_forget:  # what ./k5 debug starts does it by itself
            self._told_to_forget = True
            lines.append("(GDB looks again after `maintenance flush register-cache`)")
        return lines

    def _goto(self, words: Words) -> list[str]:
        tick, furthest = self._tick(words), self._machine.span[1].now
        if tick is not None and tick > furthest:
            text = f"the run has come to {furthest * 1e6 / self._machine.ticks(1e6):.1f} us so far"
            raise K5Error(f"goto: {text}; `monitor until {words[0]}` runs on")
        if tick is not None:
            self._machine.goto_tick(tick)
        elif len(words) == 2 and words[0] == "instruction":
            self._machine.goto_instruction(number(words[1]))
        else:
            raise K5Error("goto: write a time (12ms), or instruction N")
        return self._arrived(Stopped("time", self._machine.current))

    def _reboot(self, words: Words) -> list[str]:
        self._machine.reboot(self._machine.seed)
        self._session.motion.listen()
        return self._arrived(Stopped("time", self._machine.current))

    def _snapshot(self, words: Words) -> list[str]:
        action, name = (words or ["list"])[0], words[1] if len(words) > 1 else "default"
        if action == "take":
            if name not in self._snapshots and len(self._snapshots) >= MOST_SNAPSHOTS:
                raise K5Error(f"there are {MOST_SNAPSHOTS} snapshots already")
            self._snapshots[name] = self._machine.snapshot()
            return [f"snapshot {name}: hash {self._snapshots[name].hash:016x}"]
        if action == "list":
            return [f"{key}: tick {snapshot.position.now}, {snapshot.position.instructions} "
                    "instructions" for key, snapshot in self._snapshots.items()] or ["none"]  # fmt: skip
        if action not in ("restore", "same"):
            raise K5Error(f"snapshot: no '{action}' (known: take, restore, list, same)")
        if name not in self._snapshots:
            raise K5Error(f"no snapshot '{name}'" + suggestion(name, self._snapshots))
        if action == "same":
            found = self._machine.snapshot().difference(self._snapshots[name])
            return ["the same" if found is None else f"they differ first in: {found}"]
        self._machine.restore(self._snapshots[name])
        self._machine.take()
        return self._arrived(Stopped("time", self._machine.current))

    def _why(self, words: Words) -> list[str]:
        here = self._machine.position
        try:
            return why.answer(self._machine, words).lines
        finally:
            if self._machine.position != here:
                self._machine.goto(here)
            self._machine.take()
            self._session.motion.listen()

    def _inject(self, words: Words) -> list[str]:
        return inject(self._machine, words)
