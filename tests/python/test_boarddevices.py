"""A board's devices, wires, pins, LEDs and buttons: what they become, and each mistake by its line."""

from __future__ import annotations

from pathlib import Path

import pytest
from k5 import board as boards
from k5.board import BOARDS
from k5.boarddevices import Device, Gate, Part, Pin, Wire
from k5.errors import K5Error

BASE = (BOARDS / "virt-rv32" / "board.toml").read_text()

GOOD = """
[devices.rcc]
model = "stm32-rcc"
base = 0x4002_1000

[devices.port]
model = "stm32-gpio"
base = 0x4202_0000
pads = "PA"
parameter = 1
clock = { device = "rcc", offset = 0x4c, bit = 0 }
reset = { device = "rcc", offset = 0x2c, bit = 0 }

[devices.exti]
model = "stm32-exti"
base = 0x4002_f400
interrupts = ["alarm", "uart0"]

[devices.sensor]
model = "tmp102"
bus = "port"
parameter = 0x48

[[wires]]
from = "port.2"
to = "exti.18"
count = 3

[[wires]]
from = "sensor.0"
to = "port.7"

[pins]
probe = "port.3"
button = { at = "port.13", pull = "up" }

[leds.green]
pin = "probe"
active = "high"
colour = "green"

[buttons.user]
pin = "button"
active = "low"
"""


def load(monkeypatch: pytest.MonkeyPatch, folder: Path, text: str) -> boards.Board:
    (folder / "mine").mkdir()
    (folder / "mine" / "board.toml").write_text(BASE + text)
    monkeypatch.setattr(boards, "BOARDS", folder)
    return boards.load("mine")


