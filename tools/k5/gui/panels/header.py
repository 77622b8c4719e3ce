"""The top line: which system, virtual time, state, speed and rate."""

from __future__ import annotations

from collections.abc import Hashable

import pygame
from pygame.rect import Rect
from pygame.surface import Surface

from k5.gui import draw, theme
from k5.gui.panels.base import Panel
from k5.gui.texts import CLOCK, FIGURE, LABEL, LOGO, NAME, TINY
from k5.gui.ui import Ui
from k5.gui.view import ENDED, PANIC, PAUSED, RUNNING, View

STATES = {
    RUNNING: theme.GREEN,
    PAUSED: theme.AMBER,
    ENDED: theme.ACCENT,
    PANIC: theme.RED,
}
COLUMN = 96  # of a figure with its caption


def clock(view: View) -> str:
    """Virtual time: `12.345 678`."""
    micros = view.now * 1_000_000 // view.tick_hz
    return f"{micros // 1_000_000}.{micros // 1000 % 1000:03d} {micros % 1000:03d}"


def rate(view: View) -> str:
    """Instructions a second, with three digits."""
    value = view.rate
    for unit in ("", "k", "M", "G"):
        if value < 999.5 or unit == "G":
            return f"{value:.3g} {unit}".rstrip() if value < 100 else f"{value:.0f} {unit}".rstrip()
        value /= 1000
    raise AssertionError("unreachable")


class Header(Panel):
    """No targets: it only shows."""

    _place = Rect(0, 0, 0, 0)  # of the clock

    def key(self, view: View, ui: Ui) -> Hashable:
        return (view.system, view.state, view.speed, view.behind, rate(view), len(clock(view)))

    def moving(self, view: View) -> Hashable:
        return clock(view)

    def paint(self, surface: Surface, view: View, ui: Ui) -> None:
        rect = self.rect
        pygame.draw.rect(surface, theme.PANEL, rect)
        surface.fill(theme.PANEL_EDGE, (rect.left, rect.bottom - 1, rect.width, 1))
        left = self._name(surface, view)
        right = self._figures(surface, view)
        self._place = self._clock_place(view, max(rect.centerx, left + 190), right)
        state = self._place.left - 118, rect.centery
        draw.pill(surface, self.texts, view.state, state, STATES[view.state])
        self._clock(surface, view)

    def move(self, surface: Surface, view: View, ui: Ui) -> list[Rect]:
        pygame.draw.rect(surface, theme.PANEL, self._place)
        self._clock(surface, view)
        return [self._place]

    def _name(self, surface: Surface, view: View) -> int:
        rect = self.rect
        logo = Rect(rect.left + theme.GAP, 0, 38, 34)
        logo.centery = rect.centery
        pygame.draw.rect(surface, theme.ACCENT, logo, border_radius=8)
        self.texts.draw(surface, "K5", logo.center, LOGO, theme.BACKGROUND, "center")
        x = logo.right + 12
        room = int(rect.width * 0.26)
        name = self.texts.fit(view.system, NAME, room)
        board = self.texts.fit(view.board, LABEL, room)
        one = self.texts.draw(surface, name, (x, rect.centery - 9), NAME, theme.TEXT, "midleft")
        two = self.texts.draw(surface, board, (x, rect.centery + 11), LABEL, theme.DIM, "midleft")
        return max(one.right, two.right)

    def _clock_place(self, view: View, middle: int, right: int) -> Rect:
        """In the middle if there is room."""
        wide = self.texts.width(clock(view) + " s", CLOCK)
        x = min(middle - wide // 2 + 30, right - wide - 20)
        return Rect(x, self.rect.top + 6, wide, self.rect.height - 12)

    def _clock(self, surface: Surface, view: View) -> None:
        """Seconds bright, microseconds soft."""
        whole, micros = clock(view).rsplit(" ", 1)
        x, y = self._place.left, self.rect.centery
        gap = self.texts.width(" ", CLOCK) // 2
        for digit in whole:  # one by one: few pictures, so that each is made once
            x = self.texts.draw(surface, digit, (x, y), CLOCK, theme.TEXT, "midleft").right
        x += gap
        for digit in micros:
            x = self.texts.draw(surface, digit, (x, y), CLOCK, theme.SOFT, "midleft").right
        self.texts.draw(surface, "s", (x + gap, y + 2), FIGURE, theme.DIM, "midleft")

    def _figures(self, surface: Surface, view: View) -> int:
        figures = [
            ("insns / s", rate(view), theme.TEXT),
            ("too slow" if view.behind else "speed", view.speed,
             theme.AMBER if view.behind else theme.TEXT),
        ]  # fmt: skip
        x = self.rect.right - theme.GAP - 4
        y = self.rect.centery
        for caption, value, colour in figures:
            self.texts.draw(surface, value, (x, y - 8), FIGURE, colour, "midright")
            self.texts.draw(surface, caption, (x, y + 10), TINY, theme.DIM, "midright")
            x -= COLUMN
        return x + 30
