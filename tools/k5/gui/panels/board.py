"""The board: its displays, LEDs, chip and buttons, on a piece of PCB."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field

import pygame
from pygame.rect import Rect
from pygame.surface import Surface

from k5.gui import draw, theme
from k5.gui.panels.base import Panel, Target, touched
from k5.gui.texts import LABEL, MONO, SANS, TINY, Style
from k5.gui.theme import Colour
from k5.gui.ui import Ui
from k5.gui.view import Button, Led, Screen, View

EDGE = 26  # of the PCB
LED_WIDTH, LED_HEIGHT, LENS, GLOW = 66, 54, 9, 30
BUTTON_WIDTH, BUTTON_HEIGHT, CAP = 84, 88, 19
BEZEL = 9
PAD_PITCH = 14
CHIP_MOST, CHIP_LEAST = 176, 64
SILK: Style = (MONO, 11)
CHIP_NAME: Style = (SANS, 11)
DARK_LED: Colour = (52, 58, 62)


@dataclass
class Plan:
    """Where the parts lie; worked out anew when the panel moves."""

    pcb: Rect
    screens: list[Rect] = field(default_factory=list)  # the pixels
    chip: Rect | None = None
    leds: list[Rect] = field(default_factory=list)
    buttons: list[Rect] = field(default_factory=list)


def rows_of(count: int, each: int, width: int) -> list[int]:
    """How many parts go in each row, rows as even as can be."""
    if not count:
        return []
    most = max(width // each, 1)
    lines = -(-count // most)
    return [count // lines + (line < count % lines) for line in range(lines)]


def cells(count: int, size: tuple[int, int], area: Rect, top: int) -> list[Rect]:
    """Rectangles in centred rows from `top` down."""
    width, height = size
    found = []
    for line, here in enumerate(rows_of(count, width, area.width)):
        left = area.centerx - here * width // 2
        found += [
            Rect(left + k * width, top + line * height, width, height) for k in range(here)
        ]
    return found


def plan(rect: Rect, view: View) -> Plan:
    """From the top: displays, chip, LEDs; buttons at the bottom."""
    area = rect.inflate(-2 * EDGE, -2 * EDGE)
    made = Plan(rect)
    buttons = len(rows_of(len(view.buttons), BUTTON_WIDTH, area.width)) * BUTTON_HEIGHT
    leds = len(rows_of(len(view.leds), LED_WIDTH, area.width)) * LED_HEIGHT
    made.buttons = cells(
        len(view.buttons), (BUTTON_WIDTH, BUTTON_HEIGHT), area, area.bottom - buttons + 6
    )
    free = Rect(area.left, area.top, area.width, area.height - buttons - leds)
    top = free.top
    for screen in view.screens:
        room = (free.width - 2 * BEZEL, free.bottom - top - 2 * BEZEL - 24)
        pixels = Rect(0, top + BEZEL, *scaled((screen.width, screen.height), room))
        pixels.centerx = free.centerx
        made.screens.append(pixels)
        top = pixels.bottom + BEZEL + 24
    left = free.bottom - top
    if left >= CHIP_LEAST + 24:
        size_ = min(CHIP_MOST, left - 24, free.width // 2)
        made.chip = Rect(0, 0, size_, size_)
        made.chip.center = (free.centerx, top + left // 2)
    made.leds = cells(len(view.leds), (LED_WIDTH, LED_HEIGHT), area, free.bottom)
    return made


def scaled(size: tuple[int, int], room: tuple[int, int]) -> tuple[int, int]:
    """A display's size on the screen: whole times its own, or less where there is no room."""
    scale = min(room[0] / size[0], room[1] / size[1])
    scale = int(scale) if scale >= 1 else max(scale, 0.1)
    return int(size[0] * scale), int(size[1] * scale)


