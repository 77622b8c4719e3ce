"""Scenarios with pins, LEDs, buttons and serial lines: a panel of an mps2-an505."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from k5 import builder
from k5.errors import K5Error
from k5.scenario.execute import FAILED, PASSED, Outcome, execute
from k5.scenario.load import ScenarioFile
from k5.scenario.warm import Machines

SYSTEM = """\
[system]
name = "panel"
board = "mps2-an505"

[task.panel]
sources = ["panel.c"]
priority = 5
stack = 512
regions = [{ region = "io", access = "rw" }, { region = "uart", access = "rw" }]

[region.io]
device = true
base = "fpgaio"

[region.uart]
device = true
base = "uart1"
"""

# Every 100 us: LED0 follows BUTTON0, LED1 toggles each fifth time; characters come back as capitals.
PANEL = """\
#include "k5.h"
#include "k5_log.h"
#include "k5_task.h"

#define IO(offset)   (*(volatile uint32_t *)(uintptr_t)(REGION_IO + (offset)))
#define UART(offset) (*(volatile uint32_t *)(uintptr_t)(REGION_UART + (offset)))

int main(void)
{
    uint32_t lights = 0;

    UART(0x10) = 174; /* 115,200 baud of 20 MHz */
    UART(0x8) = 3;
    UART(0) = '>';
    K5_INFO("panel is ready");
    for (uint32_t n = 1;; n++) {
        if (n % 5 == 0) {
            lights ^= 2;
        }
        lights = (lights & 2) | (IO(8) & 1);
        IO(0) = lights;
        if (UART(4) & 2) {
            uint32_t c = UART(0);

            if (c == '!') {
                (void)IO(0xf00);
            }
            UART(0) = c >= 'a' && c <= 'z' ? c - 32 : c;
        }
        k5_sleep_us(100);
    }
}
"""

Run = Callable[[str], Outcome]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    folder, machines = tmp_path_factory.mktemp("panel"), Machines()
    (folder / "panel.toml").write_text(SYSTEM)
    (folder / "panel.c").write_text(PANEL)
    path = folder / "a.toml"

    def go(text: str) -> Outcome:
        path.write_text(f'[scenario]\nsystem = "panel.toml"\nuntil = "50ms"\n{text}')
        file = ScenarioFile(path)
        file.check()
        return execute(file, file.variants()[0], machines)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(builder, "BUILD", folder / "build")
        yield go
    machines.close()


PRESS = '[[do]]\nname = "press"\nat = "10ms"\npress = "user"\nfor = "5ms"\n'


def test_button_and_led(run: Run) -> None:
    outcome = run(
        PRESS
        + """
[[expect]]
led = "green"
becomes = "on"
after = { do = "press" }
within = "110us"
times = 1
[[expect]]
led = "green"
is = "on"
after = { do = "press" }
delay = "1ms"
[[expect]]
led = "green"
is = "off"
at = "16ms"
[[expect]]
in_order = [
    { button = "user", becomes = "pressed" },
    { led = "green", becomes = "on" },
    { button = "user", becomes = "released" },
    { pin = "LED0", becomes = "low" },
]
[[latency]]
from = { button = "user", becomes = "changed" }
to = { led = "green", becomes = "changed" }
most = "110us"
at_least = 2
[[never]]
led = "green"
becomes = "changed"
within = "10ms"
"""
    )
    assert outcome.report == ""
    assert outcome.status == PASSED


def test_led_that_does_not_follow_is_reported_with_what_was_done(run: Run) -> None:
    outcome = run(PRESS + '[[expect]]\nled = "green"\nis = "off"\nat = "12ms"\n')
    assert outcome.status == FAILED
    assert "expected led green is off, at 12 ms" in outcome.report
    assert "    it is on" in outcome.report
    assert "DO     press user" in outcome.report


def test_wave_at_a_pin(run: Run) -> None:
    wave = '[[expect]]\npin = "LED1"\nfrequency = "%s"\nduty = "50%%"\ntolerance = "3%%"\nafter = "1ms"\n'
    assert run(wave % "990Hz").report == ""
    outcome = run(wave % "1.1kHz")
    assert "it was 98" in outcome.report
    assert "in period 1 of" in outcome.report


def test_serial_line_answers_in_real_time(run: Run) -> None:
    """Each character takes 10 bits of 174 ticks of 20 MHz, 87 us, both ways."""
    outcome = run(
        """
