"""Colours and sizes: a dark instrument panel."""

from __future__ import annotations

Colour = tuple[int, int, int]

BACKGROUND: Colour = (11, 14, 19)
PANEL: Colour = (19, 24, 32)
PANEL_EDGE: Colour = (37, 45, 57)
WELL: Colour = (13, 17, 23)  # where content lies: console, plot
WELL_EDGE: Colour = (30, 37, 47)
TEXT: Colour = (222, 229, 238)
SOFT: Colour = (160, 172, 188)
DIM: Colour = (112, 125, 143)
ACCENT: Colour = (78, 184, 255)
GREEN: Colour = (80, 206, 122)
AMBER: Colour = (245, 184, 66)
RED: Colour = (255, 99, 99)
MAGENTA: Colour = (214, 140, 255)
BUTTON: Colour = (33, 41, 53)
BUTTON_EDGE: Colour = (54, 66, 83)
BUTTON_DOWN: Colour = (45, 72, 99)

PCB: Colour = (13, 45, 42)
PCB_EDGE: Colour = (35, 92, 83)
PCB_TRACE: Colour = (20, 62, 57)
SILK: Colour = (196, 219, 212)
GOLD: Colour = (201, 165, 88)
CHIP: Colour = (24, 26, 30)
CHIP_EDGE: Colour = (62, 67, 76)
STEEL: Colour = (150, 158, 170)

# Of a task in the timeline, by its place; far apart in hue, alike in brightness.
TASKS: tuple[Colour, ...] = (
    (78, 184, 255), (80, 206, 122), (245, 184, 66), (214, 140, 255), (255, 128, 102),
    (72, 209, 204), (240, 120, 178), (176, 200, 80), (140, 150, 255), (226, 190, 140),
)  # fmt: skip

LEDS: dict[str, Colour] = {
    "red": (255, 60, 48),
    "green": (60, 255, 96),
    "blue": (72, 132, 255),
    "yellow": (255, 214, 56),
    "orange": (255, 146, 40),
    "amber": (255, 176, 40),
    "white": (240, 246, 255),
}

LEVELS: dict[str, Colour] = {
    "ERROR": RED, "WARN": AMBER, "INFO": GREEN, "DEBUG": ACCENT, "TRACE": DIM,
    "FAULT": RED, "TASK": MAGENTA, "BOOT": ACCENT, "HALT": ACCENT, "PANIC": RED, "LOST": RED,
    "EPITAPH": RED,
}  # fmt: skip

# Of a terminal: black to white, then the bright ones.
ANSI: tuple[Colour, ...] = (
    (72, 82, 97), (240, 96, 96), (96, 208, 128), (232, 190, 88),
    (96, 160, 255), (206, 136, 240), (88, 204, 214), (214, 222, 232),
    (120, 132, 150), (255, 138, 138), (140, 236, 166), (255, 218, 126),
    (142, 190, 255), (230, 176, 255), (136, 232, 240), (250, 252, 255),
)  # fmt: skip

GAP = 10  # between panels
PAD = 12  # inside
RADIUS = 8
TITLE_HEIGHT = 32


def mix(one: Colour, other: Colour, share: float) -> Colour:
    """`share` of the other colour, 0 to 1."""
    return (
        round(one[0] + (other[0] - one[0]) * share),
        round(one[1] + (other[1] - one[1]) * share),
        round(one[2] + (other[2] - one[2]) * share),
    )


def task(place: int) -> Colour:
    """The colour of a thread."""
    return TASKS[place % len(TASKS)]
