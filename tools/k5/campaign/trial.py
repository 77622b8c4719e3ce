"""One trial of a campaign by itself: to see what it did, or to stop right behind the fault."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from k5.builder import Built
from k5.campaign.golden import Array
from k5.campaign.rig import Rig
from k5.campaign.scout import Spot
from k5.machine import Machine
from k5.scenario.match import DO
from k5.stream import Event


@dataclass
class Tried:
    """What a trial was, and came to."""

    number: int
    built: Built
    said: str  # the fault, for people
    named: str  # the class
    detail: str
    events: list[Event]  # of the run from boot on
    tick: int  # of the injection


def open(file: Path, number: int) -> Machine:  # noqa: A001: campaign.trial.open() reads well
    """A machine right behind the trial's injection, its events from boot on in its history; it can
    go back to boot, and forward again through the injection. It is the caller's to close."""
    with Rig(file) as rig:
        one = _trial(rig, number)
        machine = rig.machine
        events = _to_site(rig, one, past=True)
        stop = machine._lib.k5sim_inject(machine._sim, _fault(rig, one))
        if stop < 0:
            machine._check(stop)
        machine.history[:0] = [event for event in events if event.kind != DO]
        return rig.keep_machine()


def run(file: Path, number: int) -> Tried:
    """Tries it once more."""
    with Rig(file) as rig:
        one = _trial(rig, number)
        trials = one.trials
        chunk = rig.run(0, one.ids)
        named, detail = chunk.outcomes[0]
        site = rig.sites.site(int(trials["instructions"][0]))
        events = rig.golden.events(trials)
        text = said(rig, one)
        return Tried(number, rig.built, text, named, detail, [*rig.prefix, *events], site.tick)


def said(rig: Rig, one: Any) -> str:
    """The fault and where it came, for people."""
    target = list(rig.space.targets())[int(one.targets[0])]
    trial = one.trials[0]
    instructions = int(trial["instructions"])
    site, place = rig.sites.site(instructions), rig.sites.place(instructions)
    mask, value = int(trial["fault.mask"]), int(trial["fault.value"])
    bits = [bit for bit in range(32) if mask >> bit & 1]
    what = f"{target.model} {target.place}"
    if target.model == "timer-jitter":
        what += f", up to {value} ticks, seed {mask}"
    elif bits:
        what += f", bit {', '.join(map(str, bits))}"
        what += f" at {int(value != 0)}" if target.model.endswith("stuck") else ""
    elif value:
        what += f", {value}"
    owner = f" of {target.thread or target.task}" if target.thread or target.task else ""
    thread = rig.machine.decoder.thread_name(site.thread)
    where = f" in {place}" if place else ""
    return (f"{what}{owner}, before {thread}'s instruction at {site.pc:#010x}{where}, "
            f"behind {instructions} instructions")  # fmt: skip


def _trial(rig: Rig, number: int) -> Any:
    rig.space.check_id(number)
    return rig.space.batch(np.array([number]), rig.golden.trial_type)


def _to_site(rig: Rig, one: Any, past: bool = False) -> list[Event]:
    """By itself, from boot on, with nothing of the golden run."""
    instructions = int(one.trials["instructions"][0])
    tick = rig.sites.tick(instructions)
    return rig.approach(rig.expectations.kinds).to(Spot(tick, instructions, 0), past)


def _fault(rig: Rig, one: Any) -> Any:
    """The C structure, from the array's row."""
    fault = rig.machine._ffi.new("struct k5sim_fault *")
    row: Array = one.trials[0]
    for name, _ in rig.machine._ffi.typeof("struct k5sim_fault").fields:
        setattr(fault, name, int(row[f"fault.{name}"]))
    return fault