class Board(Panel):
    """What the outside sees and touches."""

    _ground: Surface | None = None  # what never changes while the panel stays where it is

    def place(self, rect: Rect) -> None:
        super().place(rect)
        self._ground = None

    def key(self, view: View, ui: Ui) -> Hashable:
        return (
            tuple(led.level for led in view.leds),
            tuple(button.pressed for button in view.buttons),
            tuple(screen.version for screen in view.screens),
            touched(ui, "button:"),
        )

    def pcb(self) -> Rect:
        """The piece of PCB, below the panel's title."""
        top = self.rect.top + theme.TITLE_HEIGHT
        return Rect(self.rect.left + 8, top, self.rect.width - 16, self.rect.bottom - 8 - top)

    def targets(self, view: View) -> list[Target]:
        made = plan(self.pcb(), view)
        return [
            Target(f"button:{button.name}", _switch(cell))
            for button, cell in zip(view.buttons, made.buttons, strict=True)
        ]

    def led_rect(self, view: View, name: str) -> Rect:
        """A LED's lens, for who wants to look at its pixels."""
        made = plan(self.pcb(), view)
        place = [led.name for led in view.leds].index(name)
        lens = Rect(0, 0, 2 * LENS, 2 * LENS)
        lens.center = _lens(made.leds[place])
        return lens

    def screen_rect(self, view: View, name: str) -> Rect:
        """A display's pixels."""
        place = [screen.name for screen in view.screens].index(name)
        return plan(self.pcb(), view).screens[place]

    def paint(self, surface: Surface, view: View, ui: Ui) -> None:
        made = plan(self.pcb(), view)
        if self._ground is None:
            self._still(surface, view, made)
            self._ground = surface.subsurface(self.rect).copy()
        surface.blit(self._ground, self.rect)
        surface.set_clip(made.pcb)
        for screen, rect in zip(view.screens, made.screens, strict=True):
            self._screen(surface, screen, rect)
        for led, cell in zip(view.leds, made.leds, strict=True):
            self._led(surface, led, cell)
        for place, (button, cell) in enumerate(zip(view.buttons, made.buttons, strict=True)):
            self._button(surface, ui, button, cell, place)
        surface.set_clip(self.rect)

    def _still(self, surface: Surface, view: View, made: Plan) -> None:
        """What never changes."""
        draw.panel(surface, self.texts, self.rect, "Board")
        at = (self.rect.right - theme.PAD, self.rect.top + theme.TITLE_HEIGHT // 2)
        self.texts.draw(surface, view.chip, at, LABEL, theme.DIM, "midright")
        self._pcb(surface, made)
        if made.chip:
            self._chip(surface, view, made.chip)

    def _pcb(self, surface: Surface, made: Plan) -> None:
        pcb = made.pcb
        pygame.draw.rect(surface, theme.PCB, pcb, border_radius=12)
        if made.chip:
            self._tracks(surface, pcb, made.chip.center)
        for y in range(pcb.top + 40, pcb.bottom - 46, PAD_PITCH):  # pin headers
            for x in (pcb.left + 13, pcb.right - 14):
                pygame.draw.circle(surface, theme.GOLD, (x, y), 4)
                pygame.draw.circle(surface, theme.WELL, (x, y), 2)
        pygame.draw.rect(surface, theme.PCB_EDGE, pcb, 2, border_radius=12)
        for corner in (pcb.topleft, pcb.topright, pcb.bottomleft, pcb.bottomright):
            x = corner[0] + (13 if corner[0] == pcb.left else -14)
            y = corner[1] + (13 if corner[1] == pcb.top else -14)
            pygame.draw.circle(surface, theme.GOLD, (x, y), 7)
            pygame.draw.circle(surface, theme.WELL, (x, y), 4)

    def _tracks(self, surface: Surface, pcb: Rect, chip: tuple[int, int]) -> None:
        """From the chip to both edges."""
        for k in range(-4, 5):
            y = chip[1] + k * 11
            bend = pcb.left + 30 + abs(k) * 7
            points = [(chip[0], y), (bend + 20, y), (bend, y + k * 9), (pcb.left, y + k * 9)]
            pygame.draw.lines(surface, theme.PCB_TRACE, False, points, 2)
            mirrored = [(2 * pcb.centerx - x, y) for x, y in points]
            pygame.draw.lines(surface, theme.PCB_TRACE, False, mirrored, 2)

    def _screen(self, surface: Surface, screen: Screen, rect: Rect) -> None:
        frame = rect.inflate(2 * BEZEL, 2 * BEZEL)
        pygame.draw.rect(surface, theme.CHIP, frame, border_radius=6)
        pygame.draw.rect(surface, theme.CHIP_EDGE, frame, 1, border_radius=6)
        picture = pygame.image.frombuffer(screen.rgb, (screen.width, screen.height), "RGB")
        if rect.size == picture.get_size():
            surface.blit(picture, rect)
        elif rect.width > screen.width:
            surface.blit(pygame.transform.scale(picture, rect.size), rect)
        else:
            surface.blit(pygame.transform.smoothscale(picture, rect.size), rect)
        at = (frame.centerx, frame.bottom + 11)
        text = f"{screen.name}  {screen.width} \N{MULTIPLICATION SIGN} {screen.height}"
        self.texts.draw(surface, text, at, SILK, theme.SILK, "center")

    def _chip(self, surface: Surface, view: View, rect: Rect) -> None:
        body = rect.inflate(-20, -20)
        for k in range(8):
            x = body.left + 6 + k * (body.width - 12) // 7
            y = body.top + 6 + k * (body.height - 12) // 7
            for pin in (
                (x - 2, rect.top, 4, 12),
                (x - 2, rect.bottom - 12, 4, 12),
                (rect.left, y - 2, 12, 4),
                (rect.right - 12, y - 2, 12, 4),
            ):
                pygame.draw.rect(surface, theme.STEEL, pin)
        pygame.draw.rect(surface, theme.CHIP, body, border_radius=4)
        pygame.draw.rect(surface, theme.CHIP_EDGE, body, 1, border_radius=4)
        pygame.draw.circle(surface, theme.CHIP_EDGE, (body.left + 10, body.top + 10), 3)
        name = self.texts.fit(view.chip, CHIP_NAME, body.width - 10)
        self.texts.draw(surface, name, body.center, CHIP_NAME, theme.SOFT, "center")

    def _led(self, surface: Surface, led: Led, cell: Rect) -> None:
        lit = theme.LEDS.get(led.colour, theme.LEDS["white"])
        x, y = _lens(cell)
        pygame.draw.rect(surface, theme.STEEL, (x - 16, y - 6, 32, 12), border_radius=2)
        pygame.draw.circle(surface, theme.CHIP, (x, y), LENS + 2)
        dark = theme.mix(DARK_LED, lit, 0.18)
        share = (led.level / 255) ** 0.6  # an eye sees dim light brighter than it is
        pygame.draw.circle(surface, theme.mix(dark, lit, share), (x, y), LENS)
        if led.level:
            pygame.draw.circle(surface, theme.mix(lit, (255, 255, 255), share * 0.6), (x, y), 4)
            light = draw.glow(lit, GLOW, led.level // 8 * 8 + 7)
            surface.blit(light, (x - GLOW, y - GLOW), special_flags=pygame.BLEND_RGB_ADD)
        name = self.texts.fit(led.name, SILK, LED_WIDTH - 4)
        self.texts.draw(surface, name, (x, cell.bottom - 10), SILK, theme.SILK, "center")

    def _button(self, surface: Surface, ui: Ui, button: Button, cell: Rect, place: int) -> None:
        body = _switch(cell)
        name = f"button:{button.name}"
        for side in (body.left - 6, body.right - 2):
            for y in (body.top + 10, body.bottom - 16):
                pygame.draw.rect(surface, theme.STEEL, (side, y, 8, 6))
        pygame.draw.rect(surface, theme.STEEL, body, border_radius=5)
        pygame.draw.rect(surface, theme.mix(theme.STEEL, theme.CHIP, 0.5), body, 2, border_radius=5)
        radius = CAP - 3 if button.pressed else CAP
        hover = ui.hover == name or button.pressed
        cap = theme.mix(theme.CHIP, theme.ACCENT, 0.5 if button.pressed else 0.16 if hover else 0)
        pygame.draw.circle(surface, theme.mix(theme.CHIP, (0, 0, 0), 0.5), body.center, CAP + 1)
        pygame.draw.circle(surface, cap, body.center, radius)
        pygame.draw.circle(surface, theme.CHIP_EDGE, body.center, radius, 1)
        if ui.keyboard and ui.focus == name:
            draw.focus_ring(surface, body)
        below = body.bottom + 13
        text = self.texts.fit(button.name, SILK, BUTTON_WIDTH - 4)
        self.texts.draw(surface, text, (body.centerx, below), SILK, theme.SILK, "center")
        if place < 9:
            key = f"Ctrl+{place + 1}"
            at = (body.centerx, below + 13)
            faint = theme.mix(theme.PCB, theme.SILK, 0.55)
            self.texts.draw(surface, key, at, TINY, faint, "center")


def _lens(cell: Rect) -> tuple[int, int]:
    return cell.centerx, cell.top + 20


def _switch(cell: Rect) -> Rect:
    return Rect(cell.centerx - 25, cell.top, 50, 50)