[[do]]
name = "type"
after = { log = "panel is ready" }
send = "a"
to = "uart1"
[[expect]]
serial = "uart1"
text = "A"
after = { do = "type" }
within = "280us"
[[never]]
serial = "uart1"
text = "A"
after = { do = "type" }
within = "170us"
[[expect]]
register = "uart1.DATA"
access = "write"
value = 0x41
times = 1
"""
    )
    assert outcome.report == ""


def test_serial_report_says_what_came(run: Run) -> None:
    outcome = run(
        '[[do]]\nat = "1ms"\nsend = "ok\\r"\nto = "uart1"\n'
        '[[expect]]\nserial = "uart1"\ntext = "oK"\n'
    )
    assert 'expected "oK" from uart1' in outcome.report
    assert 'the last that uart1 sent: ">OK\\r"' in outcome.report
    assert 'uart1    gets   "ok\\r"' in outcome.report
    assert 'DO     send "ok\\r" to uart1' in outcome.report


def test_wrong_speed_is_not_understood(run: Run) -> None:
    outcome = run(
        '[[do]]\nat = "1ms"\nsend = "a"\nto = "uart1"\nbaud = 9600\n'
        '[[never]]\nserial = "uart1"\ntext = "A"\n'
    )
    assert outcome.report == ""


def test_serial_output_on_qemu(run: Run) -> None:
    """What was sent is known, not when."""
    text = 'engines = ["qemu"]\n[[expect]]\nserial = "uart1"\ntext = ">"\ntimes = 1\n'
    assert run(text).report == ""
    outcome = run(text.replace(">", "<"))
    assert outcome.status == FAILED
    assert 'the last that uart1 sent: ">"' in outcome.report
    with pytest.raises(K5Error, match="a.toml:6: QEMU cannot do this: event: \">\" from uart1"):
        run(text + 'within = "1ms"\n')


def test_guest_error_fails_a_scenario_unless_it_is_allowed(run: Run) -> None:
    text = '[[do]]\nat = "1ms"\nsend = "!"\nto = "uart1"\n[[expect]]\nserial = "uart1"\ntext = "!"\n'
    outcome = run(text)
    assert outcome.status == FAILED
    assert "expected no misuse of devices" in outcome.report
    assert "panel accessed fpgaio.0xf00: there is no such register" in outcome.report
    assert run('guest_errors = "allowed"\n' + text).status == PASSED


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[[do]]\nat = "1ms"\npress = "usr"', "no button of mps2-an505 'usr' (did you mean 'user'?)"),
        ('[[do]]\nat = "1ms"\ndrive = "LED9"\nlevel = "low"', "no pin of mps2-an505 'LED9' (did you mean 'LED"),
        ('[[do]]\nat = "1ms"\nsend = "x"\nto = "uart"', "no device of mps2-an505 'uart' (did you mean 'uart1'?)"),
        ('[[do]]\nat = "1ms"\nsend = "x"\nto = "fpgaio"', "with a serial line: 'fpgaio'"),
        ('[[do]]\nat = "1ms"\nset = "uart1.nack"\nvalue = 1', "no value of uart1: 'nack' (there is none)"),
        ('[[do]]\nat = "1ms"\nraise = "uart"', "no interrupt of mps2-an505 'uart' (did you mean 'uart1'?)"),
        ('[[do]]\nat = "1ms"\nkill = "pane"', "no task 'pane' (did you mean 'panel'?)"),
        ('[[expect]]\nled = "gren"\nis = "on"', "no LED of mps2-an505 'gren' (did you mean 'green'?)"),
        ('[[expect]]\nregister = "uart1.DAT"', "no register of uart1: 'DAT' (did you mean 'DATA'?)"),
    ],
)  # fmt: skip
def test_what_the_board_has_not_is_named_with_its_line(run: Run, text: str, message: str) -> None:
    with pytest.raises(K5Error) as caught:
        run(f'{text}\n[[never]]\nfault = "any"\n')
    (found,) = caught.value.messages
    assert message in found
    assert "a.toml:" in found
