"""A virtual X server, for who must see the window without having a display: tests, bench."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from types import TracebackType

from k5.errors import FAILED, K5Error


class VirtualDisplay:
    """One screen of 24 bits a pixel, in a server of its own."""

    def __init__(self, size: tuple[int, int], screen_folder: Path | None = None) -> None:
        """`screen_folder`: Xvfb keeps its pixels in a file there."""
        reader, writer = os.pipe()
        command = ["Xvfb", "-displayfd", str(writer), "-nolisten", "tcp", "-noreset"]
        command += ["-screen", "0", f"{size[0]}x{size[1]}x24"]
        command += ["-fbdir", str(screen_folder)] if screen_folder else []
        self._process = subprocess.Popen(
            command, pass_fds=[writer], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        os.close(writer)
        with os.fdopen(reader) as said:
            number = said.readline().strip()
        if not number:
            raise K5Error("Xvfb did not start", status=FAILED)
        self.display = f":{number}"

    def environment(self) -> dict[str, str]:
        """For programs that are to show themselves there."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("SDL_", "WAYLAND"))}
        return kept | {"DISPLAY": self.display}

    def close(self) -> None:
        """Ends it."""
        self._process.terminate()
        self._process.wait(timeout=10)

    def __enter__(self) -> VirtualDisplay:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
