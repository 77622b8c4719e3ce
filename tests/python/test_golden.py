"""Golden runs and trials: what the library says of faults in the brief demo, straight from it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest

from k5.errors import K5Error
from k5.machine import Machine
from k5.paths import ROOT

LOG, FAULT = 2, 3
FOO, BAR, TICK, ROGUE, SCORE = range(5)
REGISTER, MEMORY, OPCODE, WIDEN = 1, 3, 6, 9
NOT_FIRED, MASKED, ENDED, LIMIT, HALTED, BREACH, ASSERTION = range(1, 8)
IN_MEMORY, IN_CAPABILITY, IN_BUDGET = 1, 2, 3
END_US = 40_000


class Golden:
    """A golden run of the brief demo."""

    def __init__(self, machine: Machine, **setup: int) -> None:
        self.machine, self.ffi, self.lib = machine, machine._ffi, machine._lib
        raw = self.ffi.new("struct k5sim_golden_setup *")
        raw.end = machine.ticks(END_US)
        raw.limit = 2 * raw.end
        raw.observed = 1 << LOG | 1 << FAULT
        for name, value in setup.items():
            setattr(raw, name, value)
        self.raw = self.lib.k5sim_golden_make(machine._sim, raw)
        if self.raw == self.ffi.NULL:
            raise K5Error(machine._error_text())
        self.facts = self.ffi.new("struct k5sim_golden_facts *")
        self.lib.k5sim_golden_facts(self.raw, self.facts)

    def close(self) -> None:
        self.lib.k5sim_golden_free(self.raw)

    def at(self, instructions: int) -> int:
        """Goes there; the running thread."""
        assert self.lib.k5sim_golden_goto(self.raw, instructions) == 0
        return int(self.machine.kernel_state()[0])

    def trials(self, *wanted: dict[str, int]) -> list[Any]:
        """Tries these, in the order of their instructions."""
        trials = self.ffi.new("struct k5sim_trial[]", len(wanted))
        results = self.ffi.new("struct k5sim_result[]", len(wanted))
        for trial, want in zip(trials, wanted, strict=True):
            trial.instructions, trial.touched = want["instructions"], want["touched"]
            trial.fault.kind, trial.fault.where = want["kind"], want.get("where", 0)
            trial.fault.task, trial.fault.thread = want.get("task", 0), want.get("thread", 0)
            trial.fault.mask, trial.fault.value = want.get("mask", 0), want.get("value", 0)
        done = self.lib.k5sim_golden_try(self.raw, trials, len(wanted), results, self.ffi.NULL)
        assert done == len(wanted), self.machine._error_text()
        self.kept = trials, results
        return list(results)

    def flips(self, count: int, seed: int) -> list[dict[str, int]]:
        """Random bits of registers of whoever runs."""
        chance = random.Random(seed)
        places = sorted(chance.randrange(self.facts.end.instructions) for _ in range(count))
        flips = []
        for instructions in places:
            thread = self.at(instructions)
            flips.append(
                {
                    "instructions": instructions,
                    "kind": REGISTER,
                    "thread": thread,
                    "where": chance.randrange(13),
                    "mask": 1 << chance.randrange(32),
                    "touched": 1 << thread,  # a thread each
                }
            )
        return flips

    def events(self, trial: Any) -> list[Any]:
        """All events of one trial from the beginning; of the golden run itself."""
        self.lib.k5sim_golden_begin(self.raw, trial)
        self.machine.take()
        seen = []
        while True:
            stop = self.lib.k5sim_golden_go_on(self.raw)
            seen += self.machine.take()
            if stop != 3:
                return seen


@pytest.fixture(name="golden")
def _golden() -> Iterator[Golden]:
    with Machine.boot(ROOT / "user/demo/brief.toml") as machine:
        golden = Golden(machine)
        yield golden
        golden.close()


def outcome(result: Any) -> tuple[Any, ...]:
    return tuple(getattr(result, name) for name in ("outcome", "end", "stream", "fault_kind", "pc"))


def test_a_trial_is_what_it_is_by_itself(golden: Golden) -> None:
    flips = golden.flips(120, 1)
    together = [outcome(result) for result in golden.trials(*flips)]
    assert {entry[0] for entry in together} >= {MASKED, ENDED}
    for flip, entry in reversed(list(zip(flips, together, strict=True))):
        assert outcome(golden.trials(flip)[0]) == entry


def test_what_is_masked_ends_like_the_golden_run(golden: Golden) -> None:
    flips = golden.flips(80, 2)
    results = golden.trials(*flips)
    calm = golden.events(golden.ffi.NULL)
    for flip, result in zip(flips, results, strict=True):
        trial = golden.ffi.new("struct k5sim_trial *")
        trial.instructions, trial.touched = flip["instructions"], flip["touched"]
        trial.fault.kind, trial.fault.where = REGISTER, flip["where"]
        trial.fault.thread, trial.fault.mask = flip["thread"], flip["mask"]
        same = golden.events(trial) == calm
        if result.outcome == MASKED:
            assert same
        if result.outcome == ENDED and not result.same_state:
            assert result.stream != golden.facts.stream or same


def test_flips_in_a_task_do_not_reach_another(golden: Golden) -> None:
    results = golden.trials(*golden.flips(800, 3))
    assert not [result for result in results if result.outcome in (BREACH, ASSERTION)]


def test_a_region_that_is_too_wide_is_a_breach(golden: Golden) -> None:
    """rogue writes one byte past its memory: into score's, if its MPU lets it."""
    first = next(n for n in range(golden.facts.end.instructions) if golden.at(n) == ROGUE)
    wide = {"instructions": first, "kind": WIDEN, "task": ROGUE, "where": 1, "value": 32}
    (result,) = golden.trials({**wide, "touched": 1 << ROGUE})
    assert (result.outcome, result.breach, result.breach_task) == (BREACH, IN_MEMORY, SCORE)
    assert golden.machine.access("score", result.breach_detail) == "rw"
    assert golden.machine.access("rogue", result.breach_detail) == ""
    # The same, if score is what was touched, or trusted tasks may do that.
    (result,) = golden.trials({**wide, "touched": 1 << ROGUE | 1 << SCORE})
    assert result.outcome != BREACH


