"""Event records on a wire: COBS frames, each closed by a zero byte.

In a frame: time (8 bytes), kind (1), thread (1), code (2), up to six words, an
8-bit CRC; little-endian. arch/common/stream.c writes it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

HEAD = struct.Struct("<QBBH")
ARGS = 6
NOBODY = 0xFF
LONGEST = HEAD.size + 4 * ARGS + 1 + 1  # with CRC and COBS code byte, without the delimiter


def _crc_of_byte(value: int) -> int:
    for _ in range(8):
        value = (value << 1) ^ (0x107 if value & 0x80 else 0)
    return value


CRC_TABLE = bytes(_crc_of_byte(value) for value in range(256))


@dataclass(frozen=True, slots=True)
class Event:
    """One record: what struct k5_event of kernel/event.h holds."""

    time: int
    kind: int
    thread: int  # NOBODY: no thread
    code: int
    args: tuple[int, int, int, int, int, int]


@dataclass(frozen=True, slots=True)
class Damage:
    """A stretch of the stream that is no record."""

    offset: int  # of its first byte in the stream
    bytes: int
    reason: str

    def __str__(self) -> str:
        return f"event stream damaged at byte {self.offset}: {self.reason}"


class BadFrame(ValueError):
    """What is wrong with a frame."""


def crc8(data: bytes) -> int:
    """CRC-8, polynomial 0x07, start 0."""
    crc = 0
    for byte in data:
        crc = CRC_TABLE[crc ^ byte]
    return crc


def cobs_encode(data: bytes) -> bytes:
    """The same bytes without a zero; for less than 254 of them."""
    out = bytearray()
    for block in data.split(b"\0"):
        out.append(len(block) + 1)
        out += block
    return bytes(out)


def cobs_decode(frame: bytes) -> bytes:
    """The bytes of a frame; BadFrame if its lengths do not fit together."""
    blocks = []
    at = 0
    while at < len(frame):
        end = at + frame[at]
        if end > len(frame):
            raise BadFrame("cut off")
        blocks.append(frame[at + 1 : end])
        at = end
    return b"\0".join(blocks)


def encode(event: Event) -> bytes:
    """A frame with its delimiter, as the target sends it."""
    words = list(event.args)
    while words and words[-1] == 0:
        words.pop()
    body = HEAD.pack(event.time, event.kind, event.thread, event.code)
    body += struct.pack(f"<{len(words)}I", *words)
    return cobs_encode(body + bytes([crc8(body)])) + b"\0"


def decode(frame: bytes) -> Event:
    """The record in a frame (without delimiter); BadFrame if it is none."""
    if len(frame) > LONGEST:
        raise BadFrame(f"{len(frame)} bytes without an end of frame")
    body = cobs_decode(frame)
    words, rest = divmod(len(body) - HEAD.size - 1, 4)
    if rest or not 0 <= words <= ARGS:
        raise BadFrame(f"a record has no {len(body)} bytes")
    if crc8(body):  # over record and CRC together: 0
        raise BadFrame("wrong check sum")
    args: Any = struct.unpack_from(f"<{words}I", body, HEAD.size) + (0,) * (ARGS - words)
    time, kind, thread, code = HEAD.unpack_from(body)
    return Event(time, kind, thread, code, args)


class Decoder:
    """Cuts a byte stream, fed piece by piece, into records and damaged stretches.

    After damage it goes on at the next delimiter, so one broken frame costs one
    record, as does starting to listen in the middle of one.
    """

    def __init__(self) -> None:
        self._pending = bytearray()
        self._offset = 0  # of _pending[0] in the stream

    def feed(self, data: bytes) -> Iterator[Event | Damage]:
        """All that the bytes complete."""
        self._pending += data
        while (end := self._pending.find(0)) >= 0:
            frame = bytes(self._pending[:end])
            at = self._offset
            del self._pending[: end + 1]
            self._offset += end + 1
            if frame:
                yield self._decode(frame, at)
        if len(self._pending) > 4 * LONGEST:  # no stream of ours: do not collect it for ever
            yield self._give_up()

    def close(self) -> Iterator[Damage]:
        """The end of the stream: what is left is no whole frame."""
        if self._pending:
            yield self._give_up()

    def _give_up(self) -> Damage:
        """Gives up what is pending."""
        damage = Damage(self._offset, len(self._pending), "no end of frame")
        self._offset += len(self._pending)
        self._pending.clear()
        return damage

    @staticmethod
    def _decode(frame: bytes, at: int) -> Event | Damage:
        try:
            return decode(frame)
        except BadFrame as problem:
            return Damage(at, len(frame), str(problem))
