"""Drivers as parts of a system, and what tasks are told of their board."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from conftest import GOOD, System
from k5 import board as boards
from k5 import boardheader, builder, drivers, sysdesc
from k5.errors import K5Error

WITH = GOOD.replace('board = "mps2-an505"', 'board = "mps2-an505"\ndrivers = ["timer"]')

PLACES = [(name, part) for name in boards.names() for part in drivers.names(name)]


def message_of(path: Path, board: str | None = None) -> str:
    with pytest.raises(K5Error) as caught:
        sysdesc.load(path, board)
    assert caught.value.status == 2
    return caught.value.messages[0]


def test_a_driver_comes_with_its_task_its_endpoint_and_its_device(system: System) -> None:
    loaded = sysdesc.load(system(text=WITH))
    timer = loaded.task("timer")
    assert loaded.endpoint("timer").receiver == "timer"
    assert [use.region for use in timer.regions] == ["timer"]
    assert all(source.is_file() for source in timer.sources)
    assert loaded.warnings == []


def test_what_a_driver_needs_comes_too_on_the_board_that_needs_it(system: System) -> None:
    path = system(text=WITH)
    mps2, stm32 = (
        {task.name for task in sysdesc.load(path, board).tasks} for board in ("mps2-an505", "stm32l5")
    )
    assert mps2 == {"one", "two", "timer"}
    assert stm32 == {"one", "two", "timer", "clocks"}


def test_unknown_driver_is_named_with_those_that_there_are(system: System) -> None:
    message = message_of(system(("timer", "radio"), text=WITH))
    assert re.search(r"small.toml:4: board mps2-an505 has no driver 'radio' \(known: .*timer", message)
    assert "did you mean 'timer'" in message_of(system(("timer", "timr"), text=WITH))


def test_driver_listed_twice(system: System) -> None:
    assert "driver 'timer' is listed twice" in message_of(
        system(('["timer"]', '["timer", "timer"]'), text=WITH)
    )


def test_a_name_of_a_driver_is_taken(system: System) -> None:
    message = message_of(system(("[endpoint.two]", "[endpoint.timer]"), text=WITH))
    assert re.search(
        r"small.toml:\d+: 'endpoint.timer' is in user/drivers/boards/mps2-an505/timer.toml:\d+ already",
        message,
    )


def test_a_mistake_in_a_part_is_reported_there(
    system: System, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drivers, "FOLDER", tmp_path)
    part = tmp_path / "mps2-an505" / "timer.toml"
    part.parent.mkdir()
    path = system(text=WITH)
    for text, said in [
        ("[task.timer]\nsources = []\npriority = 3\n", "timer.toml:2: task 'timer' has no sources"),
        ("[task.timer]\npriority = 99\n", "timer.toml:2: priority = 99 is more than 31"),
        ('needs = ["clock"]\n', "timer.toml:1: board mps2-an505 has no driver 'clock'"),
        ('[system]\nname = "x"\n', "timer.toml:1: unknown key 'system'"),
    ]:
        part.write_text(text)
        assert any(said in message for message in caught_messages(path))


def caught_messages(path: Path) -> list[str]:
    with pytest.raises(K5Error) as caught:
        sysdesc.load(path)
    return list(caught.value.messages)


def test_drivers_that_need_each_other_are_added_once(
    system: System, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drivers, "FOLDER", tmp_path)
    folder = tmp_path / "mps2-an505"
    folder.mkdir()
    source = str(system(text=WITH).parent / "one.c")
    for name, other in (("timer", "gpio"), ("gpio", "timer")):
        (folder / f"{name}.toml").write_text(
            f'needs = ["{other}"]\n[task.{name}]\nsources = ["{source}"]\npriority = 3\n'
        )
    names = [task.name for task in sysdesc.load(system(text=WITH)).tasks]
    assert sorted(names) == ["gpio", "one", "timer", "two"]


@pytest.mark.parametrize(("board", "part"), PLACES)
def test_every_driver_is_a_good_part_of_a_system(system: System, board: str, part: str) -> None:
    loaded = sysdesc.load(system(('"timer"', f'"{part}"'), text=WITH), board)
    assert part in {task.name for task in loaded.tasks}
    assert loaded.endpoint(part).receiver == part
    assert loaded.warnings == []


@pytest.mark.parametrize(("board", "part"), PLACES)
def test_a_driver_controls_the_clocks_of_its_own_device_alone(board: str, part: str) -> None:
    data = tomllib.loads((drivers.FOLDER / board / f"{part}.toml").read_text())
    devices = boards.load(board).devices.values()
    own = [
        (device.clock.offset, device.clock.bit)
        for region in data["region"].values()
        for device in devices
        if device.clock and device.clock.offset != 0x48 and _covers(region, device.name, device.base)
    ]
    badges = [
        cap["badge"]
        for task in data["task"].values()
        for cap in task["capabilities"]
        if cap.get("endpoint") == "clocks" and "badge" in cap
    ]
    given = [
        (badge >> 8, (badge & 31) + n) for badge in badges for n in range((badge >> 5 & 7) + 1)
    ]
    assert sorted(given) == sorted(own)


def _covers(region: dict[str, Any], name: str, base: int) -> bool:
    at = region["base"]
    return at == name if isinstance(at, str) else base in range(at, at + region["bytes"])


def test_parts_are_no_systems_of_the_tree() -> None:
    with pytest.raises(K5Error, match="no system 'uart'"):
        builder.find("uart")


def test_the_boards_header_names_pins_leds_and_buttons() -> None:
    text = boardheader.text(boards.load("stm32l5"))
    assert "#define K5_TICK_HZ 48000000u\n" in text
    assert "#define PIN_PC13 0x4202080du\n" in text
    assert "#define BUTTON_USER_PIN 0x4202080du\n" in text
    assert "#define LED_GREEN_ACTIVE 1u\n" in text
    listed = re.search(r"#define K5_LEDS\(X\)(.*)", text)
    assert listed and "X(GREEN, LED_GREEN_PIN, LED_GREEN_ACTIVE)" in listed[1]


def test_a_board_without_lights_has_empty_lists() -> None:
    text = boardheader.text(boards.load("virt-rv32"))
    assert "#define K5_LEDS(X)\n#define K5_BUTTONS(X)\n" in re.sub(r"\n+", "\n", text)
