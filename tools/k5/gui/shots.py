"""Pictures of a machine without a window: PNG frames at virtual times."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")

import pygame
from pygame.surface import Surface

from k5 import png, stream
from k5.gui import theme
from k5.gui.renderer import Renderer
from k5.gui.session import Session
from k5.gui.texts import LOGO, Texts
from k5.gui.ui import Ui

FRAME_US = 1_000_000 // 60  # over which the brightness of LEDs is taken


def save(surface: Surface, path: Path) -> None:
    """As a PNG file; the same pixels are the same bytes."""
    width, height = surface.get_size()
    pixels: Any = pygame.image.tostring(surface, "RGB")  # bytes, whatever its type says
    png.write(path, width, height, pixels)


def icon(texts: Texts) -> Surface:
    """Of the window."""
    surface = Surface((48, 48), pygame.SRCALPHA, 32)
    pygame.draw.rect(surface, theme.ACCENT, (0, 0, 48, 48), border_radius=11)
    texts.draw(surface, "K5", (24, 24), LOGO, theme.BACKGROUND, "center")
    return surface


@dataclass(frozen=True)
class Shot:
    """One picture: where it goes, and when it is taken; None: at the end."""

    path: Path
    at_us: int | None
    text: str  # as it was asked for


def take(
    session: Session, wanted: list[Shot], size: tuple[int, int], end_tick: int
) -> Iterator[tuple[Shot | None, list[stream.Event]]]:
    """Runs to each time in turn and takes its picture; yields it with the events until then."""
    machine, renderer = session.machine, Renderer()
    timed = sorted((shot for shot in wanted if shot.at_us is not None), key=_time)
    for shot in timed:
        _run_to(session, machine.ticks(_time(shot)))
        save(_picture(renderer, session, size), shot.path)
        yield shot, session.take()
    _run_to(session, end_tick)
    for shot in wanted:
        if shot.at_us is None:
            save(_picture(renderer, session, size), shot.path)
            yield shot, []
    yield None, session.take()


def _picture(renderer: Renderer, session: Session, size: tuple[int, int]) -> Surface:
    ui = Ui()
    ui.fit_span(session.view.seconds)
    return renderer.picture(size, session.view, ui)


def _time(shot: Shot) -> int:
    return shot.at_us or 0


def _run_to(session: Session, tick: int) -> None:
    """There, the last frame on its own, as the window would have it."""
    machine = session.machine
    session.run_until(tick - machine.ticks(FRAME_US))
    session.collect()
    session.run_until(tick)
    session.collect()
    view = session.view
    # Nothing of the wall clock may show: instructions a virtual second.
    view.rate = view.instructions / view.seconds if view.now else 0.0
    view.behind = False


