"""A virtual X server for tests: its pixels, and hands to click and type with."""

from __future__ import annotations

import mmap
import shutil
import struct
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from k5.xvfb import VirtualDisplay

MISSING = [name for name in ("Xvfb", "xdotool", "xclip") if shutil.which(name) is None]
HEADER = struct.Struct(">25I")  # of an XWD file
WAIT_S = 20.0

Colour = tuple[int, int, int]


class XServer(VirtualDisplay):
    """One whose screen can be looked at, and that has a mouse and a keyboard."""

    def __init__(self, folder: Path, size: tuple[int, int]) -> None:
        super().__init__(size, folder)
        with open(folder / "Xvfb_screen0", "rb") as file:
            self._screen = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
        header = HEADER.unpack_from(self._screen)
        self._begin = header[0] + 12 * header[19]  # behind header and colour map
        self._line, self._bytes = header[12], header[11] // 8

    def pixel(self, x: int, y: int) -> Colour:
        """Red, green, blue of the screen, as it is now."""
        at = self._begin + y * self._line + x * self._bytes
        blue, green, red = self._screen[at : at + 3]
        return red, green, blue

    def row(self, x: int, y: int, width: int) -> bytes:
        """Pixels side by side, as the screen holds them."""
        at = self._begin + y * self._line + x * self._bytes
        return bytes(self._screen[at : at + width * self._bytes])

    def do(self, *words: str | int) -> str:
        """A command of xdotool; returns what it says."""
        command = ["xdotool", *map(str, words)]
        done = subprocess.run(
            command, env=self.environment(), capture_output=True, text=True, timeout=20, check=False
        )
        return done.stdout.strip()

    def copy(self, text: str) -> None:
        """Puts it into the clipboard."""
        subprocess.run(
            ["xclip", "-selection", "clipboard"], env=self.environment(), input=text.encode(),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=20, check=True,
        )  # fmt: skip

    def has_keyboard(self, name: str) -> str:
        """The window of that name, if the keyboard is its: SDL takes it without being asked."""
        window = self.do("getwindowfocus")
        return window if window and self.do("getwindowname", window) == name else ""



def wait_for(what: str, true: Callable[[], bool], seconds: float = WAIT_S) -> None:
    """Waits until it is so; AssertionError names what never came."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"{what}: not within {seconds:g} s"
        time.sleep(0.05)
