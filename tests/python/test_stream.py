"""The event stream: what the target's encoder writes, and what becomes of damage."""

from __future__ import annotations

import ctypes
import random
import subprocess

import pytest

from k5 import stream
from k5.paths import ROOT
from k5.stream import Damage, Decoder, Event

NO_ARGS = (0, 0, 0, 0, 0, 0)


class Record(ctypes.Structure):
    """struct k5_event."""

    _fields_ = (
        ("time", ctypes.c_uint64),
        ("kind", ctypes.c_uint8),
        ("thread", ctypes.c_uint8),
        ("code", ctypes.c_uint16),
        ("arg", ctypes.c_uint32 * 6),
        ("reserved", ctypes.c_uint32),
    )


@pytest.fixture(scope="module")
def target_encode(tmp_path_factory):
    """The encoder of the image, compiled for this machine."""
    library = tmp_path_factory.mktemp("stream") / "stream.so"
    include = [f"-I{ROOT / folder}" for folder in (".", "abi", "hostport")]
    source = ROOT / "arch" / "common" / "stream.c"
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", *include, source, "-o", library], check=True)
    function = ctypes.CDLL(str(library)).stream_encode

    def encode(event: Event) -> bytes:
        record = Record(event.time, event.kind, event.thread, event.code, event.args)
        frame = (ctypes.c_uint8 * 64)()
        return bytes(frame[: function(ctypes.byref(record), frame)])

    return encode


def decode_all(data: bytes) -> list[Event | Damage]:
    decoder = Decoder()
    return [*decoder.feed(data), *decoder.close()]


def random_event(dice: random.Random) -> Event:
    """Zeros, ones and all-ones are frequent: they are where COBS has its corners."""
    words = [dice.choice((0, 1, 0xFF, 0x100, 0xFFFFFFFF, dice.getrandbits(32))) for _ in range(6)]
    return Event(
        time=dice.choice((0, 0xFF, 1 << 56, dice.getrandbits(64))),
        kind=dice.getrandbits(8),
        thread=dice.choice((0, 7, 0xFF)),
        code=dice.choice((0, 0x100, dice.getrandbits(16))),
        args=tuple(words),
    )


def test_known_frame():
    event = Event(0x0807060504030201, 6, 0xFF, 0, NO_ARGS)
    frame = bytes([11, 1, 2, 3, 4, 5, 6, 7, 8, 6, 0xFF, 1, 2, 0x32, 0])
    assert stream.encode(event) == frame
    assert decode_all(frame) == [event]


def test_crc_of_the_standard_check_string():
    assert stream.crc8(b"123456789") == 0xF4  # CRC-8/SMBUS


def test_target_and_host_write_the_same_frames(target_encode):
    dice = random.Random(1)
    for _ in range(3000):
        event = random_event(dice)
        frame = target_encode(event)
        assert frame == stream.encode(event), event
        assert frame.index(0) == len(frame) - 1
        assert decode_all(frame) == [event]


def test_pieces_of_any_size_give_the_same_records():
    dice = random.Random(2)
    events = [random_event(dice) for _ in range(200)]
    data = b"".join(map(stream.encode, events))
    for _ in range(20):
        decoder, got, at = Decoder(), [], 0
        while at < len(data):
            step = dice.randrange(1, 50)
            got += decoder.feed(data[at : at + step])
            at += step
        assert [*got, *decoder.close()] == events


@pytest.mark.parametrize("seed", range(5))
def test_a_flipped_bit_costs_at_most_two_records(seed):
    """A flip may join two frames (delimiter lost) or split one. One in a record is always noticed;
    one in a COBS length moves a byte, which an 8-bit CRC misses once in 256 times."""
    dice = random.Random(seed)
    events = [random_event(dice) for _ in range(9)]
    data = b"".join(map(stream.encode, events))
    missed = 0
    for bit in range(8 * len(data)):
        broken = bytearray(data)
        broken[bit // 8] ^= 1 << bit % 8
        found = decode_all(bytes(broken))
        kept = [event for event in events if event in found]
        assert len(kept) >= len(events) - 2, bit
        missed += not any(isinstance(item, Damage) for item in found)
    assert missed <= 8 * len(data) // 256


def test_truncated_stream_ends_in_damage():
    frame = stream.encode(Event(5, 2, 1, 0, (1, 2, 3, 0, 0, 0)))
    for end in range(1, len(frame)):
        found = decode_all(frame[:end])
        assert found == [Damage(0, end, "no end of frame")]


def test_listening_may_begin_in_the_middle():
    event = Event(70000, 2, 1, 0x203, (9, 8, 7, 6, 5, 4))
    frame = stream.encode(event)
    for start in range(1, len(frame) - 1):
        found = decode_all(frame[start:] + frame)
        assert found[-1] == event
        assert [type(item) for item in found] == [Damage, Event]


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (b"\x05\x01\x02", "cut off"),
        (b"\x03\x01\x02", "a record has no 2 bytes"),
        (stream.cobs_encode(bytes(13 + 28)), "42 bytes without an end of frame"),
        (stream.cobs_encode(b"\x01" * 13), "wrong check sum"),
        (stream.cobs_encode(b"\x01" * 15), "a record has no 15 bytes"),
    ],
)
def test_bad_frames_say_why(frame, reason):
    assert decode_all(frame + b"\0") == [Damage(0, len(frame), reason)]


def test_noise_is_damage_and_memory_stays_bounded():
    decoder = Decoder()
    found = [item for _ in range(1000) for item in decoder.feed(b"\xaa" * 64)]
    assert found
    assert all(isinstance(item, Damage) for item in found)
    assert sum(item.bytes for item in [*found, *decoder.close()]) == 64000


def test_delimiters_alone_are_nothing():
    assert decode_all(b"\0\0\0") == []
