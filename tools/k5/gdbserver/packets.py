"""Framing of the remote serial protocol: `$data#checksum`, escapes, acknowledgements.

Whatever comes in, the reader makes packets of it or drops it; it never fails and never
keeps more than a packet may have.
"""

from __future__ import annotations

import string
from collections.abc import Iterator
from dataclasses import dataclass

MOST_BYTES = 0x4000  # between $ and #, as qSupported tells
_ESCAPE = 0x7D  # }
_SPECIAL = b"$#}*"


@dataclass(frozen=True)
class Packet:
    """A whole one, its escapes resolved."""

    data: bytes


@dataclass(frozen=True)
class Signal:
    """Not a packet: "interrupt" (Ctrl-C), "ack", "nak", or "damaged" (its checksum is wrong)."""

    what: str


_SINGLE = {0x03: Signal("interrupt"), ord("+"): Signal("ack"), ord("-"): Signal("nak")}
Item = Packet | Signal


def checksum(data: bytes) -> int:
    """Sum of the bytes as they are sent."""
    return sum(data) & 0xFF


def frame(data: bytes) -> bytes:
    """A packet as it is sent."""
    escaped = bytearray()
    for byte in data:
        if byte in _SPECIAL:
            escaped += bytes((_ESCAPE, byte ^ 0x20))
        else:
            escaped.append(byte)
    return b"$%s#%02x" % (bytes(escaped), checksum(escaped))


def _unescaped(data: bytes) -> bytes:
    out = bytearray()
    index = 0
    while index < len(data):
        byte = data[index]
        if byte == _ESCAPE and index + 1 < len(data):
            index += 1
            byte = data[index] ^ 0x20
        out.append(byte)
        index += 1
    return bytes(out)


def number(text: str) -> int:
    """As the protocol writes numbers: hexadecimal digits and nothing else. ValueError: it is none."""
    if not text or len(text) > 16 or any(digit not in string.hexdigits for digit in text):
        raise ValueError(f"'{text}' is no number")
    return int(text, 16)


class Reader:
    """Makes items of bytes as they come."""

    def __init__(self) -> None:
        self._body: bytearray | None = None  # behind a $; None: between packets
        self._sum = b""  # what has come of the checksum
        self._in_sum = False
        self._too_long = False

    def feed(self, data: bytes) -> Iterator[Item]:
        """What these bytes complete."""
        for byte in data:
            item = self._byte(byte)
            if item is not None:
                yield item

    def _byte(self, byte: int) -> Item | None:
        if self._body is None:
            if byte == ord("$"):
                self._begin()
                return None
            return _SINGLE.get(byte)  # all else between packets is noise
        if self._in_sum:
            self._sum += bytes((byte,))
            return self._end() if len(self._sum) == 2 else None
        if byte == ord("#"):
            self._in_sum = True
        elif byte == ord("$"):  # the one before was cut off
            self._begin()
        elif len(self._body) < MOST_BYTES:
            self._body.append(byte)
        else:
            self._too_long = True
        return None

    def _begin(self) -> None:
        self._body, self._sum, self._in_sum, self._too_long = bytearray(), b"", False, False

    def _end(self) -> Item | None:
        assert self._body is not None
        body, too_long = bytes(self._body), self._too_long
        self._body = None
        try:
            good = int(self._sum, 16) == checksum(body)
        except ValueError:
            good = False
        if too_long:
            return None  # dropped: to ask for it again would bring it again
        return Packet(_unescaped(body)) if good else Signal("damaged")
