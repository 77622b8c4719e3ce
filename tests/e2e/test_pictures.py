"""--screenshot: the same frames as the window's, without one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT
from k5 import builder, png
from k5.pace import Pace

pygame = pytest.importorskip("pygame")

from k5.gui.renderer import Renderer  # noqa: E402
from k5.gui.session import Session  # noqa: E402
from k5.gui.ui import Ui  # noqa: E402

TOUR = ROOT / "tests" / "gui" / "tour.toml"


def k5(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY")}
    command = [sys.executable, str(ROOT / "k5"), "run", str(TOUR), *options]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300,
        check=False,
    )  # fmt: skip


def test_pictures_at_their_times_are_the_same_every_time(tmp_path: Path) -> None:
    options = ["--screenshot", "a.png@200ms", "--screenshot", "b.png@450ms", "--size", "1000x700"]
    contents = []
    for folder in (tmp_path / "one", tmp_path / "two"):
        folder.mkdir()
        done = k5(folder, *options)
        assert done.returncode == 0, done.stderr
        assert "a.png: 1000x700, at 0.200000 s" in done.stderr
        contents.append([(folder / name).read_bytes() for name in ("a.png", "b.png")])
    assert contents[0] == contents[1]
    assert contents[0][0] != contents[0][1]
    assert png.read(tmp_path / "one" / "a.png")[:2] == (1000, 700)


def test_one_picture_does_not_change_the_next(tmp_path: Path) -> None:
    k5(tmp_path, "--screenshot", "a.png@200ms", "--screenshot", "both.png@450ms")
    k5(tmp_path, "--screenshot", "alone.png@450ms")
    assert (tmp_path / "both.png").read_bytes() == (tmp_path / "alone.png").read_bytes()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--screenshot", "a.png@soon"], "'soon' is no time; write 500us, 20ms or 2s"),
        (["--screenshot", "@1s"], "which file? write FILE or FILE@TIME"),
        (["--screenshot", "a.png@2s", "--until", "1s"], "a.png@2s: its time is behind --until 1s"),
        (["--screenshot", "no/such/a.png@1ms"], "no/such/a.png: no such file or directory"),
        (["--screenshot", "a.png", "--size", "10x10"], "10x10 is not between 820x520 and"),
        (["--screenshot", "a.png", "--size", "big"], "'big' is no size; write WIDTHxHEIGHT"),
        (["--screenshot", "a.png", "--gui"], "--screenshot needs no window: leave out --gui"),
        (["--screenshot", "a.png", "--engine", "qemu"], "--screenshot is for --engine hosted"),
    ],
)
def test_wrong_use_says_what_would_be_right(
    tmp_path: Path, options: list[str], message: str
) -> None:
    done = k5(tmp_path, *options)
    assert done.returncode == 2, done.stderr
    assert message in done.stderr


def test_frame_after_frame_gives_the_same_pixels_as_a_whole_one() -> None:
    """What is drawn because it changed adds up to what is drawn from nothing."""
    built = builder.build(TOUR)
    wall = [0.0]
    session = Session(built, 0, Pace(int(built.meta["tick_hz"]), 1.0, lambda: wall[0]),
                      clock=lambda: wall[0])  # fmt: skip
    try:
        ui, renderer = Ui(), Renderer()
        surface = pygame.Surface((1000, 700), depth=32)
        for frame in range(90):
            wall[0] += 1 / 60
            session.frame(10.0)
            if frame == 30:
                session.press("user", True)
            if frame == 40:
                session.type(0, b"help\r")
            if frame in (50, 60):
                ui.help = not ui.help
            if frame == 70:
                ui.zoom(2)
            renderer.draw(surface, session.view, ui)
        session.pause(True)  # the shares of the timeline may lag behind while it moves
        session.collect()
        renderer.draw(surface, session.view, ui)
        whole = Renderer().picture((1000, 700), session.view, ui)
        found, wanted = (pygame.image.tostring(each, "RGB") for each in (surface, whole))
        other = [k // 3 for k in range(len(wanted)) if found[k] != wanted[k]]
        assert not other, f"first at {other[0] % 1000}, {other[0] // 1000}"
    finally:
        session.close()
