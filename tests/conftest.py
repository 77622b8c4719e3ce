"""What the Python tests share: the package's path, and small systems to build."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tools"))

# Files that ./k5 test --quick leaves out, as it does tests that are marked slow: they build images,
# run QEMU, windows, GDB or campaigns, and take more than some seconds together.
SLOW_FILES = frozenset(
    """arch builder campaign_conduct campaign_report cli decode explore explore_scenarios gdbserver
    image_limits inspect k5_log logtext machine machine_outside new pathbound pytest_plugin qemu
    recording scenario_after scenario_board scenario_machines stays tables threads why""".split()
)
QUICK_END_TO_END = "test_demo"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whole files are slow, and of those in e2e/ all but one."""
    for item in items:
        file = item.path.stem
        whole = item.path.parent.name == "e2e" and file != QUICK_END_TO_END
        if whole or file.removeprefix("test_") in SLOW_FILES:
            item.add_marker(pytest.mark.slow)


# A system that is right in every respect; tests break one thing at a time.
GOOD = """\
[system]
name = "small"
board = "mps2-an505"

[task.one]
sources = ["one.c"]
priority = 5
stack = 512
capabilities = [
    { name = "two", endpoint = "two", rights = ["send"], badge = 7 },
]

[task.two]
sources = ["two.c"]
priority = 6
budget_us = 0
stack = 512
capabilities = [{ endpoint = "two", rights = ["recv"] }]

[endpoint.two]
receiver = "two"
"""

ONE = """\
#include "k5.h"
#include "k5_log.h"
#include "k5_task.h"

uint32_t answer = 0x11223344;
uint32_t seen;

int main(uint32_t argument)
{
    struct k5_message message = k5_short(1, argument, 2, answer, 4);

    seen = argument;
    K5_INFO("one asks with %u", argument);
    if (k5_call(CAP_TWO, &message) != K5_OK) {
        k5_panic(1);
    }
    K5_INFO("one got %u from %s", message.word[0], "two");
    k5_sleep_forever();
}
"""

TWO = """\
#include "k5.h"
#include "k5_log.h"
#include "k5_task.h"

int main(void)
{
    struct k5_message message = {0};

    while (k5_serve(CAP_TWO, &message) == K5_OK) {
        k5_answer(&message, 0, message.word[0] + message.badge, 0, 0, 0);
    }
    k5_panic(2);
}
"""

System = Callable[..., Path]


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> System:
    """Writes a description (GOOD with replacements) and its sources; returns the TOML file.

    What is built goes below tmp_path, too."""
    from k5 import builder

    monkeypatch.setattr(builder, "BUILD", tmp_path / "build")

    def write(*replacements: tuple[str, str], text: str = GOOD, **sources: str) -> Path:
        for old, new in replacements:
            assert old in text, f"{old!r} is not in the description"
            text = text.replace(old, new, 1)
        for name, code in {"one": ONE, "two": TWO, **sources}.items():
            (tmp_path / f"{name}.c").write_text(code)
        path = tmp_path / "small.toml"
        path.write_text(text)
        return path

    return write
