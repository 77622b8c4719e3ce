"""A run tells what tasks did wrong with devices: once as it happens, and all of it at the end."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

SYSTEM = """
[system]
name = "clumsy"
board = "mps2-an505"

[task.clumsy]
sources = ["clumsy.c"]
priority = 10
stack = 512
capabilities = [
    { name = "events", notification = "events", rights = ["wait"] },
    { name = "irq", interrupt = "alarm", rights = ["ack"] },
]
regions = [{ region = "panel", access = "rw" }, { region = "timer", access = "rw" }]

[notification.events]
receiver = "clumsy"

[interrupt.alarm]
source = "alarm"
notification = "events"
bit = 0

[region.panel]
device = true
base = "fpgaio"

[region.timer]
device = true
base = "alarm"
"""

SOURCE = """
#include "k5.h"
#include "k5_log.h"
#include "k5_task.h"

#define WORD(base, offset) (*(volatile uint32_t *)((base) + (offset)))

int main(void)
{
    uint32_t bits, rounds = ROUNDS;

    for (uint32_t i = 0; i < 5; i++) {
        WORD(REGION_PANEL, 0x04) = i; /* there is nothing */
    }
    WORD(REGION_PANEL, 0x4c) = 1; /* MISC is not modelled */
    WORD(REGION_TIMER, 0x08) = 1000;
    WORD(REGION_TIMER, 0x00) = 9;
    do { /* the line is never made to go down */
        if (k5_irq_ack(CAP_IRQ) != K5_OK || k5_wait(CAP_EVENTS, 1u, &bits) != K5_OK) {
            k5_panic(1);
        }
    } while (--rounds > 0);
    K5_INFO("done");
    k5_sleep_us(1000);
    k5_sleep_forever();
}
"""


def run(folder: Path, rounds: int) -> tuple[list[str], list[str]]:
    (folder / "clumsy.toml").write_text(SYSTEM)
    (folder / "clumsy.c").write_text(f"#define ROUNDS {rounds}u\n{SOURCE}")
    command = [ROOT / "k5", "run", folder / "clumsy.toml", "--until", "100ms"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [" ".join(line.split()) for line in done.stdout.splitlines()], done.stderr.splitlines()


def test_mistakes_are_told_once_and_summed_up(tmp_path: Path) -> None:
    printed, said = run(tmp_path, 1)
    misuse = [line for line in printed if " MISUSE " in line]
    assert len(misuse) == 1 and "fpgaio" in misuse[0] and "0x4" in misuse[0]
    assert len([line for line in printed if " UNMODELLED " in line]) == 1
    assert not [line for line in printed if " STORM " in line]
    warnings = [line.removeprefix("warning: ") for line in said if line.startswith("warning: ")]
    first, second, third = warnings
    assert first.startswith("clumsy accessed fpgaio.0x4: there is no such register")
    assert "5 times, first at 0.00000" in first
    assert second.startswith("clumsy accessed fpgaio.MISC: the model does not know those bits (at")
    assert third == "interrupt line alarm (4) is up, and its driver has not acknowledged it"


@pytest.mark.slow
def test_storm_is_named(tmp_path: Path) -> None:
    printed, _ = run(tmp_path, 3000)
    storms = [line for line in printed if " STORM " in line]
    assert len(storms) == 1
    assert storms[0].endswith("line 4 (alarm) has fired 1000 times without going down")
