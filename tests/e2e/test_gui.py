"""The window for real: under a virtual X server, with a mouse and a keyboard."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from conftest import ROOT
from k5 import builder
from k5.pace import Pace
from xserver import MISSING, XServer, wait_for

pytest.importorskip("pygame")
pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"no {' and no '.join(MISSING)}")

from k5.gui.renderer import Renderer  # noqa: E402
from k5.gui.session import Session  # noqa: E402
from k5.gui.window import Window  # noqa: E402

TOUR = ROOT / "tests" / "gui" / "tour.toml"
SIZE = (1000, 700)
LIMIT_S = 60.0


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[XServer]:
    made = XServer(tmp_path_factory.mktemp("xvfb"), SIZE)
    yield made
    made.close()


class Person:
    """Acts while the window runs: each `wait()` lets frames pass."""

    def __init__(self, window: Window, server: XServer) -> None:
        self.window = window
        self.session = window.session
        self.machine = window.session.machine
        self.view = window.session.view
        self.server = server
        self.frames = window.frames()

    def wait(self, what: str, true: Callable[[], object], seconds: float = LIMIT_S) -> None:
        """Frames until it is so."""
        end = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < end, f"{what}: not within {seconds:g} s"
            assert next(self.frames, None) is not None, "the window has closed"

    def frames_pass(self, count: int) -> None:
        for _ in range(count):
            next(self.frames)

    def target(self, name: str) -> tuple[int, int]:
        found = {t.name: t.rect for t in self.window.renderer.targets(self.view)}
        return found[name].center

    def click(self, name: str) -> None:
        x, y = self.target(name)
        self.server.do("mousemove", x, y, "mousedown", 1)
        self.frames_pass(8)
        self.server.do("mouseup", 1)
        self.frames_pass(8)

    def keys(self, *names: str) -> None:
        for name in names:
            self.server.do("key", name)
            self.frames_pass(4)

    def type(self, text: str) -> None:
        for letter in text:
            self.keys({" ": "space", "\n": "Return"}.get(letter, letter))

    def console(self) -> str:
        rows = self.view.consoles[0].terminal.rows
        return "\n".join("".join(row.text) for row in rows)

    def led_on_screen(self) -> bool:
        """By the pixels of the real window: lit is bright green."""
        lens = self.window.renderer.board.led_rect(self.view, "green")
        red, green, blue = self.server.pixel(lens.centerx + 6, lens.centery)
        return green > 180 and green > 1.4 * red and green > 1.4 * blue


@pytest.fixture
def person(server: XServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Person]:
    monkeypatch.setenv("DISPLAY", server.display)
    monkeypatch.setenv("SDL_VIDEODRIVER", "x11")
    monkeypatch.setenv("SDL_VIDEO_WINDOW_POS", "0,0")
    built = builder.build(TOUR)
    session = Session(built, 0, Pace(int(built.meta["tick_hz"])))
    window = Window(session, SIZE, [])
    someone = Person(window, server)
    # A window has no keyboard in its first moment.
    someone.wait("the keyboard", lambda: server.has_keyboard("K5: tour"))
    yield someone
    window.close()
    session.close()


def test_click_on_the_button_toggles_the_led(person: Person) -> None:
    machine = person.machine
    person.wait("the system's start", lambda: "press the button" in logged(person))
    assert not machine.led("green") and not person.led_on_screen()
    person.click("button:user")
    person.wait("the LED on the screen", person.led_on_screen)
    assert machine.led("green")
    person.click("button:user")
    person.wait("the LED off again", lambda: not person.led_on_screen())
    assert not machine.led("green")
    assert "LED is on" in logged(person) and "LED is off" in logged(person)


def logged(person: Person) -> list[str]:
    return [entry.text for entry in person.view.log.entries]


def test_button_is_down_as_long_as_its_key(person: Person) -> None:
    person.wait("the system's start", lambda: "press the button" in logged(person))
    person.server.do("keydown", "ctrl+1")
    person.wait("the button", lambda: person.view.buttons[0].pressed)
    person.wait("the LED", person.led_on_screen)
    person.server.do("keyup", "ctrl+1")
    person.wait("the button up", lambda: not person.view.buttons[0].pressed)
    assert person.machine.led("green")


def test_button_is_reached_with_tab_alone(person: Person) -> None:
    person.wait("the system's start", lambda: "press the button" in logged(person))
    seen = []
    while person.window.ui.focus != "button:user":
        person.keys("Tab")
        seen.append(person.window.ui.focus)
        assert len(seen) < 20, seen
    person.keys("space")
    person.wait("the LED", person.led_on_screen)
    names = [t.name for t in person.window.renderer.targets(person.view)]
    for _ in names:
        person.keys("Tab")
        seen.append(person.window.ui.focus)
    assert set(seen) == set(names)  # everything is reached


def test_typed_command_answers_in_the_shell(person: Person) -> None:
    person.wait("the prompt", lambda: "k5>" in person.console())
    person.type("uptime\n")
    person.wait("the answer", lambda: "k5> uptime\n" in person.console())
    person.wait("the next prompt", lambda: person.console().count("k5>") == 2)
    well = person.window.renderer.console.targets(person.view)[0].rect
    rows = [person.server.row(well.left + 10, well.top + 6 + 17 * k + 8, 60) for k in range(3)]
    assert len(set(rows)) > 1, "the console's text is not in the window"


def test_pasted_lines_are_typed_and_the_console_scrolls(person: Person) -> None:
    person.wait("the prompt", lambda: "k5>" in person.console())
    person.server.copy("help\nuptime\nhelp\n")
    person.keys("ctrl+v")
    person.wait("three answers", lambda: person.console().count("k5>") == 4)
    assert "k5> uptime\n" in person.console()
    newest = well_pixels(person)
    person.keys("Prior")
    person.wait("older rows", lambda: well_pixels(person) != newest)
    person.keys("Next")
    person.wait("the newest again", lambda: well_pixels(person) == newest)


def well_pixels(person: Person) -> list[bytes]:
    """The console's text on the screen, without its scroll bar."""
    well = person.window.renderer.console.targets(person.view)[0].rect
    return [person.server.row(well.left + 10, y, 300) for y in range(well.top, well.bottom, 3)]


