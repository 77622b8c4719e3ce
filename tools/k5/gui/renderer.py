"""Draws a view onto a surface: all of it, or what has changed since the last time."""

from __future__ import annotations

from pygame.rect import Rect
from pygame.surface import Surface

from k5.gui import theme
from k5.gui.arrange import arrange
from k5.gui.panels.bar import Bar
from k5.gui.panels.base import Panel, Target
from k5.gui.panels.board import Board
from k5.gui.panels.console import Console
from k5.gui.panels.header import Header
from k5.gui.panels.help import Help
from k5.gui.panels.log import Log
from k5.gui.panels.timeline import Timeline
from k5.gui.texts import Texts
from k5.gui.ui import Ui
from k5.gui.view import View


class Renderer:
    """The panels, placed for a size."""

    def __init__(self, texts: Texts | None = None) -> None:
        self.texts = texts or Texts()
        self.header = Header(self.texts)
        self.board = Board(self.texts)
        self.console = Console(self.texts)
        self.timeline = Timeline(self.texts)
        self.log = Log(self.texts)
        self.bar = Bar(self.texts)
        self.help = Help(self.texts)
        self._size: tuple[int, int] = (0, 0)
        self._helped = False

    @property
    def panels(self) -> tuple[Panel, ...]:
        """In the order of Tab."""
        return (self.header, self.board, self.console, self.timeline, self.log, self.bar)

    def place(self, size: tuple[int, int], view: View) -> None:
        """For a window of this size."""
        places = arrange(size, len(view.threads), len(view.consoles))
        self.header.place(places.header)
        self.board.place(places.board)
        self.console.place(places.console)
        self.timeline.place(places.timeline)
        self.log.place(places.log)
        self.bar.place(places.bar)
        self.help.place(Rect(0, 0, *size))
        self._size = size

    def targets(self, view: View) -> list[Target]:
        """What can be clicked or reached with Tab."""
        return [target for panel in self.panels for target in panel.targets(view)]

    def draw(self, surface: Surface, view: View, ui: Ui) -> list[Rect]:
        """Brings the surface up to date; returns where it changed."""
        if surface.get_size() != self._size:
            self.place(surface.get_size(), view)
            surface.fill(theme.BACKGROUND)
            self._helped = False
            whole = True
        else:
            whole = False
        if self._helped and not ui.help:
            self._helped = False
            whole = True
            surface.fill(theme.BACKGROUND)
            for panel in self.panels:
                panel.invalidate()
        if self._helped:
            return []  # the page covers what goes on below
        changed = [rect for panel in self.panels for rect in panel.update(surface, view, ui)]
        if ui.help:
            self._helped = True
            self.help.paint(surface, view, ui)
            whole = True
        return [surface.get_rect()] if whole else changed

    def picture(self, size: tuple[int, int], view: View, ui: Ui | None = None) -> Surface:
        """A whole frame, from nothing."""
        surface = Surface(size, depth=32)
        self._size = (0, 0)
        self.draw(surface, view, ui or Ui())
        return surface
