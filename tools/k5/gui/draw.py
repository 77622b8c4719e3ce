"""Shapes that several panels draw."""

from __future__ import annotations

from functools import lru_cache

import pygame
from pygame.rect import Rect
from pygame.surface import Surface

from k5.gui import theme
from k5.gui.texts import TITLE, Texts
from k5.gui.theme import Colour


def panel(surface: Surface, texts: Texts, rect: Rect, title: str, focused: bool = False) -> Rect:
    """A panel's frame and title; returns what is free below."""
    pygame.draw.rect(surface, theme.BACKGROUND, rect)
    pygame.draw.rect(surface, theme.PANEL, rect, border_radius=theme.RADIUS)
    edge = theme.ACCENT if focused else theme.PANEL_EDGE
    pygame.draw.rect(surface, edge, rect, 1, border_radius=theme.RADIUS)
    middle = rect.top + theme.TITLE_HEIGHT // 2
    spaced(surface, texts, title, (rect.left + theme.PAD, middle))
    return Rect(
        rect.left + theme.PAD,
        rect.top + theme.TITLE_HEIGHT,
        rect.width - 2 * theme.PAD,
        rect.height - theme.TITLE_HEIGHT - theme.PAD,
    )


def spaced(
    surface: Surface, texts: Texts, text: str, midleft: tuple[int, int], colour: Colour = theme.DIM
) -> int:
    """Small capitals with air between them; returns where they end."""
    x, y = midleft
    for letter in text.upper():
        picture = texts.get(letter, TITLE, colour)
        surface.blit(picture, picture.get_rect(midleft=(x, y)))
        x += texts.width(letter, TITLE) + 1
    return x


def well(surface: Surface, rect: Rect) -> None:
    """Where content lies: a little deeper than its panel."""
    pygame.draw.rect(surface, theme.WELL, rect, border_radius=5)
    pygame.draw.rect(surface, theme.WELL_EDGE, rect, 1, border_radius=5)


def push_button(surface: Surface, rect: Rect, *, down: bool, hover: bool, on: bool = False) -> None:
    """A button's face."""
    face = theme.BUTTON_DOWN if down or on else theme.BUTTON
    if hover and not down:
        face = theme.mix(face, theme.TEXT, 0.06)
    pygame.draw.rect(surface, face, rect, border_radius=6)
    edge = theme.ACCENT if on else theme.BUTTON_EDGE
    pygame.draw.rect(surface, edge, rect, 1, border_radius=6)


def focus_ring(surface: Surface, rect: Rect) -> None:
    """Around what has the keyboard."""
    pygame.draw.rect(surface, theme.ACCENT, rect.inflate(6, 6), 2, border_radius=9)


@lru_cache(maxsize=256)
def glow(colour: Colour, radius: int, level: int) -> Surface:
    """Light around a LED, to be added to what is there; `level` 0 to 255."""
    surface = Surface((2 * radius, 2 * radius), depth=32)
    for r in range(radius, 0, -1):
        near = (1 - r / radius) ** 2.2 * level / 255 * 0.75
        shade = theme.mix((0, 0, 0), colour, near)
        pygame.draw.circle(surface, shade, (radius, radius), r)
    return surface


def pill(
    surface: Surface, texts: Texts, text: str, midleft: tuple[int, int], colour: Colour
) -> Rect:
    """A state, as a small coloured label."""
    picture = texts.get(text.upper(), TITLE, colour)
    rect = Rect(0, 0, picture.get_width() + 30, 22)
    rect.midleft = midleft
    pygame.draw.rect(surface, theme.mix(theme.PANEL, colour, 0.16), rect, border_radius=11)
    pygame.draw.rect(surface, theme.mix(theme.PANEL, colour, 0.5), rect, 1, border_radius=11)
    pygame.draw.circle(surface, colour, (rect.left + 12, rect.centery), 4)
    surface.blit(picture, picture.get_rect(midleft=(rect.left + 21, rect.centery)))
    return rect


def scrollbar(surface: Surface, rect: Rect, total: int, shown: int, back: int) -> None:
    """At the right edge of `rect`, where there is more than fits."""
    if total <= shown:
        return
    track = Rect(rect.right - 7, rect.top + 4, 4, rect.height - 8)
    size = max(track.height * shown // total, 18)
    free = track.height - size
    top = track.top + free * (total - shown - back) // (total - shown)
    colour = theme.ACCENT if back else theme.BUTTON_EDGE
    pygame.draw.rect(surface, colour, (track.left, top, track.width, size), border_radius=2)
