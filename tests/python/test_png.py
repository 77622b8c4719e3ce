"""PNG files, and the pixels of displays."""

from __future__ import annotations

import re
import zlib
from pathlib import Path

import pytest
from k5 import png, screen
from k5.errors import K5Error


# ---- the display


def test_rgb565_is_spread_over_the_whole_range() -> None:
    pixels = [0x0000, 0xFFFF, 0xF800, 0x07E0, 0x001F, 0x8410]
    raw = b"".join(pixel.to_bytes(2, "little") for pixel in pixels)
    rgb = screen.rgb_of_565(raw)
    assert [tuple(rgb[k : k + 3]) for k in range(0, 18, 3)] == [
        (0, 0, 0), (255, 255, 255), (255, 0, 0), (0, 255, 0), (0, 0, 255), (132, 130, 132)
    ]  # fmt: skip


def test_display_that_is_off_is_black_and_inversion_inverts() -> None:
    size = screen.Panel(2, 1)
    raw = b"\x00\xf8\xff\xff"
    assert screen.shown(size, raw + b"\1\0\0\0") == b"\xff\0\0\xff\xff\xff"
    assert screen.shown(size, raw + b"\1\1\0\0") == b"\0\xff\xff\0\0\0"
    assert screen.shown(size, raw + b"\0\0\0\0") == bytes(6)


# ---- PNG


def test_png_comes_back_as_it_was_written(tmp_path: Path) -> None:
    rgb = bytes((x * y * k) & 0xFF for y in range(7) for x in range(5) for k in (1, 2, 3))
    png.write(tmp_path / "a.png", 5, 7, rgb)
    assert png.read(tmp_path / "a.png") == (5, 7, rgb)


def test_png_of_other_programs_is_read(tmp_path: Path) -> None:
    """Every filter, palette, grey, alpha: what pygame's libpng writes and optipng makes of it."""
    pygame = pytest.importorskip("pygame")
    surface = pygame.Surface((16, 9), depth=32)
    for x in range(16):
        for y in range(9):
            surface.set_at((x, y), ((x * 16) & 255, (x * y) & 255, 255 - y * 20))
    pygame.image.save(surface, str(tmp_path / "b.png"))
    width, height, rgb = png.read(tmp_path / "b.png")
    assert (width, height) == (16, 9)
    assert rgb == pygame.image.tostring(surface, "RGB")


@pytest.mark.parametrize("kind", range(5))
def test_each_filter_of_png_is_undone(tmp_path: Path, kind: int) -> None:
    """Filtered here by the standard's formulas, read there."""
    rows = [bytes((x * 37 + y * 91) & 0xFF for x in range(12)) for y in range(4)]
    out, above = b"", bytes(12)
    for row in rows:
        out += bytes([kind])
        for x, value in enumerate(row):
            left, up = (row[x - 3] if x >= 3 else 0), above[x]
            corner = above[x - 3] if x >= 3 else 0
            near = min((left, up, corner), key=lambda c: abs(c - (left + up - corner)))
            guess = (0, left, up, (left + up) // 2, near)[kind]
            out += bytes([(value - guess) & 0xFF])
        above = row
    header = png.HEADER.pack(4, 4, 8, 2, 0, 0, 0)
    data = png.SIGNATURE + png._chunk(b"IHDR", header) + png._chunk(b"IDAT", zlib.compress(out))
    (tmp_path / "f.png").write_bytes(data + png._chunk(b"IEND", b""))
    assert png.read(tmp_path / "f.png") == (4, 4, b"".join(rows))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda data: b"GIF89a", "it does not begin as one"),
        (lambda data: data[:-20], "no PNG file that can be read"),
        (lambda data: data[:50] + bytes([data[50] ^ 1]) + data[51:], "is damaged"),
    ],
)
def test_damaged_png_is_one_clear_error(tmp_path: Path, damage: object, message: str) -> None:
    path = tmp_path / "c.png"
    path.write_bytes(damage(png.encode(2, 2, bytes(range(12)))))  # type: ignore[operator]
    with pytest.raises(K5Error, match=re.escape(message)) as caught:
        png.read(path)
    assert str(path) in str(caught.value)


def test_png_that_cannot_be_written_is_named() -> None:
    with pytest.raises(K5Error, match="/no/such/place.png: no such file"):
        png.write(Path("/no/such/place.png"), 1, 1, bytes(3))