def test_trusted_tasks_may_do_that() -> None:
    with Machine.boot(ROOT / "user/demo/brief.toml") as machine:
        golden = Golden(machine, trusted=1 << ROGUE)
        first = next(n for n in range(golden.facts.end.instructions) if golden.at(n) == ROGUE)
        wide = {"instructions": first, "kind": WIDEN, "task": ROGUE, "where": 1, "value": 32}
        (result,) = golden.trials({**wide, "touched": 1 << ROGUE})
        assert result.outcome == ENDED
        golden.close()


def test_memory_of_somebody_else_is_a_breach(golden: Golden) -> None:
    """A word of foo's flips, and the trial says that only bar was touched."""
    address = golden.machine.address("foo", "work_done") & ~3
    flip = {"instructions": 2_500, "kind": MEMORY, "where": address, "mask": 1 << 9}
    (result,) = golden.trials({**flip, "touched": 1 << BAR})
    assert (result.outcome, result.breach, result.breach_task) == (BREACH, IN_MEMORY, FOO)
    assert address <= result.breach_detail < address + 4
    (result,) = golden.trials({**flip, "touched": 1 << FOO})
    assert result.outcome == ENDED


def test_it_ends_with_an_event() -> None:
    with Machine.boot(ROOT / "user/demo/brief.toml") as machine:
        golden = Golden(machine, end_kind=LOG, end_thread=BAR, end_code=0xFFFFFFFF, end_arg=0xFFFFFFFF, end_count=10)
        assert golden.facts.end.now < machine.ticks(END_US) / 10
        assert len([e for e in golden.events(golden.ffi.NULL) if e.thread == BAR and e.kind == LOG]) == 10
        assert {r.outcome for r in golden.trials(*golden.flips(60, 4))} <= {MASKED, ENDED, LIMIT, HALTED}
        golden.close()


def test_what_cannot_be(golden: Golden) -> None:
    assert golden.lib.k5sim_golden_goto(golden.raw, golden.facts.end.instructions) < 0
    assert "the golden run has the instructions 0 to" in golden.machine._error_text()
    with pytest.raises(K5Error, match="it does not come to its end"):
        Golden(golden.machine, end_kind=LOG, end_thread=255, end_code=9999, end_arg=0xFFFFFFFF, end_count=1)


@pytest.mark.parametrize("board", ["mps2-an505", "virt-rv32"])
def test_a_corrupted_opcode_is_memory_that_is_other_for_an_instruction(board: str) -> None:
    """Where the changed instruction is one step, and does not store into itself."""
    chance, compared = random.Random(5), 0
    with Machine.boot(ROOT / "user/demo/brief.toml", board) as machine:
        fault = machine._ffi.new("struct k5sim_fault *")
        fault.kind = OPCODE
        for _ in range(120):
            machine.step(chance.randrange(1, 40))
            here = machine.snapshot()
            thread = machine.kernel_state()[0]
            task = machine.built.meta["tasks"][thread]["name"]
            pc = machine.registers(thread)[15 if board == "mps2-an505" else 32]
            good = machine.read(task, pc, 4)
            fault.thread = fault.task = thread
            fault.mask = 1 << chance.randrange(16)
            bad = (int.from_bytes(good, "little") ^ fault.mask).to_bytes(4, "little")

            assert machine._lib.k5sim_inject(machine._sim, fault) == 0
            machine.step()
            once = machine.snapshot()
            machine.restore(here)
            machine.write(task, pc, bad)
            machine.step()
            machine.write(task, pc, good)
            again = machine.snapshot()
            compared += 1
            assert once.difference(again) is None
            machine.restore(here)
            machine.step(3)  # and nothing of it is left
    assert compared == 120
