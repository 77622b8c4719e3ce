"""A machine that is a script, for tests of the runner: what it does, and when, is written down."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from k5.machine import Stop
from k5.scenario.load import ScenarioFile
from k5.scenario.run import HostedRun, Ran
from k5.stream import Event

HZ = 1_000_000  # a tick is a microsecond
PINS = ["PA0", "PA1", "LED", "BUTTON"]
LOG, PIN, SERIAL, HALT = 2, 48, 49, 6


def event(time: int, kind: int, code: int = 0, *args: int, thread: int = 0) -> Event:
    filled: Any = (*args, *(0,) * (6 - len(args)))
    return Event(time, kind, thread, code, filled)


class ScriptedMachine:
    """`script`: events in their order; `calls`: what was done to it, with its tick. An instruction
    takes a tick."""

    def __init__(self, script: list[Event], halts: bool = False) -> None:
        self.script = script
        self.halts = halts
        self.calls: list[tuple[int, str, tuple[Any, ...]]] = []
        self.now = 0
        self.fresh: list[Event] = []
        self.left: list[Event] = []
        self.stops: list[int] = []  # ticks at which a run came back
        self.levels = dict.fromkeys(PINS, False)

    @property
    def instructions(self) -> int:
        return self.now

    def step(self, count: int, *, until_tick: int, stop_kinds: int = 0) -> Stop:
        goal = self.now + count
        stop = self._run(min(goal, until_tick), stop_kinds)
        there = stop is Stop.TIME and self.now == goal and goal < until_tick
        return Stop.POSITION if there else stop

    def reboot(self, seed: int, kinds: int) -> None:
        self.now, self.left, self.kinds = 0, list(self.script), kinds

    def run(self, *, until_tick: int, stop_kinds: int = 0) -> Stop:
        stop = self._run(until_tick, stop_kinds)
        self.stops.append(self.now)
        return stop

    def _run(self, until: int, stop_kinds: int) -> Stop:
        assert until >= self.now
        while self.left and self.left[0].time < until:
            came = self.left.pop(0)
            self.now = came.time
            if 1 << came.kind & (self.kinds | stop_kinds):
                self.fresh.append(came)
            if 1 << came.kind & stop_kinds:
                return Stop.EVENT
        if not self.left and self.halts:
            return Stop.HALT
        self.now = until
        return Stop.TIME

    def idle_until(self, tick: int) -> None:
        assert tick >= self.now
        self.now = tick

    def take(self) -> list[Event]:
        taken, self.fresh = self.fresh, []
        return taken

    def guest_errors(self) -> list[Any]:
        return []

    def invariants(self) -> None:
        return None

    def level(self, pin: str) -> bool:
        return self.levels[pin]

    def led(self, name: str) -> bool:
        return self.levels["LED"]

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*args: Any) -> Any:
            self.calls.append((self.now, name, args))
            return len(args[1]) if name == "send" else None

        return call


class ScriptedNames:
    """Knows the pins above, a serial device `uart`, and that a log line's first word is its text."""

    def __init__(self) -> None:
        self.meta = {"tick_hz": HZ, "devices": [{"name": "uart", "model": "x"}]}
        self.decoder: Any = SimpleNamespace(
            meta={**self.meta}, levels={3: "INFO"}, faults={1: "DATA"}, events={2: {"name": "LOG"}},
            calls={}, name_width=8, thread_name=str,
            line=lambda e: SimpleNamespace(text=f"line {e.args[0]}", level="INFO", name="t", seconds=e.time / HZ,
                                           where="", details=[]),
        )  # fmt: skip
        self.machine: Any = None

    def threads(self, name: str) -> frozenset[int]:
        return frozenset(range(4))

    def log(self, text: str, task: str) -> None:
        """All are possible."""

    def said(self, came: Event) -> tuple[str, str]:
        return "INFO", f"line {came.args[0]}"

    def serial(self, name: str) -> int:
        return 0

    def pin(self, name: str) -> int:
        return PINS.index(name)

    def led(self, name: str) -> tuple[int, bool]:
        return PINS.index("LED"), True

    def button(self, name: str) -> tuple[int, bool]:
        return PINS.index("BUTTON"), True

    def line(self, name: str) -> int:
        return int(name)

    def thread(self, name: str) -> int:
        return ["main", "other"].index(name)

    def value(self, name: str) -> tuple[str, str]:
        return name, name

    def task(self, name: str) -> str:
        return name

    def pins_asked(self) -> list[tuple[int, str]]:
        return list(enumerate(PINS))


def run(
    folder: Path, text: str, script: list[Event], halts: bool = False, seed: int = 0
) -> tuple[Ran, ScriptedMachine]:
    """Runs a scenario on a scripted machine; [scenario] may be left out."""
    (folder / "small.toml").write_text("")
    path = folder / "a.toml"
    if "[scenario]" not in text:
        text = '[scenario]\nsystem = "small.toml"\nuntil = "100ms"\n' + text
    path.write_text(text)
    file = ScenarioFile(path)
    (variant,) = file.chosen(None, None, seed, {})
    machine: Any = ScriptedMachine(script, halts)
    names: Any = ScriptedNames()
    ran = HostedRun(file.scenario(variant), machine, names, 0).run()
    return ran, machine


def came(ran: Ran) -> list[str]:
    """What the failures say, a text each."""
    return [f"{f.expected}: {'; '.join(f.came)}" for f in ran.failures]