def test_board_is_paused_stepped_and_run_by_keys(person: Person) -> None:
    person.wait("some time", lambda: person.machine.now_us > 100_000)
    person.keys("F5")
    person.wait("the pause", lambda: person.view.state == "paused")
    now = person.machine.now
    person.frames_pass(10)
    assert person.machine.now == now
    person.keys("F8")
    assert person.machine.now == now + person.machine.ticks(1000)
    count = person.machine.instructions
    person.keys("F6")
    assert person.machine.instructions == count + 1
    person.keys("F7")
    assert person.window.ui.notice.split()[0].isupper()  # the event's kind
    person.keys("F5")
    person.wait("time going on", lambda: person.machine.now > now + person.machine.ticks(50_000))


def test_reset_starts_the_board_anew(person: Person) -> None:
    person.wait("the prompt", lambda: "k5>" in person.console())
    now = person.machine.now
    person.keys("F10")
    person.wait("the second prompt", lambda: person.console().count("K5 shell") == 2)
    assert person.machine.now > now


def test_speed_changes_the_pace_and_the_page_of_keys_opens(person: Person) -> None:
    person.keys("F9")
    person.wait("max", lambda: person.view.speed == "max")
    before = person.machine.now_us
    person.wait("a second at once", lambda: person.machine.now_us > before + 1e6, 20)
    person.keys("F9", "F3", "F3")
    person.wait("half", lambda: person.view.speed == "0.2x")
    person.keys("F1")
    assert person.window.ui.help
    person.keys("Escape")
    assert not person.window.ui.help
    person.click("bar:help")
    assert person.window.ui.help


def test_window_is_resized_and_closed(person: Person) -> None:
    window = person.server.has_keyboard("K5: tour")
    person.server.do("windowsize", window, 860, 560)
    person.wait("the new size", lambda: person.window.renderer.board.rect.bottom < 560)
    person.server.do("key", "ctrl+q")
    with pytest.raises(AssertionError, match="has closed"):
        person.wait("the end", lambda: False)


def test_clicks_and_keys_are_a_record_that_gives_the_same_run(person: Person) -> None:
    """What came from outside is all that a run depends on."""
    from k5 import Machine, stimulus

    person.session.live.stimuli.record = record = []
    person.wait("the prompt", lambda: "k5>" in person.console())
    person.click("button:user")
    person.type("help\n")
    person.wait("the next prompt", lambda: person.console().count("k5>") == 2)
    end, sent = person.machine.now, person.machine.serial("usart1")
    kinds = [one.what for one in record]
    assert kinds.count("press") == kinds.count("release") == 1 and "serial" in kinds
    with Machine.boot(TOUR, device_events=True) as again:
        for one in (stimulus.from_json(one.json()) for one in record):
            again.run(until_tick=one.time)
            stimulus.apply(again, one)
        again.run(until_tick=end)
        assert again.serial("usart1") == sent
        assert again.led("green") and again.instructions == person.machine.instructions


# ---- the command


def test_whole_command_shows_a_window_and_ends_with_it(server: XServer) -> None:
    command = [sys.executable, str(ROOT / "k5"), "run", str(TOUR), "--gui", "--size", "1000x700"]
    running = subprocess.Popen(
        command, env=server.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        wait_for("the window", lambda: bool(server.has_keyboard("K5: tour")), LIMIT_S)
        wait_for("the header", lambda: max(server.pixel(500, 690)) > 0)
        server.do("key", "ctrl+q")
        out, err = running.communicate(timeout=LIMIT_S)
    finally:
        running.kill()
    assert running.returncode == 0, err
    assert "press the button" in out
    assert "ended from outside" in err


@pytest.mark.parametrize("driver", ["", "dummy"])
def test_no_display_says_so_and_how_to_get_pictures(driver: str) -> None:
    environment = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY")}
    environment |= {"SDL_VIDEODRIVER": driver} if driver else {}
    command = [sys.executable, str(ROOT / "k5"), "run", str(TOUR), "--gui"]
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=LIMIT_S, check=False
    )
    assert done.returncode == 2, done.stderr
    assert "no display for --gui" in done.stderr
    assert "--screenshot FILE.png@1s" in done.stderr


def test_places_do_not_overlap_at_any_size(tmp_path: Path) -> None:
    built = builder.build(TOUR)
    session = Session(built, 0, Pace(1))
    try:
        for size in ((820, 520), (1000, 700), (1280, 800), (1600, 1000), (2560, 1440)):
            renderer = Renderer()
            renderer.place(size, session.view)
            rects = [panel.rect for panel in renderer.panels if panel.rect.height]
            for k, rect in enumerate(rects):
                assert rect.collidelist(rects[k + 1 :]) < 0, (size, rect)
                assert rect.left >= 0 and rect.right <= size[0] and rect.bottom <= size[1]
            parts = [t.rect for t in renderer.targets(session.view) if ":" in t.name]
            parts += [renderer.board.led_rect(session.view, led.name) for led in session.view.leds]
            screens = [screen.name for screen in session.view.screens]
            parts += [renderer.board.screen_rect(session.view, name) for name in screens]
            for k, rect in enumerate(parts):
                assert rect.collidelist(parts[k + 1 :]) < 0, (size, rect)
    finally:
        session.close()
