"""How bright a LED is: the share of a frame's time for which it was on."""

from __future__ import annotations


class Lamp:
    """One LED; tell it each change of its pin, then ask once a frame."""

    def __init__(self, on: bool, now: int) -> None:
        self.begin(on, now)

    def begin(self, on: bool, now: int) -> None:
        """Whatever it was before, at another time."""
        self._on = on
        self._since = now  # tick of the last change, or of the frame's begin
        self._frame = now
        self._lit = 0  # ticks of this frame before `_since`

    def change(self, time: int, on: bool) -> None:
        """The LED is on or off from `time` on; times do not go back."""
        if self._on:
            self._lit += time - self._since
        self._on, self._since = on, time

    def brightness(self, now: int) -> float:
        """Since the last time this was asked, 0 to 1; the level itself where no time has passed."""
        self.change(now, self._on)
        length = now - self._frame
        share = self._lit / length if length > 0 else float(self._on)
        self._frame, self._lit = now, 0
        return share
