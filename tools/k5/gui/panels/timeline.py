"""Who ran when: a row for each thread, now at the right end."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import pygame
from pygame.rect import Rect
from pygame.surface import Surface

from k5.gui import draw, theme
from k5.gui.panels.base import Panel, Target, touched
from k5.gui.texts import AXIS, LABEL, MONO, SMALL, Style, Texts
from k5.gui.ui import TIMELINE, Ui
from k5.gui.view import View

GUTTER = 158  # names and shares, left of the plot
SHARE: Style = (MONO, 11)
SHARE_WIDTH = 54
AXIS_HEIGHT = 18
ROW_MOST, ROW_LEAST = 24, 9
FAINTEST = 0.34  # what ran at all in a column can be seen
STEPS = (1, 2, 5)
SHARES_A_SPAN = 8  # how often the shares change while the whole plot passes by


class Timeline(Panel):
    """Moves with time: what was drawn is shifted, only new columns are drawn anew."""

    def __init__(self, texts: Texts) -> None:
        super().__init__(texts)
        self._strip: Surface | None = None  # the plot's columns
        self._column = 0  # the one that the strip's right edge shows
        self._made_for: Hashable = None
        self._shared = 0  # tick at which the shares were worked out

    def invalidate(self) -> None:
        super().invalidate()
        self._made_for = None

    def targets(self, view: View) -> list[Target]:
        return [Target(TIMELINE, self.rect)]

    def plot(self) -> Rect:
        """Where the columns are."""
        top = self.rect.top + theme.TITLE_HEIGHT
        left = self.rect.left + GUTTER
        height = self.rect.bottom - theme.PAD + 4 - AXIS_HEIGHT - top
        return Rect(left, top, self.rect.right - theme.PAD - left, height)

    def _ticks(self, view: View, ui: Ui) -> int:
        """Ticks a column."""
        return max(int(ui.span_s * view.tick_hz) // max(self.plot().width, 1), 1)

    def key(self, view: View, ui: Ui) -> Hashable:
        return (ui.span, touched(ui, TIMELINE), view.state)

    def moving(self, view: View) -> Hashable:
        return view.now

    def paint(self, surface: Surface, view: View, ui: Ui) -> None:
        focused = ui.focus == TIMELINE and ui.keyboard
        draw.panel(surface, self.texts, self.rect, "Tasks", focused)
        plot, ticks = self.plot(), self._ticks(view, ui)
        at = (self.rect.right - theme.PAD, self.rect.top + theme.TITLE_HEIGHT // 2)
        span = f"{spell(ui.span_s)} across   + and \N{MINUS SIGN} zoom"
        self.texts.draw(surface, span, at, SMALL, theme.DIM, "midright")
        draw.well(surface, plot.inflate(4, 4))
        self._names(surface, view, plot)
        self._plot(surface, view, plot, ticks)
        self._shares(surface, view, plot, ticks)

    def move(self, surface: Surface, view: View, ui: Ui) -> list[Rect]:
        plot, ticks = self.plot(), self._ticks(view, ui)
        axis = self._axis_rect(plot)
        surface.fill(theme.PANEL, axis)
        self._plot(surface, view, plot, ticks)
        changed = [plot, axis]
        if abs(view.now - self._shared) * SHARES_A_SPAN >= ticks * plot.width:
            changed.append(self._shares(surface, view, plot, ticks))
        return changed

    def _plot(self, surface: Surface, view: View, plot: Rect, ticks: int) -> None:
        surface.blit(self._drawn(view, plot, ticks), plot)
        surface.set_clip(self._axis_rect(plot))
        lines = self._axis(surface, view, plot, ticks)
        surface.set_clip(plot)
        for x in lines:
            for y in range(plot.top, plot.bottom, 6):
                # Between the bars alone: light over dark.
                surface.fill(theme.WELL_EDGE, (x, y, 1, 3), pygame.BLEND_RGB_MAX)
        self._marks(surface, view, plot, ticks)
        surface.set_clip(self.rect)

    @staticmethod
    def _axis_rect(plot: Rect) -> Rect:
        return Rect(plot.left, plot.bottom + 2, plot.width, AXIS_HEIGHT)

    def _row(self, view: View, plot: Rect) -> int:
        """A row's height."""
        return min(max(plot.height // max(len(view.threads), 1), ROW_LEAST), ROW_MOST)

    def _drawn(self, view: View, plot: Rect, ticks: int) -> Surface:
        """The strip, brought up to now."""
        made_for = (plot.size, ticks, len(view.threads))
        column = view.now // ticks
        width = plot.width
        new = column - self._column
        if self._strip is None or made_for != self._made_for or not 0 <= new < width:
            self._strip = Surface(plot.size, depth=32)
            self._strip.fill(theme.WELL)
            self._made_for = made_for
            new = width - 1
        else:
            self._strip.scroll(-new)
        self._column = column
        # The last column of the time before was not complete: it is drawn once more.
        first = column - new
        fresh = Rect(width - 1 - new, 0, new + 1, plot.height)
        self._strip.fill(theme.WELL, fresh)
        self._unknown(view, first, ticks, fresh)
        shares = view.activity.shares(first * ticks, new + 1, ticks, view.now)
        row = self._row(view, plot)
        for thread in range(len(view.threads)):
            self._bars(shares[thread], thread, fresh.left, row)
        return self._strip

    def _bars(self, shares: Any, thread: int, left: int, row: int) -> None:
        """A thread's columns, those side by side that look alike as one."""
        assert self._strip is not None
        levels = [
            0 if share <= 0 else max(1, min(round(share * 15), 15)) for share in shares.tolist()
        ]
        top, height = thread * row + 3, row - 6
        if row < 14:
            top, height = thread * row + 1, row - 2
        start = 0
        for at in range(1, len(levels) + 1):
            if at < len(levels) and levels[at] == levels[start]:
                continue
            if levels[start]:
                share = FAINTEST + (1 - FAINTEST) * levels[start] / 15
                colour = theme.mix(theme.WELL, theme.task(thread), share)
                self._strip.fill(colour, (left + start, top, at - start, height))
            start = at

    def _unknown(self, view: View, first: int, ticks: int, fresh: Rect) -> None:
        """Before boot there is nothing; what was forgotten is hatched."""
        assert self._strip is not None
        known = -(-view.activity.known_from // ticks)
        begin = fresh.left + max(0 - first, 0)
        end = fresh.left + min(max(known - first, 0), fresh.width)
        for x in range(begin, end):
            if (first + x - fresh.left) % 6 < 2:
                self._strip.fill(theme.WELL_EDGE, (x, 0, 1, fresh.height))

    def _axis(self, surface: Surface, view: View, plot: Rect, ticks: int) -> list[int]:
        """Labels below the plot; returns where the lines of the grid are."""
        span = ticks * plot.width / view.tick_hz
        step, newest = grid_step(span), view.now / view.tick_hz
        number = max(int((newest - span) / step), 0)
        column = view.now // ticks
        lines = []
        while number * step <= newest:
            at = number * step
            x = plot.right - 1 - (column - int(at * view.tick_hz) // ticks)
            if x >= plot.left:
                lines.append(x)
                label = self.texts.get(axis_label(at, step), AXIS, theme.DIM)
                inside = min(x, plot.right - label.get_width() // 2)  # the newest is at the edge
                surface.blit(label, label.get_rect(midtop=(inside, plot.bottom + 4)))
            number += 1
        return lines

    def _marks(self, surface: Surface, view: View, plot: Rect, ticks: int) -> None:
        """Log lines as dots above the bar, faults as red diamonds."""
        column, row = view.now // ticks, self._row(view, plot)
        for mark in reversed(view.activity.marks):
            x = plot.right - 1 - (column - mark.time // ticks)
            if x < plot.left:
                break
            if mark.thread >= len(view.threads):
                continue
            y = plot.top + mark.thread * row + row // 2
            if mark.what == "fault":
                points = [(x, y - 6), (x + 6, y), (x, y + 6), (x - 6, y)]
                pygame.draw.polygon(surface, theme.RED, points)
                pygame.draw.polygon(surface, theme.WELL, points, 1)
            elif row >= 14:
                pygame.draw.circle(surface, theme.TEXT, (x, y), 2)

    def _names(self, surface: Surface, view: View, plot: Rect) -> None:
        row = self._row(view, plot)
        style = LABEL if row >= 14 else SMALL
        left = self.rect.left + theme.PAD
        for thread, name in enumerate(view.threads):
            y = plot.top + thread * row + row // 2
            if y + 5 > plot.bottom:
                break
            pygame.draw.rect(surface, theme.task(thread), (left, y - 4, 8, 8), border_radius=2)
            shown = self.texts.fit(name, style, GUTTER - SHARE_WIDTH - 40)
            self.texts.draw(surface, shown, (left + 15, y), style, theme.TEXT, "midleft")

    def _shares(self, surface: Surface, view: View, plot: Rect, ticks: int) -> Rect:
        """Of the time that the plot shows; returns where it wrote."""
        row = self._row(view, plot)
        span = plot.width * ticks
        lengths = view.activity.shares(view.now - span, 1, span, view.now)
        elapsed = max(min(span, view.now), 1) / span
        right = plot.left - 12
        area = Rect(right - SHARE_WIDTH, plot.top, SHARE_WIDTH, plot.height)
        surface.fill(theme.PANEL, area)
        for thread in range(len(view.threads)):
            y = plot.top + thread * row + row // 2
            if y + 5 > plot.bottom:
                break
            share = min(float(lengths[thread][0]) / elapsed, 1.0)
            colour = theme.SOFT if share else theme.DIM
            self.texts.draw(surface, spell_share(share), (right, y), SHARE, colour, "midright")
        self._shared = view.now
        return area


def spell(seconds: float) -> str:
    """`500 ms`."""
    return f"{seconds:g} s" if seconds >= 1 else f"{seconds * 1000:g} ms"


def spell_share(share: float) -> str:
    """`12.5 %`; something is never 0."""
    if 0 < share < 0.0005:
        return "<0.1 %"
    return f"{share * 100:.1f} %" if share else "0 %"


def grid_step(span_s: float) -> float:
    """Seconds between the lines of the grid: 1, 2 or 5 of a power of ten, about seven of them."""
    power = 1e-7
    while True:
        for step in STEPS:
            if span_s / (power * step) <= 8:
                return power * step
        power *= 10


def axis_label(seconds: float, step: float) -> str:
    """With as many digits as the step needs."""
    unit, factor = ("s", 1) if step >= 0.1 else ("ms", 1000)
    digits = 0
    while digits < 6 and round(step * factor * 10**digits, 6) < 1:
        digits += 1
    return f"{seconds * factor:.{digits}f} {unit}"
