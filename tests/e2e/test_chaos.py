"""Random system calls by real tasks: the kernel's invariants hold all the time.

A failure prints board and seed; `./k5 run user/abuse/chaos.toml --board BOARD --seed N --kernel`
shows the run.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

from k5 import Machine  # noqa: E402
from k5.machine import Stop  # noqa: E402
from k5.stream import Event  # noqa: E402

SYSTEM = ROOT / "user" / "abuse" / "chaos.toml"
UNTIL_US = 20_000
STEP_US = 5  # a hundred instructions: between two looks there is seldom more than one entry


BOARDS = ("mps2-an505", "virt-rv32")


def events_of(seed: int, board: str = "mps2-an505") -> list[Event]:
    """A run's events; the invariants are looked at on the way."""
    with Machine.boot(SYSTEM, board, seed=seed, kernel_events=True) as machine:
        for us in range(STEP_US, UNTIL_US + 1, STEP_US):
            assert machine.run(until_us=us) is Stop.TIME, f"{board}, seed {seed}, {us} us"
            assert machine.invariants() is None, f"{board}, seed {seed}, {us} us"
        return machine.take()


@pytest.mark.parametrize("board", BOARDS)
@pytest.mark.parametrize("seed", range(1, 9))
def test_invariants_hold_whatever_tasks_call(seed: int, board: str) -> None:
    assert len(events_of(seed, board)) > 500


def test_the_seeds_reach_every_call_and_most_errors() -> None:
    results: Counter[tuple[str, int]] = Counter()
    with Machine.boot(SYSTEM, seed=0) as machine:
        decoder = machine.decoder
    for seed in range(1, 9):
        for event in events_of(seed):
            if decoder.kind(event) == "RESULT":
                results[decoder.calls[event.code], -(-event.args[0] & 0xFFFF_FFFF)] += 1
    assert {call for call, error in results if error == 0} >= {
        "send", "call", "recv", "reply", "reply_recv", "time", "sleep", "yield", "caps",
    }  # fmt: skip
    assert {error for call, error in results if call == "call"} >= {-1, -4, -6, -7, -8, -9, -10}


def test_a_seed_is_a_run() -> None:
    assert events_of(3) == events_of(3)
    assert events_of(3) != events_of(4)
