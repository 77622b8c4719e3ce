"""A machine at a pace, and the view that shows it."""

from __future__ import annotations

import time
from collections.abc import Callable

from k5 import board as boards
from k5 import screen
from k5.builder import Built
from k5.gui import view as views
from k5.gui.terminal import Terminal
from k5.gui.view import Button, Console, Led, Screen, View
from k5.gui.watch import Watched
from k5.live import Live
from k5.machine import ALL_KINDS, RESET, STORM, Stop
from k5.pace import Pace, spell_speed
from k5.serialport import spec
from k5.stream import Event
from k5.tracing.source import know_names

RATE_S = 0.5  # of wall time, over which the rate of instructions is taken
STEP_LIMIT_US = 10_000_000  # virtual: a step to an event ends here if there is none
SHOWN = (STORM, RESET)  # of the simulator's events: in the log, too
KERNEL_KINDS = ALL_KINDS & ~0xFFFF  # the kernel's own


class Session:
    """All that the window and the pictures need."""

    def __init__(
        self,
        built: Built,
        seed: int,
        pace: Pace,
        until_tick: int | None = None,
        *,
        traced: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.machine = Watched(built, seed, traced=traced)
        know_names(self.machine.decoder, self.machine)
        self.live = Live(self.machine, pace, until_tick, clock)
        self.fresh: list[Event] = []  # since the last take()
        self._clock = clock
        self._rated = (clock(), 0)
        self._slipped = pace.slipped_s
        self._fed: dict[str, int] = {}  # of a serial line: what its console has seen
        self._memory: dict[str, bytes] = {}  # of a display
        self.view = self._first_view(built)
        self.collect()

    def close(self) -> None:
        """Frees the machine."""
        self.machine.close()

    def _first_view(self, built: Built) -> View:
        machine, board = self.machine, boards.load(built.board)
        found = View(
            system=built.name,
            board=board.title,
            chip=board.chips[0] if board.chips else board.cpu,
            threads=[thread["name"] for thread in built.meta["threads"]],
            tick_hz=int(built.meta["tick_hz"]),
            activity=machine.activity,
        )
        parts = machine.periphery
        found.leds = [Led(led["name"], led["colour"]) for led in parts.leds.values()]
        found.buttons = [Button(name) for name in parts.buttons]
        for name in screen.displays(machine):
            size = screen.panel(machine, name)
            blank = bytes(size.width * size.height * 3)
            found.screens.append(Screen(name, size.width, size.height, blank))
        found.consoles = [Console(name, Terminal()) for name in spec.used(machine)]
        return found

    # ---- time

    def frame(self, budget_s: float) -> None:
        """One frame's worth of virtual time, then the view is brought up to date."""
        self.live.advance(budget_s)
        self.collect()

    def run_until(self, tick: int) -> None:
        """Exactly there, whatever the pace; for pictures."""
        if tick > self.machine.now:
            self.live.step(tick - self.machine.now)

    def step_instruction(self) -> None:
        """One instruction; where all threads sleep, the first one after that."""
        ticks = int(self.machine.built.meta["ticks_per_insn"])
        before = self.machine.instructions
        self.live.step(ticks)
        if self.machine.instructions == before and self.live.ended is None:
            self.step_event()
            self.live.step(ticks)

    def step_event(self) -> str:
        """To the next event of the kernel; returns its text."""
        machine = self.machine
        machine.watch_everything(True)
        seen = len(machine.history)
        self.live.step(machine.ticks(STEP_LIMIT_US), KERNEL_KINDS)
        machine.watch_everything(False)
        found = [e for e in machine.history[seen:] if 1 << e.kind & KERNEL_KINDS]
        if not found:
            return "no kernel event in 10 virtual seconds"
        line = machine.decoder.line(found[-1])
        return f"{line.kind} {line.name}: {line.text}"

    def step_millisecond(self) -> None:
        """A millisecond of virtual time."""
        self.live.step(self.machine.ticks(1000))

    def pause(self, paused: bool) -> None:
        """Holds virtual time, or lets it go on."""
        self.live.pace.pause(paused, self.machine.now)

    def set_speed(self, speed: float) -> None:
        """Virtual seconds a wall second."""
        self.live.pace.set_speed(speed, self.machine.now)

    def reset(self) -> None:
        """The reset pin; a machine that has ended starts anew."""
        self.live.stimuli.do("reset", "pin")
        self.live.ended = None
        self.live.pace.start(self.machine.now)

    # ---- the outside

    def press(self, name: str, down: bool) -> None:
        """A button of the board."""
        for button in self.view.buttons:
            if button.name == name and button.pressed != down:
                self.live.stimuli.do("press" if down else "release", name)
                button.pressed = down

    def type(self, console: int, data: bytes) -> int:
        """Keys to a serial line; returns how many there was room for."""
        return self.live.stimuli.send(self.view.consoles[console].name, data)

    # ---- the view

    def collect(self) -> None:
        """Brings the view up to date."""
        view, machine, pace = self.view, self.machine, self.live.pace
        events = machine.take()
        self.fresh += events
        for event in events:
            if event.kind in SHOWN or machine.decoder.event_class(event) == "log":
                view.log.add(machine.decoder.line(event))
        view.now = machine.now
        view.state = self._state()
        view.speed = spell_speed(pace.speed)
        view.instructions = machine.instructions
        self._rate()
        for led in view.leds:
            led.level = round(machine.lamps[led.name].brightness(view.now) * 255)
        for console in view.consoles:
            start = self._fed.get(console.name, 0)
            data = machine.serial(console.name, start)
            if data:
                self._fed[console.name] = start + len(data)
                console.terminal.feed(data)
        self._screens()

    def take(self) -> list[Event]:
        """Events since the last time, for who prints them."""
        events, self.fresh = self.fresh, []
        return events

    def _state(self) -> str:
        if self.live.ended is Stop.PANIC:
            return views.PANIC
        if self.live.ended is not None:
            return views.ENDED
        return views.PAUSED if self.live.pace.paused else views.RUNNING

    def _rate(self) -> None:
        """Instructions a second of wall time, and whether the host keeps up."""
        now, view = self._clock(), self.view
        since, before = self._rated
        if now - since >= RATE_S:
            view.rate = (view.instructions - before) / (now - since)
            self._rated = (now, view.instructions)
            view.behind = self.live.pace.slipped_s > self._slipped
            self._slipped = self.live.pace.slipped_s

    def _screens(self) -> None:
        for shown in self.view.screens:
            memory = self.machine.device_memory(shown.name)
            if memory != self._memory.get(shown.name):
                self._memory[shown.name] = memory
                size = screen.panel(self.machine, shown.name)
                shown.rgb = screen.shown(size, memory)
                shown.version += 1
