"""The window: input, focus, and a frame sixty times a second."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
# Changed rectangles go straight to the screen; through OpenGL it would be all of it, every time.
os.environ.setdefault("SDL_FRAMEBUFFER_ACCELERATION", "0")

import pygame
from pygame.event import Event

from k5 import stream
from k5.errors import K5Error
from k5.gui import keys, shots
from k5.gui.renderer import Renderer
from k5.gui.session import Session
from k5.gui.ui import CONSOLE, LOG, TIMELINE, Ui
from k5.gui.view import PAUSED, RUNNING
from k5.pace import MAX
from k5.serialport.link import Link

SDL = "libSDL2-2.0.so.0"  # which pygame has loaded
FRAMES_PER_S = 60
BUDGET_S = 0.009  # of a frame, for the machine
SPEEDS = (0.001, 0.01, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 100.0)
PAGE, WHEEL = 10, 3  # rows
NO_PICTURES = ("dummy", "offscreen")  # drivers of SDL that show nothing
MODIFIERS = pygame.KMOD_CTRL | pygame.KMOD_ALT | pygame.KMOD_META


def no_display(why: str) -> K5Error:
    """What to say where there is no window to be had."""
    return K5Error(
        f"no display for --gui ({why})",
        "PNG frames need none: ./k5 run SYSTEM --screenshot FILE.png@1s",
    )


class Window:
    """Connects a person with a session."""

    def __init__(self, session: Session, size: tuple[int, int], links: list[Link]) -> None:
        self.session = session
        self.links = links
        self.ui = Ui()
        self.renderer = Renderer()
        self.quit = False
        self._unsent: dict[int, bytes] = {}  # of a console: typed, but the line has no room yet
        self._keys_down: dict[int, str] = {}  # key -> what it holds down
        self._notice_frames = 0
        self._normal_speed = 1.0
        if not session.view.consoles:
            self.ui.focus = "bar:pause"
        self._open(size)

    def _open(self, size: tuple[int, int]) -> None:
        try:
            pygame.display.init()
            driver = pygame.display.get_driver()
            if driver in NO_PICTURES:
                raise no_display(f"SDL's driver '{driver}' shows nothing")
            pygame.display.set_caption(f"K5: {self.session.view.system}")
            pygame.display.set_icon(shots.icon(self.renderer.texts))
            pygame.display.set_mode(size, pygame.RESIZABLE)
        except pygame.error as problem:
            raise no_display(str(problem)) from None
        pygame.key.set_repeat(400, 35)

    def close(self) -> None:
        """Takes the window away."""
        pygame.display.quit()

    def frames(self) -> Iterator[list[stream.Event]]:
        """Runs until the person quits; yields the events of each frame."""
        clock = pygame.time.Clock()
        while not self.quit:
            for event in pygame.event.get():
                self.handle(event)
            self._send()
            for link in self.links:
                link.carry()
            self.session.frame(BUDGET_S)
            self._draw()
            yield self.session.take()
            clock.tick(FRAMES_PER_S)

    def _draw(self) -> None:
        if self._notice_frames:
            self._notice_frames -= 1
            if not self._notice_frames:
                self.ui.notice = ""
        surface = pygame.display.get_surface()
        changed = self.renderer.draw(surface, self.session.view, self.ui)
        if changed:
            rects: Any = changed
            pygame.display.update(rects)

    def notice(self, text: str, seconds: float = 4.0) -> None:
        """Tells the person something, for a while."""
        self.ui.notice = text
        self._notice_frames = int(seconds * FRAMES_PER_S)

    # ---- input

    def handle(self, event: Event) -> None:
        """One event of SDL."""
        handlers: dict[int, Callable[[Event], None]] = {
            pygame.QUIT: self._quit,
            pygame.KEYDOWN: self._key_down,
            pygame.KEYUP: self._key_up,
            pygame.TEXTINPUT: self._text,
            pygame.MOUSEBUTTONDOWN: self._mouse_down,
            pygame.MOUSEBUTTONUP: self._mouse_up,
            pygame.MOUSEMOTION: self._mouse_moved,
            pygame.MOUSEWHEEL: self._wheel,
            pygame.VIDEOEXPOSE: self._exposed,
            pygame.WINDOWFOCUSLOST: self._left,
        }
        handler = handlers.get(event.type)
        if handler:
            handler(event)

    def _quit(self, _: Event) -> None:
        self.quit = True

    def _exposed(self, _: Event) -> None:
        pygame.display.flip()

    def _left(self, _: Event) -> None:
        """Keys that are held down while the focus goes elsewhere never come up here."""
        for name in [*self._keys_down.values(), self.ui.down]:
            self._let_go(name)
        self._keys_down.clear()

    def _target(self, at: tuple[int, int]) -> str:
        # Small targets first: a tab lies on its panel.
        found = [t for t in self.renderer.targets(self.session.view) if t.rect.collidepoint(at)]
        found.sort(key=lambda target: target.rect.width * target.rect.height)
        return found[0].name if found else ""

    def _mouse_down(self, event: Event) -> None:
        if event.button != 1:
            return
        if self.ui.help:
            self.ui.help = False
            return
        name = self._target(event.pos)
        self.ui.keyboard = False
        if not name:
            return
        self.ui.down = name
        if name in (CONSOLE, TIMELINE, LOG):
            self.ui.focus = name
        self._hold(name)

    def _mouse_up(self, event: Event) -> None:
        if event.button != 1:
            return
        name, self.ui.down = self.ui.down, ""
        self._let_go(name)
        if name and self._target(event.pos) == name:
            self._act(name)

    def _mouse_moved(self, event: Event) -> None:
        self.ui.hover = self._target(event.pos)

    def _wheel(self, event: Event) -> None:
        name = self._target(pygame.mouse.get_pos())
        if name == TIMELINE:
            self.ui.zoom(event.y)
        elif name in (CONSOLE, LOG):
            self.ui.scroll(name, event.y * WHEEL)

    def _text(self, event: Event) -> None:
        if self.ui.focus == CONSOLE and not self.ui.help:
            if not pygame.key.get_mods() & MODIFIERS:
                self.type(event.text.encode())

    def type(self, data: bytes) -> None:
        """Keys to the board; the console shows its newest row again."""
        if data and self.session.view.consoles:
            place = self.ui.console
            self._unsent[place] = self._unsent.get(place, b"") + data
            self.ui.back[CONSOLE] = 0

    def _send(self) -> None:
        for place, data in self._unsent.items():
            if data:
                self._unsent[place] = data[self.session.type(place, data) :]

    # ---- keys

    def _key_down(self, event: Event) -> None:
        repeat = event.key in self._keys_down
        ctrl, shift = event.mod & pygame.KMOD_CTRL, event.mod & pygame.KMOD_SHIFT
        if ctrl and pygame.K_1 <= event.key <= pygame.K_9:
            self._button_key(event.key)
        elif ctrl and event.key == pygame.K_q:
            self.quit = True
        elif event.key == pygame.K_TAB and not ctrl:
            self._move_focus(-1 if shift else 1)
        elif self.ui.help and event.key == pygame.K_ESCAPE:
            self.ui.help = False
        elif event.key in self._function_keys():
            self._function_keys()[event.key]()
        elif event.key in (pygame.K_PAGEUP, pygame.K_PAGEDOWN):
            what = LOG if self.ui.focus == LOG else CONSOLE
            self.ui.scroll(what, PAGE if event.key == pygame.K_PAGEUP else -PAGE)
        elif self.ui.focus == CONSOLE:
            self._console_key(event.key, bool(ctrl), bool(shift))
        elif not repeat:
            self._panel_key(event.key)

    def _function_keys(self) -> dict[int, Callable[[], None]]:
        return {
            pygame.K_F1: lambda: self._act("bar:help"),
            pygame.K_F2: self._to_console,
            pygame.K_F3: lambda: self._act("bar:slower"),
            pygame.K_F4: lambda: self._act("bar:faster"),
            pygame.K_F5: lambda: self._act("bar:pause"),
            pygame.K_F6: lambda: self._act("bar:instruction"),
            pygame.K_F7: lambda: self._act("bar:event"),
            pygame.K_F8: lambda: self._act("bar:millisecond"),
            pygame.K_F9: lambda: self._act("bar:max"),
            pygame.K_F10: self._reset,
            pygame.K_F12: self._save_picture,
        }

    def _key_up(self, event: Event) -> None:
        name = self._keys_down.pop(event.key, "")
        if name:
            self.ui.down = ""
            self._let_go(name)

    def _button_key(self, key: int) -> None:
        place = key - pygame.K_1
        buttons = self.session.view.buttons
        if key not in self._keys_down and place < len(buttons):
            self._hold_key(key, f"button:{buttons[place].name}")

    def _hold_key(self, key: int, name: str) -> None:
        self._keys_down[key] = name
        self.ui.down = name
        self._hold(name)

    def _console_key(self, key: int, ctrl: bool, shift: bool) -> None:
        if (ctrl and key == pygame.K_v) or (shift and key == pygame.K_INSERT):
            self.type(keys.pasted(clipboard()))
        else:
            self.type(keys.sent(key, ctrl))

    def _panel_key(self, key: int) -> None:
        """Where the console has not the focus."""
        ui = self.ui
        if key in (pygame.K_SPACE, pygame.K_RETURN, pygame.K_KP_ENTER):
            if ui.focus.startswith("button:"):
                self._hold_key(key, ui.focus)
            elif ui.focus in (TIMELINE, LOG):
                self._act("bar:pause")
            else:
                self._act(ui.focus)
        elif key in (pygame.K_PLUS, pygame.K_KP_PLUS, pygame.K_EQUALS):
            ui.zoom(1)
        elif key in (pygame.K_MINUS, pygame.K_KP_MINUS):
            ui.zoom(-1)
        elif key in (pygame.K_UP, pygame.K_DOWN) and ui.focus == LOG:
            ui.scroll(LOG, 1 if key == pygame.K_UP else -1)

    def _move_focus(self, step: int) -> None:
        names = [target.name for target in self.renderer.targets(self.session.view)]
        place = names.index(self.ui.focus) if self.ui.focus in names else -step
        self.ui.focus = names[(place + step) % len(names)]
        self.ui.keyboard = True

    def _to_console(self) -> None:
        if self.session.view.consoles:
            self.ui.focus, self.ui.keyboard = CONSOLE, True

    # ---- what a target does

    def _hold(self, name: str) -> None:
        kind, _, button = name.partition(":")
        if kind == "button":
            self.session.press(button, True)

    def _let_go(self, name: str) -> None:
        kind, _, button = name.partition(":")
        if kind == "button":
            self.session.press(button, False)

    def _act(self, name: str) -> None:
        """A control was pushed and let go."""
        session = self.session
        if name.startswith("tab:"):
            names = [console.name for console in session.view.consoles]
            self.ui.console = names.index(name.removeprefix("tab:"))
            self.ui.back[CONSOLE] = 0
            return
        actions: dict[str, Callable[[], None]] = {
            "bar:pause": self._pause_or_run,
            "bar:instruction": lambda: self._step(session.step_instruction),
            "bar:event": lambda: self._step(lambda: self.notice(session.step_event(), 10)),
            "bar:millisecond": lambda: self._step(session.step_millisecond),
            "bar:slower": lambda: self._change_speed(-1),
            "bar:faster": lambda: self._change_speed(1),
            "bar:max": self._max_speed,
            "bar:help": self._help,
        }
        if name in actions:
            actions[name]()

    def _help(self) -> None:
        self.ui.help = not self.ui.help

    def _pause_or_run(self) -> None:
        if self.session.live.ended is None:
            self.session.pause(self.session.view.state == RUNNING)
        else:
            self._say_ended()

    def _say_ended(self) -> None:
        self.notice("the machine has ended; F10 resets it")

    def _step(self, step: Callable[[], None]) -> None:
        if self.session.live.ended is not None:
            self._say_ended()
            return
        if self.session.view.state != PAUSED:
            self.session.pause(True)
        step()

    def _change_speed(self, by: int) -> None:
        now = self.session.live.pace.speed
        if by > 0:
            above = [speed for speed in SPEEDS if speed > now]
            self.session.set_speed(above[0] if above else MAX)
        else:
            below = [speed for speed in SPEEDS if speed < now]
            self.session.set_speed(below[-1] if below else now)

    def _max_speed(self) -> None:
        now = self.session.live.pace.speed
        if now != MAX:
            self._normal_speed = now
        self.session.set_speed(self._normal_speed if now == MAX else MAX)

    def _reset(self) -> None:
        self.session.reset()
        self.notice("reset by the reset pin")

    def _save_picture(self) -> None:
        view = self.session.view
        path = Path(f"{view.system}-{view.now * 1000 // view.tick_hz}ms.png")
        try:
            shots.save(pygame.display.get_surface(), path)
        except K5Error as problem:
            self.notice(str(problem))
        else:
            self.notice(f"saved as {path}")


def clipboard() -> str:
    """The text in the clipboard; empty where there is none.

    SDL's own function: pygame's module for it keeps a connection to the display for ever.
    """
    try:
        sdl = ctypes.CDLL(SDL)
    except OSError:
        return ""
    sdl.SDL_GetClipboardText.restype = ctypes.c_void_p
    sdl.SDL_free.argtypes = [ctypes.c_void_p]
    text = sdl.SDL_GetClipboardText()
    if not text:
        return ""
    try:
        return ctypes.string_at(text).decode("utf-8", "replace")
    finally:
        sdl.SDL_free(text)
