"""What a panel is: a rectangle that draws itself anew only when what it shows has changed."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from pygame.rect import Rect
from pygame.surface import Surface

from k5.gui.texts import Texts
from k5.gui.ui import Ui
from k5.gui.view import View


@dataclass(frozen=True)
class Target:
    """Something to click, or to reach with Tab."""

    name: str
    rect: Rect


class Panel:
    """Base of all panels."""

    def __init__(self, texts: Texts) -> None:
        self.texts = texts
        self.rect = Rect(0, 0, 0, 0)
        self._shown: Hashable = None
        self._moved: Hashable = None

    def place(self, rect: Rect) -> None:
        """Moves it; it will be drawn anew."""
        self.rect = rect
        self.invalidate()

    def invalidate(self) -> None:
        """It will be drawn anew."""
        self._shown = None

    def key(self, view: View, ui: Ui) -> Hashable:
        """Equal keys look alike, but for what moves."""
        raise NotImplementedError

    def moving(self, view: View) -> Hashable:
        """The same for a part that changes with every frame, and that move() can draw alone."""
        return None

    def paint(self, surface: Surface, view: View, ui: Ui) -> None:
        """Draws all of it."""
        raise NotImplementedError

    def move(self, surface: Surface, view: View, ui: Ui) -> list[Rect]:
        """Draws what moves; returns where."""
        return []

    def targets(self, view: View) -> list[Target]:
        """What can be clicked, in the order of Tab."""
        return []

    def update(self, surface: Surface, view: View, ui: Ui) -> list[Rect]:
        """Draws what has changed; returns where."""
        if self.rect.width <= 0 or self.rect.height <= 0:
            return []
        key, moving = self.key(view, ui), self.moving(view)
        if key == self._shown and moving == self._moved:
            return []
        surface.set_clip(self.rect)
        changed = [self.rect]
        if key == self._shown:
            changed = self.move(surface, view, ui)
        else:
            self.paint(surface, view, ui)
        surface.set_clip(None)
        self._shown, self._moved = key, moving
        return changed


def touched(ui: Ui, prefix: str) -> tuple[str, str, str]:
    """Focus, hover and what is held down, as far as they are this panel's; part of its key."""
    focus = ui.focus if ui.keyboard and ui.focus.startswith(prefix) else ""
    return (
        focus,
        ui.hover if ui.hover.startswith(prefix) else "",
        ui.down if ui.down.startswith(prefix) else "",
    )
