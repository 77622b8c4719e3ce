"""The library's golden run (sim/k5sim_golden.h), its trials and results as arrays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from k5.errors import FAILED, K5Error
from k5.machine import Machine, Stop
from k5.stream import Event

Array = Any  # of numpy, whose types have more parameters than they are worth here
ANY_THREAD, ANY = 255, 0xFFFF_FFFF
NEVER = (1 << 64) - 1
_WORDS = {1: "u1", 2: "u2", 4: "u4", 8: "u8"}


@dataclass(frozen=True)
class End:
    """When a run is over: at a tick, or with the count-th event of a kind, thread and first
    argument; or when nothing would ever happen again."""

    tick: int = NEVER
    kind: int = 0
    thread: int = ANY_THREAD
    argument: int = ANY
    count: int = 0


def layout(ffi: Any, name: str) -> Any:
    """The numpy type of a C structure: its fields where the compiler puts them; those of an inner
    structure are named `outer.inner`."""
    names, formats, offsets = [], [], []
    for field, kind, offset in _fields(ffi, ffi.typeof(f"struct {name}"), "", 0):
        names.append(field)
        formats.append(kind)
        offsets.append(offset)
    size = ffi.sizeof(f"struct {name}")
    return np.dtype({"names": names, "formats": formats, "offsets": offsets, "itemsize": size})


def _fields(ffi: Any, structure: Any, prefix: str, base: int) -> Iterator[tuple[str, str, int]]:
    for name, field in structure.fields:
        if field.type.kind == "struct":
            yield from _fields(ffi, field.type, f"{prefix}{name}.", base + field.offset)
        else:
            word = _WORDS[ffi.sizeof(field.type)]
            if field.type.cname.startswith("int"):
                word = "i" + word[1:]
            yield f"{prefix}{name}", word, base + field.offset


class Golden:
    """A golden run from where the machine stands. Close it before the machine."""

    def __init__(self, machine: Machine, end: End, limit: int, observed: int, trusted: int) -> None:
        self.machine = machine
        self._ffi, self._lib, self._sim = machine._ffi, machine._lib, machine._sim
        self.trial_type = layout(self._ffi, "k5sim_trial")
        self.result_type = layout(self._ffi, "k5sim_result")
        setup = self._ffi.new("struct k5sim_golden_setup *")
        setup.end, setup.end_kind, setup.end_thread = end.tick, end.kind, end.thread
        setup.end_count, setup.end_code, setup.end_arg = end.count, ANY, end.argument
        setup.limit, setup.observed, setup.trusted = limit, observed, trusted
        self._golden = self._lib.k5sim_golden_make(self._sim, setup)
        if self._golden == self._ffi.NULL:
            raise K5Error(f"simulator: {self._error()}", status=FAILED)

    def _error(self) -> str:
        return str(self._ffi.string(self._lib.k5sim_error_text(self._sim)).decode())

    def close(self) -> None:
        """Frees it."""
        if self._golden is not None:
            self._lib.k5sim_golden_free(self._golden)
            self._golden = None

    @property
    def facts(self) -> dict[str, int]:
        """Where it begins and ends, its stream, its snapshots."""
        facts = self._ffi.new("struct k5sim_golden_facts *")
        self._lib.k5sim_golden_facts(self._golden, facts)
        found = {"snapshots": int(facts.snapshots)}
        for name, place in (("begin", facts.begin), ("end", facts.end)):
            found[f"{name}_tick"] = int(place.now)
            found[f"{name}_instructions"] = int(place.instructions)
        return found

    def goto(self, instructions: int) -> None:
        """The machine stands where so many instructions have been executed."""
        if self._lib.k5sim_golden_goto(self._golden, instructions) < 0:
            raise K5Error(f"simulator: {self._error()}", status=FAILED)

    def try_all(self, trials: Array) -> Array:
        """A result for each trial, which are in ascending order of their instructions."""
        results = np.zeros(len(trials), self.result_type)
        assert trials.dtype == self.trial_type and trials.flags.c_contiguous
        given = self._ffi.from_buffer("struct k5sim_trial[]", trials)
        out = self._ffi.from_buffer("struct k5sim_result[]", results)
        null = self._ffi.NULL
        done = self._lib.k5sim_golden_try(self._golden, given, len(trials), out, null)
        if done < len(trials):
            raise K5Error(f"simulator: {self._error()}", status=FAILED)
        return results

    def events(self, trial: Array | None) -> list[Event]:
        """The events of one trial (an array of one), or of the golden run itself; the machine is at
        its end then, and `stop` says why."""
        null = self._ffi.NULL
        given = null if trial is None else self._ffi.from_buffer("struct k5sim_trial[]", trial)
        if self._lib.k5sim_golden_begin(self._golden, given) < 0:
            raise K5Error(f"simulator: {self._error()}", status=FAILED)
        found = []
        while True:
            stop = self._lib.k5sim_golden_go_on(self._golden)
            found += self.machine.take()
            if stop != Stop.FULL:
                self.stop = Stop(stop)
                return found

    stop: Stop = Stop.TIME
