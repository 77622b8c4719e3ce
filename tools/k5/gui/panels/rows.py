"""What console and log share: rows of text, the newest at the bottom, and a way back."""

from __future__ import annotations

from pygame.rect import Rect

from k5.gui.ui import Ui


def visible(
    ui: Ui, what: str, total: int, room: int, floor: int = 0
) -> tuple[int, int, int]:
    """Which rows to draw: first, behind the last, and how far back that is.

    `floor`: rows before it are not shown unless one scrolls back to them.
    """
    most = max(total - room, 0)
    back = min(ui.back.get(what, 0), most)
    ui.back[what] = back  # so that scrolling on begins here
    end = total - back
    first = max(end - room, 0)
    if back == 0:
        first = max(first, min(floor, total - 1))
    return first, end, back


def room_for(rect: Rect, height: int) -> int:
    """Rows that fit."""
    return max(rect.height // height, 1)
