"""The serial console: what the board sends, and where typing goes to it."""

from __future__ import annotations

from collections.abc import Hashable

import pygame
from pygame.rect import Rect
from pygame.surface import Surface

from k5.gui import draw, theme
from k5.gui.panels import rows
from k5.gui.panels.base import Panel, Target, touched
from k5.gui.terminal import PLAIN, Row
from k5.gui.texts import CODE, LABEL, SMALL
from k5.gui.ui import CONSOLE, Ui
from k5.gui.view import Console as Line
from k5.gui.view import View

ROW = 17
TAB_HEIGHT = 22


class Console(Panel):
    """One line is shown; the others wait behind their tabs."""

    def _line(self, view: View, ui: Ui) -> Line | None:
        if not view.consoles:
            return None
        return view.consoles[min(ui.console, len(view.consoles) - 1)]

    def key(self, view: View, ui: Ui) -> Hashable:
        line = self._line(view, ui)
        version = (line.name, line.terminal.version, line.note) if line else ()
        focused = ui.focus == CONSOLE
        touch = touched(ui, CONSOLE), touched(ui, "tab:")
        return (version, ui.back.get(CONSOLE, 0), focused, touch)

    def targets(self, view: View) -> list[Target]:
        if not view.consoles:
            return []
        found = [Target(CONSOLE, self._well())]
        if len(view.consoles) > 1:
            x = self.rect.left + theme.PAD + 62
            for line in view.consoles:
                width = self.texts.width(line.name, LABEL) + 20
                top = self.rect.top + (theme.TITLE_HEIGHT - TAB_HEIGHT) // 2
                found.append(Target(f"tab:{line.name}", Rect(x, top, width, TAB_HEIGHT)))
                x += width + 6
        return found

    def _well(self) -> Rect:
        top = self.rect.top + theme.TITLE_HEIGHT
        return Rect(self.rect.left + 8, top, self.rect.width - 16, self.rect.bottom - 8 - top)

    def paint(self, surface: Surface, view: View, ui: Ui) -> None:
        line = self._line(view, ui)
        focused = ui.focus == CONSOLE
        draw.panel(surface, self.texts, self.rect, "Serial", focused and ui.keyboard)
        if line is None:
            return
        self._tabs(surface, view, ui, line)
        self._hint(surface, ui, line)
        well = self._well()
        draw.well(surface, well)
        inner = well.inflate(-20, -10)
        surface.set_clip(well.inflate(-2, -2))
        room = rows.room_for(inner, ROW)
        terminal = line.terminal
        total = len(terminal.rows)
        first, end, back = rows.visible(ui, CONSOLE, total, room, terminal.floor)
        for place, row in enumerate(terminal.rows[first:end]):
            self._row(surface, row, (inner.left, inner.top + place * ROW))
        if back == 0:
            self._cursor(surface, terminal.column, inner, end - first - 1, focused)
        draw.scrollbar(surface, well, total, room, back)
        surface.set_clip(self.rect)

    def _tabs(self, surface: Surface, view: View, ui: Ui, shown: Line) -> None:
        targets = self.targets(view)[1:]
        if not targets:
            at = (self.rect.left + theme.PAD + 62, self.rect.top + theme.TITLE_HEIGHT // 2)
            self.texts.draw(surface, shown.name, at, LABEL, theme.TEXT, "midleft")
        for line, target in zip(view.consoles, targets, strict=bool(targets)):
            on = line is shown
            draw.push_button(
                surface, target.rect, down=False, hover=ui.hover == target.name, on=on
            )
            colour = theme.TEXT if on else theme.SOFT
            self.texts.draw(surface, line.name, target.rect.center, LABEL, colour, "center")
            if ui.keyboard and ui.focus == target.name:
                draw.focus_ring(surface, target.rect.inflate(-4, -4))

    def _hint(self, surface: Surface, ui: Ui, line: Line) -> None:
        typing = "keys go to the board" if ui.focus == CONSOLE else "F2 or click to type"
        text = line.note or typing
        at = (self.rect.right - theme.PAD, self.rect.top + theme.TITLE_HEIGHT // 2)
        colour = theme.ACCENT if ui.focus == CONSOLE and not line.note else theme.DIM
        self.texts.draw(surface, text, at, SMALL, colour, "midright")

    def _row(self, surface: Surface, row: Row, at: tuple[int, int]) -> None:
        x, y = at
        advance = self.texts.width("M", CODE)
        for text, colour in row.runs():
            shade = theme.TEXT if colour == PLAIN else theme.ANSI[colour]
            if not text.isspace():
                surface.blit(self.texts.get(text, CODE, shade), (x, y))
            x += advance * len(text)

    def _cursor(self, surface: Surface, column: int, inner: Rect, row: int, focused: bool) -> None:
        advance = self.texts.width("M", CODE)
        rect = Rect(inner.left + column * advance, inner.top + row * ROW, advance, ROW - 1)
        if focused:
            pygame.draw.rect(surface, theme.ACCENT, rect)
        else:
            pygame.draw.rect(surface, theme.DIM, rect, 1)
