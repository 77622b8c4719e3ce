"""Text as pixels: fonts loaded once, each text rendered once while it is in use."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path

import pygame

from k5.errors import K5Error
from k5.gui.theme import Colour

FOLDER = Path("/usr/share/fonts/truetype/dejavu")
SANS, BOLD, MONO, MONO_BOLD = (
    "DejaVuSans.ttf", "DejaVuSans-Bold.ttf", "DejaVuSansMono.ttf", "DejaVuSansMono-Bold.ttf",
)  # fmt: skip
MOST_CACHED = 3000
ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"

Style = tuple[str, int]  # font file, size in pixels
TITLE: Style = (BOLD, 11)
LABEL: Style = (SANS, 12)
SMALL: Style = (SANS, 11)
TINY: Style = (SANS, 10)
STRONG: Style = (BOLD, 13)
NAME: Style = (BOLD, 16)
LOGO: Style = (BOLD, 17)
CLOCK: Style = (MONO_BOLD, 22)
FIGURE: Style = (MONO, 13)
CODE: Style = (MONO, 13)
LOG: Style = (MONO, 12)
AXIS: Style = (MONO, 10)


class Texts:
    """Renders text; the surfaces are the cache's, nobody may change them."""

    def __init__(self) -> None:
        pygame.font.init()
        self._fonts: dict[Style, pygame.font.Font] = {}
        self._cache: OrderedDict[tuple[str, Style, Colour], pygame.surface.Surface] = OrderedDict()

    def font(self, style: Style) -> pygame.font.Font:
        """A font, loaded at its first use."""
        if style not in self._fonts:
            path = FOLDER / style[0]
            if not path.exists():
                raise K5Error(f"{path} is missing: apt-get install fonts-dejavu-core")
            self._fonts[style] = pygame.font.Font(str(path), style[1])
        return self._fonts[style]

    def get(self, text: str, style: Style, colour: Colour) -> pygame.surface.Surface:
        """The text as a picture."""
        key = (text, style, colour)
        found = self._cache.get(key)
        if found is None:
            found = self.font(style).render(text.replace("\0", ""), True, colour)
            self._cache[key] = found
            if len(self._cache) > MOST_CACHED:
                self._cache.popitem(last=False)
        else:
            self._cache.move_to_end(key)
        return found

    def width(self, text: str, style: Style) -> int:
        """In pixels."""
        return int(self.font(style).size(text)[0])

    def height(self, style: Style) -> int:
        """Of a line."""
        return int(self.font(style).get_linesize())

    def fit(self, text: str, style: Style, width: int) -> str:
        """The text, cut with an ellipsis where it is too wide."""
        if self.width(text, style) <= width:
            return text
        low, high = 0, len(text)
        while low < high:
            middle = (low + high + 1) // 2
            if self.width(text[:middle] + ELLIPSIS, style) <= width:
                low = middle
            else:
                high = middle - 1
        return text[:low].rstrip() + ELLIPSIS if low else ""

    def draw(
        self,
        surface: pygame.surface.Surface,
        text: str,
        at: tuple[int, int],
        style: Style,
        colour: Colour,
        anchor: str = "topleft",
    ) -> pygame.rect.Rect:
        """Draws it with its `anchor` ("midleft", "center", ...) at a place."""
        picture = self.get(text, style, colour)
        rect = picture.get_rect(**{anchor: at})
        surface.blit(picture, rect)
        return rect
