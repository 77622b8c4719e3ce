"""Random system calls by real tasks, in all four columns.

Hosted, the kernel's invariants are looked at all the time. On QEMU there are the kernel's own
assertions, and what the tasks themselves watch over. A failure prints board and seed;
`./k5 run user/abuse/chaos.toml --board BOARD --seed N --kernel` shows the run.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

from k5 import Machine, builder  # noqa: E402
from k5.decode import Decoder  # noqa: E402
from k5.engine import Run  # noqa: E402
from k5.machine import Stop  # noqa: E402
from k5.stream import Event  # noqa: E402

SYSTEM = ROOT / "user" / "abuse" / "chaos.toml"
UNTIL_US = 40_000
STEP_US = 5  # a hundred instructions: between two looks there is seldom more than one entry
QEMU_US = {"mps2-an505": 60_000, "virt-rv32": 400_000}  # in trace builds records take long

BOARDS = ("mps2-an505", "virt-rv32")
SEEDS = range(1, 9)


def events_of(seed: int, board: str = "mps2-an505") -> list[Event]:
    """A hosted run's events; the invariants are looked at on the way."""
    with Machine.boot(SYSTEM, board, seed=seed, kernel_events=True) as machine:
        for us in range(STEP_US, UNTIL_US + 1, STEP_US):
            assert machine.run(until_us=us) is Stop.TIME, f"{board}, seed {seed}, {us} us"
            assert machine.invariants() is None, f"{board}, seed {seed}, {us} us"
        events = machine.take()
        assert complaints(machine.decoder, events) == [], f"{board}, seed {seed}"
        return events


def complaints(decoder: Decoder, events: list[Event]) -> list[str]:
    """What the tasks have to say of their memory, and the kernel of itself."""
    lines = [decoder.line(e) for e in events if decoder.kind(e) in ("LOG", "PANIC")]
    return [line.human() for line in lines if line.kind == "PANIC" or "FAIL" in line.text]


@pytest.mark.parametrize("board", BOARDS)
@pytest.mark.parametrize("seed", SEEDS)
def test_invariants_hold_whatever_tasks_call(seed: int, board: str) -> None:
    assert len(events_of(seed, board)) > 500


@pytest.mark.parametrize("board", BOARDS)
@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_kernel_on_qemu_stands_the_same(seed: int, board: str) -> None:
    built = builder.build(SYSTEM, board)
    run = Run(built, "qemu", seed, QEMU_US[board], True)
    events = list(run)
    assert run.end == "time"
    assert complaints(Decoder(built), events) == []
    assert len(events) > 500


def test_the_seeds_reach_every_call_and_most_errors() -> None:
    results: Counter[tuple[str, int]] = Counter()
    kinds: Counter[str] = Counter()
    with Machine.boot(SYSTEM, seed=0) as machine:
        decoder = machine.decoder
    for seed in SEEDS:
        for event in events_of(seed):
            kinds[decoder.kind(event)] += 1
            if decoder.kind(event) == "RESULT":
                results[decoder.calls[event.code], -(-event.args[0] & 0xFFFF_FFFF)] += 1
    done = {call for call, error in results if error == 0}
    assert done >= set(decoder.calls.values()) - {"panic"}
    assert {error for call, error in results if call == "call"} >= {
        -1, -4, -5, -6, -7, -8, -9, -10, -12, -16,
    }  # fmt: skip
    for kind in ("LOAN", "LOAN_END", "INTERRUPT", "TIMEOUT", "FAULT", "EXHAUSTED"):
        assert kinds[kind] > 0, kind


def test_a_seed_is_a_run() -> None:
    assert events_of(3) == events_of(3)
    assert events_of(3) != events_of(4)
