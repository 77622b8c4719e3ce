"""From the words of an event to a test of recorded events."""

from __future__ import annotations

import re
from collections.abc import Callable

from k5.scenario.model import Pattern
from k5.scenario.names import Names, known
from k5.stream import Event

LOG, FAULT, TASK, HALT, ENTER, RESULT = 2, 3, 4, 6, 16, 17
PIN, SERIAL, STORM, RESET = 48, 49, 50, 51
LINE, READ, WRITE = 56, 57, 58
DO = 63  # of scenarios alone: a stimulus was given; code: which
ANY_CODE = {"power": 0, "pin": 1, "watchdog": 2}
LONGEST_LINE = 4096  # of serial output, in which a text is looked for


class Test:
    """Is an event the one? `kinds`: of those kinds alone; a bit each."""

    def __init__(self, kinds: int, test: Callable[[Event], bool]) -> None:
        self.kinds = kinds
        self._test = test

    def __call__(self, event: Event) -> bool:
        return bool(self.kinds >> event.kind & 1) and self._test(event)

    def fresh(self) -> Test:
        """One that has seen nothing."""
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> Test:
        """One that has seen the same: nothing."""
        return self


class SerialTest(Test):
    """Collects what a device sends, until it ends with the text, or a line of it matches."""

    def __init__(self, device: int, pattern: Pattern) -> None:
        super().__init__(1 << SERIAL, self._feed)
        self.device = device
        self.pattern = pattern
        self.text = pattern.text.encode().decode("latin-1")  # a character each byte, as they come
        self.regex = re.compile(self.text) if pattern.regex else None
        self.seen = ""

    def _feed(self, event: Event) -> bool:
        if event.code != self.device or event.args[1] != 0:
            return False
        self.seen += chr(event.args[0] & 0xFF)
        if self.regex is None:
            self.seen = self.seen[-LONGEST_LINE:]
            found = self.seen.endswith(self.text)
        else:
            found = self.regex.search(self.seen) is not None
            if self.seen.endswith("\n"):
                self.seen = ""
        if found:
            self.seen = ""
        return found

    def fresh(self) -> Test:
        return SerialTest(self.device, self.pattern)

    def __deepcopy__(self, memo: dict[int, object]) -> Test:
        copied = SerialTest(self.device, self.pattern)
        copied.seen = self.seen
        return copied


def compiled(pattern: Pattern, names: Names, stimuli: list[str]) -> Test:
    """The test of a pattern; names.Unknown says what there is not."""
    made = _MAKERS.get(pattern.kind)
    if made is not None:
        return made(pattern, names)
    return _do(pattern, stimuli)


def _text_test(pattern: Pattern) -> Callable[[str], bool]:
    if pattern.regex:
        search = re.compile(pattern.text).search
        return lambda text: search(text) is not None
    wanted = pattern.text
    return lambda text: wanted in text


def _log(pattern: Pattern, names: Names) -> Test:
    threads, decoder, fits = names.threads(pattern.task), names.decoder, _text_test(pattern)
    if pattern.level:
        known("log level", pattern.level, decoder.levels.values())
    if not pattern.regex:
        names.log(pattern.text, pattern.task)

    def test(event: Event) -> bool:
        if event.thread not in threads:
            return False
        level, text = names.said(event)
        return pattern.level in ("", level) and fits(text)

    return Test(1 << LOG, test)


def _fault(pattern: Pattern, names: Names) -> Test:
    threads = names.threads(pattern.task)
    kinds = {name: code for code, name in names.decoder.faults.items()}
    if pattern.subject == "any":
        return Test(1 << FAULT, lambda event: event.thread in threads)
    code = kinds[known("kind of fault", pattern.subject, [*kinds, "any"])]
    return Test(1 << FAULT, lambda event: event.code == code and event.thread in threads)


def _serial(pattern: Pattern, names: Names) -> Test:
    return SerialTest(names.serial(pattern.subject), pattern)


def _level(pin: int, level: int | None) -> Test:
    if level is None:
        return Test(1 << PIN, lambda event: event.code == pin)
    return Test(1 << PIN, lambda event: event.code == pin and event.args[0] == level)


def _pin(pattern: Pattern, names: Names) -> Test:
    level = {"high": 1, "low": 0}.get(pattern.becomes)
    return _level(names.pin(pattern.subject), level)


def _led(pattern: Pattern, names: Names) -> Test:
    pin, active = names.led(pattern.subject)
    on = {"on": True, "off": False}.get(pattern.becomes)
    return _level(pin, None if on is None else int(on == active))


def _button(pattern: Pattern, names: Names) -> Test:
    pin, active = names.button(pattern.subject)
    on = {"pressed": True, "released": False}.get(pattern.becomes)
    return _level(pin, None if on is None else int(on == active))


def _line(pattern: Pattern, names: Names) -> Test:
    wanted = (names.line(pattern.subject), int(pattern.becomes == "raised"))
    return Test(1 << LINE, lambda event: event.args[:2] == wanted)


def _register(pattern: Pattern, names: Names) -> Test:
    device, offset = names.register(pattern.subject)
    kinds = {"read": 1 << READ, "write": 1 << WRITE}.get(pattern.access, 1 << READ | 1 << WRITE)
    value = None if pattern.value is None else pattern.value & 0xFFFF_FFFF

    def test(event: Event) -> bool:
        if event.code != device or event.args[0] != offset:
            return False
        return value is None or event.args[1] == value

    return Test(kinds, test)


def _reset(pattern: Pattern, names: Names) -> Test:
    code = ANY_CODE.get(pattern.subject)
    return Test(1 << RESET, lambda event: code is None or event.code == code)


def _trace(pattern: Pattern, names: Names) -> Test:
    decoder, fits = names.decoder, _text_test(pattern)
    threads = names.threads(pattern.task) if pattern.task else None
    numbers = {str(entry["name"]): number for number, entry in decoder.events.items()}
    kind = numbers[known("kind of kernel event", pattern.subject, numbers)]

    def test(event: Event) -> bool:
        if threads is not None and event.thread not in threads:
            return False
        return not pattern.text or fits(decoder.line(event).text)

    return Test(1 << kind, test)


def _do(pattern: Pattern, stimuli: list[str]) -> Test:
    which = stimuli.index(pattern.subject)
    return Test(1 << DO, lambda event: event.code == which)


_MAKERS: dict[str, Callable[[Pattern, Names], Test]] = {
    "log": _log,
    "fault": _fault,
    "serial": _serial,
    "pin": _pin,
    "led": _led,
    "button": _button,
    "line": _line,
    "register": _register,
    "reset": _reset,
    "trace": _trace,
}
