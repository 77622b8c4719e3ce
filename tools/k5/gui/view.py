"""What the window shows at one moment: plain data, filled by a session, drawn by the panels."""

from __future__ import annotations

from dataclasses import dataclass, field

from k5.gui.activity import Activity
from k5.gui.logbook import LogBook
from k5.gui.terminal import Terminal

RUNNING, PAUSED, ENDED, PANIC = "running", "paused", "ended", "panic"


@dataclass
class Led:
    """One LED of the board."""

    name: str
    colour: str
    level: int = 0  # brightness, 0 to 255


@dataclass
class Button:
    """One button of the board."""

    name: str
    pressed: bool = False


@dataclass
class Screen:
    """A display of the board."""

    name: str
    width: int
    height: int
    rgb: bytes
    version: int = 0  # changes with the pixels


@dataclass
class Console:
    """A serial line."""

    name: str
    terminal: Terminal
    note: str = ""  # where the line leads else: "also tcp:5000"


@dataclass
class View:
    """All of it."""

    system: str
    board: str
    chip: str
    threads: list[str]
    tick_hz: int
    activity: Activity
    log: LogBook = field(default_factory=LogBook)
    leds: list[Led] = field(default_factory=list)
    buttons: list[Button] = field(default_factory=list)
    screens: list[Screen] = field(default_factory=list)
    consoles: list[Console] = field(default_factory=list)
    now: int = 0  # tick
    state: str = PAUSED
    speed: str = "1x"
    behind: bool = False  # the host is too slow for the speed
    rate: float = 0.0  # guest instructions a second
    instructions: int = 0

    @property
    def seconds(self) -> float:
        """Virtual time."""
        return self.now / self.tick_hz
