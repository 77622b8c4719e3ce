"""PNG files, written and read: 8 bits a channel, without a library.

The same pixels give the same bytes on every machine of one zlib version, and
reading tells any two pictures apart pixel by pixel.
"""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

from k5.errors import K5Error

SIGNATURE = b"\x89PNG\r\n\x1a\n"
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # by colour type
HEADER = struct.Struct(">IIBBBBB")
MOST_PIXELS = 1 << 26


def _chunk(kind: bytes, data: bytes) -> bytes:
    body = kind + data
    return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))


def encode(width: int, height: int, rgb: bytes) -> bytes:
    """A picture of width x height pixels, three bytes each, as a PNG file's content."""
    assert len(rgb) == width * height * 3
    step = width * 3
    rows, before = [], bytes(step)
    for start in range(0, len(rgb), step):
        row = rgb[start : start + step]
        if row == before:  # "Up" of equal rows is all zero, which packs best
            rows.append(b"\2" + bytes(step))
        else:
            rows.append(b"\0" + row)
        before = row
    header = HEADER.pack(width, height, 8, 2, 0, 0, 0)
    data = zlib.compress(b"".join(rows), 9)
    return SIGNATURE + _chunk(b"IHDR", header) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


def write(path: Path, width: int, height: int, rgb: bytes) -> None:
    """The same, into a file."""
    try:
        path.write_bytes(encode(width, height, rgb))
    except OSError as problem:
        reason = (problem.strerror or "cannot write").lower()
        raise K5Error(f"{path}: {reason}") from None


def read(path: Path) -> tuple[int, int, bytes]:
    """Width, height and the pixels, three bytes each; transparency is left out."""
    try:
        data = path.read_bytes()
    except OSError as problem:
        reason = (problem.strerror or "cannot read").lower()
        raise K5Error(f"{path}: {reason}") from None
    try:
        return _decode(data)
    except (ValueError, struct.error, zlib.error) as problem:
        raise K5Error(f"{path}: no PNG file that can be read: {problem}") from None


def _chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    if not data.startswith(SIGNATURE):
        raise ValueError("it does not begin as one")
    found, at = [], len(SIGNATURE)
    while at < len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        body = data[at + 8 : at + 8 + length]
        (crc,) = struct.unpack_from(">I", data, at + 8 + length)
        if zlib.crc32(kind + body) != crc:
            raise ValueError(f"chunk {kind.decode('latin-1')} is damaged")
        found.append((kind, body))
        at += 12 + length
    return found


def _decode(data: bytes) -> tuple[int, int, bytes]:
    chunks = _chunks(data)
    if not chunks or chunks[0][0] != b"IHDR":
        raise ValueError("it has no header")
    width, height, depth, colour, _, _, interlaced = HEADER.unpack(chunks[0][1])
    if colour not in CHANNELS or not 0 < width * height <= MOST_PIXELS:
        raise ValueError(f"{width} x {height} pixels of colour type {colour}")
    if depth not in (1, 2, 4, 8) or (depth < 8 and CHANNELS[colour] > 1) or interlaced:
        raise ValueError(f"{depth} bits a channel, interlaced {interlaced}: save it with 8 bits")
    channels = CHANNELS[colour]
    packed = zlib.decompress(b"".join(body for kind, body in chunks if kind == b"IDAT"))
    step = (width * channels * depth + 7) // 8
    rows = _unfiltered(packed, step, max(channels * depth // 8, 1), height)
    if depth < 8:
        rows = [_spread(row, depth, width, scaled=colour == 0) for row in rows]
    palette = next((body for kind, body in chunks if kind == b"PLTE"), b"")
    return width, height, b"".join(_rgb(row, colour, palette) for row in rows)


def _spread(row: bytes, depth: int, width: int, scaled: bool) -> bytes:
    """Pixels of less than a byte, each in its own; grey ones in the range of a byte."""
    factor = 255 // ((1 << depth) - 1) if scaled else 1
    mask, each = (1 << depth) - 1, 8 // depth
    return bytes(
        (row[x // each] >> (8 - depth - x % each * depth) & mask) * factor for x in range(width)
    )


def _unfiltered(packed: bytes, step: int, back: int, height: int) -> list[bytes]:
    """The rows, their filters undone; `back` bytes to the pixel on the left."""
    if len(packed) != (step + 1) * height:
        raise ValueError("it ends too soon, or too late")
    rows, above = [], bytes(step)
    for start in range(0, len(packed), step + 1):
        row = bytearray(packed[start + 1 : start + 1 + step])
        _undo(packed[start], row, above, back)
        above = bytes(row)
        rows.append(above)
    return rows


def _undo(kind: int, row: bytearray, above: bytes, back: int) -> None:
    if kind > 4:
        raise ValueError(f"unknown filter {kind}")
    if kind == 0:
        return
    for x in range(len(row)):
        left = row[x - back] if x >= back else 0
        up = above[x]
        if kind == 1:
            guess = left
        elif kind == 2:
            guess = up
        elif kind == 3:
            guess = (left + up) // 2
        else:
            guess = _paeth(left, up, above[x - back] if x >= back else 0)
        row[x] = (row[x] + guess) & 0xFF


def _paeth(left: int, up: int, corner: int) -> int:
    guess = left + up - corner
    distances = (abs(guess - left), abs(guess - up), abs(guess - corner))
    return (left, up, corner)[distances.index(min(distances))]


def _rgb(row: bytes, colour: int, palette: bytes) -> bytes:
    if colour == 2:
        return row
    if colour == 3:
        if max(row) * 3 + 3 > len(palette):
            raise ValueError("a pixel is outside its palette")
        return b"".join(palette[3 * pixel : 3 * pixel + 3] for pixel in row)
    channels = CHANNELS[colour]
    out = bytearray(len(row) // channels * 3)
    for k in range(3):
        out[k::3] = row[k if colour == 6 else 0 :: channels]
    return bytes(out)