def test_tables_become_what_they_say(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    periphery = load(monkeypatch, tmp_path, GOOD).periphery
    assert periphery.devices["port"] == Device(
        "port", "stm32-gpio", 0x4202_0000, 4096, (), 1,
        clock=Gate("rcc", 0x4C, 0), reset=Gate("rcc", 0x2C, 0), pads="PA",
    )  # fmt: skip
    assert periphery.devices["exti"].lines == (11, 10)
    assert periphery.devices["sensor"] == Device("sensor", "tmp102", 0, 0, (), 0x48, "port")
    assert periphery.wires == [
        *(Wire("port", 2 + k, "exti", 18 + k) for k in range(3)),
        Wire("sensor", 0, "port", 7),
    ]
    assert periphery.pins["PA15"] == Pin("PA15", "port", 15, -1)
    assert periphery.pins["probe"] == Pin("probe", "port", 3, -1)
    assert periphery.pins["button"] == Pin("button", "port", 13, 1)
    assert len(periphery.pins) == 18
    assert periphery.leds == {"green": Part("green", "probe", "high", "green")}
    assert periphery.buttons == {"user": Part("user", "button", "low")}


# Old text, new text, where in that the line of the mistake is, and the message.
MISTAKES = [
    # devices
    ('model = "tmp102"', "model = 102", "102", 'model must be a string, not 102'),
    ('model = "tmp102"', 'modle = "tmp102"', "modle",
     "unknown key 'modle' in [devices.sensor] (did you mean 'model'?)"),
    ('bus = "port"', "", '[devices.sensor]',
     "device 'sensor' needs the key 'base', or a 'bus' that it is on"),
    ("base = 0x4002_f400", "base = 0x4002_f410", "[devices.exti]",
     "device 'exti' is not on multiples of 32"),
    ("base = 0x4002_f400", "base = 0x4002_f400\nbytes = 16", "bytes = 16",
     "bytes = 16 is less than 32"),
    ("base = 0x4002_f400", "base = 0x1_0000_0000", "base = 0x1",
     "base = 4294967296 is more than 4294967295"),
    ("parameter = 0x48", "parameter = -1", "parameter = -1", "parameter = -1 is less than 0"),
    ('["alarm", "uart0"]', '["alarm", "uatr0"]', "uatr0",
     "unknown interrupt 'uatr0' (did you mean 'uart0'?)"),
    ('["alarm", "uart0"]', '["alarm", 10]', "10]", "interrupts[1] must be a string, not 10"),
    ('["alarm", "uart0"]', '["alarm"]\ninterrupt = "uart0"', 'interrupt = ',
     "either 'interrupt' or 'interrupts', not both"),
    ('["alarm", "uart0"]', str(["alarm"] * 33).replace("'", '"'), "interrupts",
     "33 interrupts, at most 32"),
    ("[devices.sensor]", "[devices.a_sensor_with_a_name_of_32_bytes]", "a_sensor",
     "the name of device 'a_sensor_with_a_name_of_32_bytes' is longer than 31 bytes"),
    ("[devices.sensor]", '[devices.twin]\nbase = 0x5000_0000\npads = "PA"\n\n[devices.sensor]',
     'pads = "PA"\n\n[devices.sensor]', "pads 'PA' are those of device 'port'"),
    # relations
    ('bus = "port"', 'bus = "prot"', "prot", "unknown device 'prot' (did you mean 'port'?)"),
    ('bus = "port"', 'bus = "sensor"', 'bus = "sensor"', "unknown device 'sensor'"),
    ('clock = { device = "rcc"', 'clock = { device = "rrc"', "clock",
     "unknown device 'rrc' (did you mean 'rcc'?)"),
    ('reset = { device = "rcc"', 'reset = { device = "port"', "reset", "unknown device 'port'"),
    ("offset = 0x4c, bit = 0", "offset = 0x4c, bit = 32", "clock", "bit = 32 is more than 31"),
    ("offset = 0x4c, bit = 0", "offset = 0x4c", "clock",
     "[devices.port.clock] needs the key 'bit'"),
    ('reset = { device = "rcc", offset = 0x2c, bit = 0 }', 'reset = "rcc.0"', "rcc.0",
     'reset must be a table, not "rcc.0"'),
    # wires
    ('from = "port.2"', 'from = "prot.2"', "prot.2",
     "unknown device 'prot' (did you mean 'port'?)"),
    ('from = "port.2"', 'from = "port"', 'from = "port"',
     '"port" is no signal; write "device.number"'),
    ('from = "port.2"', "from = 2", "from = 2", "from must be a string, not 2"),
    ('from = "port.2"', 'from = "port.30"', "port.30", "signal 30 of 'port' is more than 29"),
    ('to = "exti.18"', 'to = "exti.256"', "exti.256", "signal 256 of 'exti' is more than 253"),
    ("count = 3", "count = 33", "count = 33", "count = 33 is more than 32"),
    ("count = 3", "cuont = 3", "cuont",
     "unknown key 'cuont' in [[wires]] (did you mean 'count'?)"),
    ('from = "sensor.0"\n', "", '[[wires]]\nto = "port.7"', "[[wires]] needs the key 'from'"),
    # pins
    ('probe = "port.3"', 'probe = "prot.3"', "prot.3",
     "unknown device 'prot' (did you mean 'port'?)"),
    ('probe = "port.3"', "probe = 3", "probe = 3", "[pins.probe] must be a table, not 3"),
    ('probe = "port.3"', 'probe = "port.16"', "port.16", "signal 16 of 'port' is more than 15"),
    ('probe = "port.3"', 'probe = "sensor.32"', "sensor.32",
     "signal 32 of 'sensor' is more than 31"),
    ('pull = "up"', 'pull = "pu"', "pu", 'pull = "pu" (did you mean \'up\'?)'),
    ('at = "port.13", ', "", "button = ", "[pins.button] needs the key 'at'"),
    ('probe = "port.3"', 'probe = "port.3"\na_pin_with_a_name_of_32_bytes___ = "port.4"', "a_pin",
     "the name of pin 'a_pin_with_a_name_of_32_bytes___' is longer than 31 bytes"),
    # LEDs, buttons
    ('pin = "probe"', 'pin = "prode"', "prode", "unknown pin 'prode' (did you mean 'probe'?)"),
    ('pin = "button"', 'pin = "PA16"', "PA16", "unknown pin 'PA16' (did you mean 'PA6'?)"),
    ('active = "high"', 'active = "hihg"', "hihg", "active = \"hihg\" (did you mean 'high'?)"),
    ('active = "low"', "", "[buttons.user]", "[buttons.user] needs the key 'active'"),
    ('colour = "green"', 'colour = "grene"', "grene", "(did you mean 'green'?)"),
    ('colour = "green"', "", "[leds.green]", "[leds.green] needs the key 'colour'"),
    ('pin = "button"', 'pin = "button"\ncolour = "red"', "colour", "unknown key 'colour' in [buttons.user]"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "at", "message"), MISTAKES)
def test_mistake_is_named_with_its_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, old: str, new: str, at: str, message: str
) -> None:
    assert old in GOOD
    bad = GOOD.replace(old, new, 1)
    # The first time that the text of the mistake is there and was not before.
    begin = GOOD.index(old)
    line = (BASE + bad[: bad.index(at, begin if at in new else 0)]).count("\n") + 1
    with pytest.raises(K5Error) as caught:
        load(monkeypatch, tmp_path, bad)
    matching = [text for text in caught.value.messages if message in text]
    assert matching, caught.value.messages
    assert f"board.toml:{line}: " in matching[0], (line, matching)


def test_more_than_the_engine_has_room_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    own = boards.load("virt-rv32").periphery
    ports = "".join(
        f'[devices.p{k}]\nmodel = "stm32-gpio"\nbase = {0x5000_0000 + 0x1000 * k}\npads = "P{k}_"\n'
        for k in range(64)
    )
    wires = '[[wires]]\nfrom = "p0.0"\nto = "p1.16"\ncount = 32\n' * 9
    with pytest.raises(K5Error) as caught:
        load(monkeypatch, tmp_path, ports + wires)
    said = " | ".join(caught.value.messages)
    devices = 64 + sum(bool(device.model) for device in own.devices.values())
    wires, pins = 288 + len(own.wires), 1024 + len(own.pins)
    for message in (
        f"{devices} devices, at most 64", f"{wires} wires, at most 256", f"{pins} pins, at most 256"
    ):  # fmt: skip
        assert message in said


def test_what_has_no_model_takes_no_room(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    devices = "".join(f"[devices.d{k}]\nbase = {0x5000_0000 + 0x1000 * k}\n" for k in range(80))
    own = len(boards.load("virt-rv32").devices)
    assert len(load(monkeypatch, tmp_path, devices).devices) == own + 80
