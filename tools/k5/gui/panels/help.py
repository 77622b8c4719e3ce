"""The page over all others: every key."""

from __future__ import annotations

from collections.abc import Hashable

import pygame
from pygame.rect import Rect
from pygame.surface import Surface

from k5.gui import draw, theme
from k5.gui.panels.base import Panel
from k5.gui.texts import FIGURE, LABEL, NAME
from k5.gui.ui import Ui
from k5.gui.view import View

KEYS = (
    ("The machine", (
        ("F5", "run or pause; also Space outside of the console"),
        ("F6", "step: one instruction"),
        ("F7", "step: to the next kernel event"),
        ("F8", "step: one millisecond"),
        ("F3  F4", "slower, faster"),
        ("F9", "as fast as the host can, and back"),
        ("F10", "reset, by the reset pin"),
    )),
    ("The board", (
        ("Ctrl+1 ... 9", "press a button, as long as the key is down"),
        ("Space, Enter", "press what has the focus"),
    )),
    ("The console", (
        ("F2", "type to the board"),
        ("Ctrl+V, Shift+Insert", "paste"),
        ("Page Up, Page Down", "scroll back, and down again"),
        ("Ctrl+I", "send a tab"),
    )),
    ("The window", (
        ("Tab, Shift+Tab", "focus: next, previous"),
        ("+  \N{MINUS SIGN}", "zoom the timeline; also the mouse wheel over it"),
        ("F12", "save a picture"),
        ("F1, Escape", "this page"),
        ("Ctrl+Q", "quit"),
    )),
)  # fmt: skip
LINE, HEAD, MARGIN = 21, 32, 26
KEY_COLUMN, WIDTH = 180, 620


class Help(Panel):
    """Lies over everything while it is shown."""

    def key(self, view: View, ui: Ui) -> Hashable:
        return ui.help

    def paint(self, surface: Surface, view: View, ui: Ui) -> None:
        shade = Surface(self.rect.size, depth=32)
        shade.fill(theme.BACKGROUND)
        shade.set_alpha(190)
        surface.blit(shade, self.rect)
        rows = sum(len(keys) for _, keys in KEYS)
        height = 44 + rows * LINE + len(KEYS) * HEAD + MARGIN
        card = Rect(0, 0, WIDTH, min(height, self.rect.height - 12))
        card.center = self.rect.center
        pygame.draw.rect(surface, theme.PANEL, card, border_radius=12)
        pygame.draw.rect(surface, theme.ACCENT, card, 1, border_radius=12)
        at = (card.left + MARGIN, card.top + 30)
        self.texts.draw(surface, "Keys", at, NAME, theme.TEXT, "midleft")
        y = card.top + 44
        for title, keys in KEYS:
            draw.spaced(surface, self.texts, title, (card.left + MARGIN, y + HEAD // 2 + 4))
            y += HEAD
            for key, text in keys:
                self._line(surface, card.left + MARGIN, y, key, text)
                y += LINE
        text = "Escape closes this"
        at = (card.right - MARGIN, card.top + 30)
        self.texts.draw(surface, text, at, LABEL, theme.DIM, "midright")

    def _line(self, surface: Surface, x: int, y: int, key: str, text: str) -> None:
        middle = y + LINE // 2
        self.texts.draw(surface, key, (x, middle), FIGURE, theme.ACCENT, "midleft")
        self.texts.draw(surface, text, (x + KEY_COLUMN, middle), LABEL, theme.TEXT, "midleft")


