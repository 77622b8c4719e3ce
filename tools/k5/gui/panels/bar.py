"""The bottom line: pause, steps, speed, help; and a notice to the person."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass

import pygame
from pygame.rect import Rect
from pygame.surface import Surface

from k5.gui import draw, theme
from k5.gui.panels.base import Panel, Target, touched
from k5.gui.texts import LABEL, STRONG, TINY
from k5.gui.theme import Colour
from k5.gui.ui import Ui
from k5.gui.view import ENDED, PANIC, RUNNING, View

HEIGHT, SPACE, GROUP = 36, 6, 16


@dataclass(frozen=True)
class Control:
    """A button of the bar."""

    name: str
    label: str
    shortcut: str
    width: int


PAUSE = "bar:pause"
CONTROLS = (
    Control(PAUSE, "Pause", "F5", 104),
    Control("bar:instruction", "Instruction", "F6", 136),
    Control("bar:event", "Event", "F7", 102),
    Control("bar:millisecond", "1 ms", "F8", 92),
    Control("bar:slower", "\N{MINUS SIGN}", "F3", 56),
    Control("bar:faster", "+", "F4", 56),
    Control("bar:max", "max", "F9", 72),
)
HELP = Control("bar:help", "Help", "F1", 78)
GROUPS = ("bar:instruction", "bar:slower")  # a wider gap before these


class Bar(Panel):
    """Each control says its key."""

    def key(self, view: View, ui: Ui) -> Hashable:
        return (view.state, view.speed, ui.notice, ui.help, touched(ui, "bar:"))

    def targets(self, view: View) -> list[Target]:
        found, x = [], self.rect.left + theme.GAP
        y = self.rect.centery - HEIGHT // 2
        for control in CONTROLS:
            x += GROUP if control.name in GROUPS else 0
            found.append(Target(control.name, Rect(x, y, control.width, HEIGHT)))
            x += control.width + SPACE
        right = self.rect.right - theme.GAP - HELP.width
        return [*found, Target(HELP.name, Rect(right, y, HELP.width, HEIGHT))]

    def paint(self, surface: Surface, view: View, ui: Ui) -> None:
        rect = self.rect
        pygame.draw.rect(surface, theme.PANEL, rect)
        pygame.draw.line(surface, theme.PANEL_EDGE, rect.topleft, rect.topright)
        targets = self.targets(view)
        for control, target in zip((*CONTROLS, HELP), targets, strict=True):
            on = (control is HELP and ui.help) or (
                control.name == "bar:max" and view.speed == "max"
            )
            self._control(surface, view, ui, control, target.rect, on)
        left, right = targets[-2].rect.right + 14, targets[-1].rect.left - 14
        notice = self.texts.fit(ui.notice, LABEL, right - left) if right > left + 40 else ""
        self.texts.draw(surface, notice, (right, rect.centery), LABEL, theme.AMBER, "midright")

    def _control(
        self, surface: Surface, view: View, ui: Ui, control: Control, rect: Rect, on: bool
    ) -> None:
        name = control.name
        draw.push_button(surface, rect, down=ui.down == name, hover=ui.hover == name, on=on)
        label = "Run" if name == PAUSE and view.state != RUNNING else control.label
        over = view.state in (ENDED, PANIC) and name != HELP.name
        colour = theme.DIM if over else theme.TEXT
        x = rect.left + 11
        icon = icon_of(name, view)
        if icon:
            icon(surface, (x + 5, rect.centery), colour)
            x += 18
        self.texts.draw(surface, label, (x, rect.centery), STRONG, colour, "midleft")
        at = (rect.right - 8, rect.centery + 1)
        self.texts.draw(surface, control.shortcut, at, TINY, theme.DIM, "midright")
        if ui.keyboard and ui.focus == name:
            draw.focus_ring(surface, rect.inflate(-4, -4))


Icon = Callable[[Surface, tuple[int, int], Colour], None]


def icon_of(name: str, view: View) -> Icon | None:
    """The picture on a control, if it has one."""
    if name == PAUSE:
        return _pause if view.state == RUNNING else _play
    return _step if name in ("bar:instruction", "bar:event", "bar:millisecond") else None


def _play(surface: Surface, at: tuple[int, int], colour: Colour) -> None:
    x, y = at
    pygame.draw.polygon(surface, colour, [(x - 4, y - 6), (x - 4, y + 6), (x + 6, y)])


def _pause(surface: Surface, at: tuple[int, int], colour: Colour) -> None:
    x, y = at
    pygame.draw.rect(surface, colour, (x - 5, y - 6, 4, 12), border_radius=1)
    pygame.draw.rect(surface, colour, (x + 2, y - 6, 4, 12), border_radius=1)


def _step(surface: Surface, at: tuple[int, int], colour: Colour) -> None:
    x, y = at
    pygame.draw.polygon(surface, colour, [(x - 5, y - 5), (x - 5, y + 5), (x + 2, y)])
    pygame.draw.rect(surface, colour, (x + 3, y - 5, 2, 11))
