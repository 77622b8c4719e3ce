"""The log lines of the tasks and of the kernel."""

from __future__ import annotations

from collections.abc import Hashable

from pygame.rect import Rect
from pygame.surface import Surface

from k5.gui import draw, theme
from k5.gui.logbook import Entry
from k5.gui.panels import rows
from k5.gui.panels.base import Panel, Target, touched
from k5.gui.texts import LOG as STYLE
from k5.gui.texts import SMALL
from k5.gui.ui import LOG, Ui
from k5.gui.view import View

ROW = 16


class Log(Panel):
    """Columns: time, thread, level, text; the place of the line in the source at the right."""

    def key(self, view: View, ui: Ui) -> Hashable:
        return (view.log.version, ui.back.get(LOG, 0), touched(ui, LOG))

    def targets(self, view: View) -> list[Target]:
        return [Target(LOG, self.rect)]

    def paint(self, surface: Surface, view: View, ui: Ui) -> None:
        focused = ui.focus == LOG and ui.keyboard
        inner = draw.panel(surface, self.texts, self.rect, "Log", focused)
        entries = view.log.entries
        text = f"{len(entries) + view.log.dropped} lines"
        at = (self.rect.right - theme.PAD, self.rect.top + theme.TITLE_HEIGHT // 2)
        self.texts.draw(surface, text, at, SMALL, theme.DIM, "midright")
        well = Rect(inner.left - 4, inner.top, inner.width + 8, inner.height + 4)
        draw.well(surface, well)
        inner = well.inflate(-16, -8)
        room = rows.room_for(inner, ROW)
        first, end, back = rows.visible(ui, LOG, len(entries), room)
        surface.set_clip(well.inflate(-2, -2))
        columns = self._columns(view)
        for place, entry in enumerate(entries[first:end]):
            self._entry(surface, entry, inner, inner.top + place * ROW, columns)
        draw.scrollbar(surface, well, len(entries), room, back)
        surface.set_clip(self.rect)

    def _columns(self, view: View) -> tuple[int, int, int]:
        """Where thread, level and text begin."""
        advance = self.texts.width("M", STYLE)
        longest = min(max((len(name) for name in view.threads), default=4), 14)
        name = advance * 11
        level = name + advance * (longest + 2)
        return name, level, level + advance * 6

    def _entry(
        self, surface: Surface, entry: Entry, inner: Rect, y: int, columns: tuple[int, int, int]
    ) -> None:
        name, level, text = (inner.left + column for column in columns)
        colour = theme.LEVELS.get(entry.level, theme.SOFT)
        draw_text = self.texts.draw
        draw_text(surface, entry.time, (name - 12, y), STYLE, theme.DIM, "topright")
        shown = self.texts.fit(entry.name, STYLE, level - name - 8)
        draw_text(surface, shown, (name, y), STYLE, theme.SOFT)
        right = inner.right - 8
        if entry.where and right - text > 420:
            where = draw_text(surface, entry.where, (right, y), STYLE, theme.DIM, "topright")
            right = where.left - 12
        shown = self.texts.fit(entry.text, STYLE, right - text)
        if entry.time:
            draw_text(surface, entry.level[:5], (level, y), STYLE, colour)
            draw_text(surface, shown, (text, y), STYLE, theme.TEXT)
        else:
            draw_text(surface, "|", (level, y), STYLE, colour)
            draw_text(surface, shown, (text, y), STYLE, theme.SOFT)
