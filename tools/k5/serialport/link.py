"""Carries bytes between a machine's serial line and its outer end."""

from __future__ import annotations

from k5.serialport.end import End
from k5.stimulus import Stimuli


class Link:
    """One serial line. Input reaches the machine at the virtual time at which it is read."""

    def __init__(self, stimuli: Stimuli, name: str, end: End) -> None:
        self.stimuli = stimuli
        self.name = name
        self.end = end
        self._sent = 0  # of what the chip has sent: how much the end has
        self._waiting = b""  # read, but the machine has no room for it yet

    def read_files(self) -> list[int]:
        """What to wait for; nothing, while the machine has no room for more."""
        return [] if self._waiting else self.end.read_files()

    def carry(self) -> None:
        """Both directions, as far as it goes now."""
        self.end.tend()
        data = self.stimuli.machine.serial(self.name, self._sent)
        if data:
            self._sent += len(data)
            self.end.write(data)
        if not self._waiting:
            self._waiting = self.end.read()
        if self._waiting:
            taken = self.stimuli.send(self.name, self._waiting)
            self._waiting = self._waiting[taken:]

    def finish(self) -> None:
        """The machine has ended."""
        self.carry()
        if self._waiting:
            count = len(self._waiting)
            self.end.say(f"serial {self.end.title}: {count} bytes came too late for the board")
        self.end.finish()
