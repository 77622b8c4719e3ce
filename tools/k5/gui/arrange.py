"""Where the panels lie in a window of any size."""

from __future__ import annotations

from dataclasses import dataclass

from pygame.rect import Rect

from k5.gui.theme import GAP

LEAST = (760, 520)
HEADER_HEIGHT, BAR_HEIGHT = 54, 54
SIDE_SHARE, SIDE_LEAST, SIDE_MOST = 0.29, 260, 430
ROW_HEIGHT, TIMELINE_EXTRA = 24, 66  # title, axis and edges beside the rows


@dataclass(frozen=True)
class Places:
    """A rectangle for each panel; an empty one is not shown."""

    header: Rect
    board: Rect
    console: Rect
    timeline: Rect
    log: Rect
    bar: Rect


def arrange(size: tuple[int, int], threads: int, consoles: int) -> Places:
    """The board on the left; console, timeline and log beside it."""
    width, height = max(size[0], LEAST[0]), max(size[1], LEAST[1])
    header = Rect(0, 0, width, HEADER_HEIGHT)
    bar = Rect(0, height - BAR_HEIGHT, width, BAR_HEIGHT)
    top, bottom = header.bottom + GAP, bar.top - GAP
    side = min(max(int(width * SIDE_SHARE), SIDE_LEAST), SIDE_MOST)
    board = Rect(GAP, top, side, bottom - top)
    left = board.right + GAP
    right = width - GAP - left
    free = bottom - top - GAP * (2 if consoles else 1)
    timeline_height = min(ROW_HEIGHT * max(threads, 1) + TIMELINE_EXTRA, int(free * 0.42))
    free -= timeline_height
    console_height = int(free * 0.58) if consoles else 0
    console = Rect(left, top, right, console_height)
    timeline_top = console.bottom + GAP if consoles else top
    timeline = Rect(left, timeline_top, right, timeline_height)
    log_top = timeline.bottom + GAP
    log = Rect(left, log_top, right, bottom - log_top)
    return Places(header, board, console, timeline, log, bar)
