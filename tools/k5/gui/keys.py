"""What a key sends to a serial line, as a terminal would."""

from __future__ import annotations

import pygame

SEQUENCES = {
    pygame.K_RETURN: b"\r",
    pygame.K_KP_ENTER: b"\r",
    pygame.K_BACKSPACE: b"\x7f",
    pygame.K_ESCAPE: b"\x1b",
    pygame.K_UP: b"\x1b[A",
    pygame.K_DOWN: b"\x1b[B",
    pygame.K_RIGHT: b"\x1b[C",
    pygame.K_LEFT: b"\x1b[D",
    pygame.K_HOME: b"\x1b[H",
    pygame.K_END: b"\x1b[F",
    pygame.K_DELETE: b"\x1b[3~",
}


def sent(key: int, ctrl: bool) -> bytes:
    """Bytes for a key that makes no text; none for others."""
    if ctrl and pygame.K_a <= key <= pygame.K_z:
        return bytes([key - pygame.K_a + 1])
    return b"" if ctrl else SEQUENCES.get(key, b"")


def pasted(text: str) -> bytes:
    """A clipboard's text as if it were typed."""
    return text.replace("\r\n", "\r").replace("\n", "\r").replace("\0", "").encode()
