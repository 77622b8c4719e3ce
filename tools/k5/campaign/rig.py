"""One process's machine, set up for a campaign: the golden run, the space, and chunks of trials.

All that a rig finds is a function of the campaign file and the build: two rigs in two processes
give the same for the same chunk.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from k5 import builder
from k5.builder import Built
from k5.campaign import classes, reader
from k5.campaign.approach import Approach, load_scenario
from k5.campaign.chunk import Chunk, Ended
from k5.campaign.classes import Facts, Verdict
from k5.campaign.golden import ANY, NEVER, Array, End, Golden
from k5.campaign.model import Campaign
from k5.campaign.places import Finder
from k5.campaign.scout import Scouted, scout
from k5.campaign.sites import Sites
from k5.campaign.space import Batch, Space
from k5.campaign.verdict import Expectations
from k5.errors import K5Error
from k5.machine import Machine, Stop
from k5.scenario.match import DO, LOG
from k5.scenario.names import Names
from k5.stream import Event

BREACHES = {1: "memory", 2: "capabilities", 3: "time budget", 4: "what is executed"}
# What tells one kind of outcome from another, beside the events: fields, and bits for each.
_MEANING = {"outcome": 4, "fault_kind": 8, "fault_thread": 8, "errors": 1, "restarts": 1,
            "breach": 3, "breach_task": 5, "same": 1}  # fmt: skip
PACKED = sum(_MEANING.values())
MOST_BINS = 1 << 18  # so many are counted faster than sorted


class Rig:
    """A machine with its golden run. Close it, or use it in a `with` statement."""

    def __init__(self, file: Path) -> None:
        self.campaign = reader.read(file)
        self.scenario = load_scenario(self.campaign)
        self.built: Built = builder.build(self.scenario.settings.system, self.campaign.board)
        self.machine = Machine(self.built, self.seed)
        self.kept = False
        try:
            self._set_up()
        except BaseException:
            self.machine.close()
            raise

    @property
    def seed(self) -> int:
        """What the machine is loaded with: a seed that no task takes makes no difference."""
        seed = self.scenario.variant.seed
        return seed if self.built.arguments(seed) else 0

    def _set_up(self) -> None:
        campaign, machine = self.campaign, self.machine
        self.names = Names(self.built, machine.decoder, machine)
        self.scouted: Scouted = scout(campaign, self.scenario, machine, self.names, self.seed)
        approach = self.approach()
        self.prefix = approach.to(self.scouted.start)
        self.expectations = Expectations(
            campaign, self.scenario, self.names, self.prefix, approach.levels
        )
        # Where no expectation asks for times, trials that differ in times alone are judged once.
        self.stream = "order" if self.expectations.timeless else "stream"
        self.end = self._end()
        self.golden = Golden(
            machine, self.end, self._limit(), self.expectations.kinds, self._trusted()
        )
        self.facts = self.golden.facts
        self.sites = Sites(self.built, self.scouted, self._pc_at)
        self.space = Space(campaign, Finder(self.names, machine), self.scouted, self.sites)
        self.known: dict[Ended, Verdict] = {}
        self._kinds: dict[int, tuple[dict[str, int], Facts]] = {}
        self.unmet = self._learn()

    def approach(self, more: int = 0) -> Approach:
        """The scenario from boot on, up to wherever it is asked to go."""
        return Approach(self.scenario, self.machine, self.names, self.seed, more)

    def close(self) -> None:
        """Frees the golden run and the machine."""
        self.golden.close()
        if not self.kept:
            self.machine.close()

    def keep_machine(self) -> Machine:
        """It is the caller's from now on, and stays when the rig is closed."""
        self.kept = True
        return self.machine

    def __enter__(self) -> Rig:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # ---- the golden run

    def _end(self) -> End:
        """When trials are over."""
        found = self.scouted
        if found.halted:
            return End(self._limit() + 1)  # it halts before; a trial that does not meets its limit
        if found.by_event is None:
            return End(tick=found.end.tick)
        event = found.by_event
        if event.kind == DO:
            place = self.campaign.place(("window", "end"))
            raise K5Error(
                f"{place}: a stimulus is no end: it comes from outside; name what answers it"
            )
        between = found.events[found.start.events : found.end.events]
        count = sum(_name(one) == _name(event) for one in between)
        kind, thread, argument = _name(event)
        return End(kind=kind, thread=thread, argument=argument, count=max(count, 1))

    def _limit(self) -> int:
        """The tick at which a trial is given up."""
        end, more = self.scouted.end, self.campaign.limit
        length = end.tick - self.scouted.start.tick
        if isinstance(more, Fraction):
            return end.tick + max(int(length * more), 1)
        return end.tick + max(more * int(self.built.meta["tick_hz"]) // 1_000_000_000, 1)

    def _trusted(self) -> int:
        found = 0
        for index, name in enumerate(self.campaign.trusted):
            if name not in self.names.tasks:
                from k5.errors import suggestion

                place = self.campaign.place(("campaign", "trusted", index))
                raise K5Error(f"{place}: no task '{name}'" + suggestion(name, self.names.tasks))
            found |= 1 << self.names.tasks.index(name)
        return found

    def _learn(self) -> list[str]:
        """What the golden run itself does: a trial that changes nothing is one."""
        return self.expectations.learn(*self._seen(None))

    def _pc_at(self, instructions: int) -> int:
        """The address of the instruction behind so many."""
        thread = int(self.sites.threads[instructions - self.scouted.start.instructions])
        self.golden.goto(instructions)
        return self.machine.registers(thread)[15 if self.built.meta["arch"] == "armv8m" else 32]

    # ---- trials

    def run(self, number: int, ids: Array) -> Chunk:
        """Tries the trials of these numbers."""
        batch = self.space.batch(ids, self.golden.trial_type)
        results = self.golden.try_all(batch.trials)
        self._check_threads(batch, results)
        outcomes: dict[tuple[str, str], int] = {}
        fresh: dict[Ended, Verdict] = {}
        each = np.zeros(len(results), "i8")
        for code, name in (
            (classes.OUT_NOT_FIRED, classes.NOT_FIRED),
            (classes.OUT_MASKED, classes.MASKED),
        ):
            where = results["outcome"] == code
            if where.any():
                each[where] = outcomes.setdefault((name, ""), len(outcomes))
        told = np.flatnonzero(results["outcome"] > classes.OUT_MASKED)
        if len(told):
            each[told] = self._name(batch, results, told, outcomes, fresh)
        return self._chunk(number, batch, results, each, told, list(outcomes), fresh)

    def _name(
        self,
        batch: Batch,
        results: Array,
        told: Array,
        outcomes: dict[tuple[str, str], int],
        fresh: dict[Ended, Verdict],
    ) -> Array:
        """The outcomes of the trials at `told`: decided once for all that mean the same."""
        streams, of_stream = np.unique(results[self.stream][told], return_inverse=True)
        keys = of_stream.astype("u8") << np.uint64(PACKED) | _packed(results[told])
        kinds, first, which = np.unique(keys, return_index=True, return_inverse=True)
        named = np.zeros(len(told), "i8")
        of_kind = np.zeros(len(kinds), "i8")
        for index, key in enumerate(kinds.tolist()):
            kind, facts = self._told(key & (1 << PACKED) - 1)
            if self._needs_itself(kind):
                for at in np.flatnonzero(which == index):
                    verdict = self._judge(batch.trials[told[at] : told[at] + 1])
                    found = classes.decide(facts, verdict)
                    named[at] = outcomes.setdefault(found, len(outcomes))
                of_kind[index] = -1
                continue
            ended = (int(streams[key >> PACKED]), kind["outcome"])
            verdict = self._verdict(ended, batch, int(told[first[index]]), fresh)
            of_kind[index] = outcomes.setdefault(classes.decide(facts, verdict), len(outcomes))
        return np.where(of_kind[which] < 0, named, of_kind[which])

    def _check_threads(self, batch: Batch, results: Array) -> None:
        """The library's word on whose instruction it was against the scout's."""
        scouted = self.sites.threads[batch.sites]
        fired = results["outcome"] != classes.OUT_ENGINE
        wrong = np.flatnonzero((results["thread"] != scouted) & fired)
        if len(wrong):
            at = int(batch.trials["instructions"][wrong[0]])
            text = (f"behind {at} instructions thread {int(results['thread'][wrong[0]])} runs, "
                    f"but thread {int(scouted[wrong[0]])} did in the run that was scouted")  # fmt: skip
            raise K5Error(f"simulator: the golden run is not the scenario's: {text}")

    def _told(self, packed: int) -> tuple[dict[str, int], Facts]:
        """What a packed number says; there are few of them."""
        if packed not in self._kinds:
            kind = _unpacked(packed)
            self._kinds[packed] = kind, self._facts(kind)
        return self._kinds[packed]

    def _facts(self, kind: dict[str, int]) -> Facts:
        decoder, meta = self.machine.decoder, self.built.meta
        fault, breach = kind["fault_kind"], ""
        if kind["breach"]:
            task = meta["tasks"][kind["breach_task"]]["name"]
            breach = f"{BREACHES[kind['breach']]} of task {task}"
        return Facts(
            kind["outcome"],
            decoder.faults.get(fault, f"fault {fault}") if fault else "",
            decoder.thread_name(kind["fault_thread"]) if fault else "",
            kind["errors"],
            kind["restarts"],
            breach,
        )

    def _needs_itself(self, kind: dict[str, int]) -> bool:
        """States at the end are not in the events."""
        return (
            kind["outcome"] in classes.OPEN and not self.expectations.by_events and not kind["same"]
        )

    def _verdict(
        self, ended: Ended, batch: Batch, first: int, fresh: dict[Ended, Verdict]
    ) -> Verdict:
        """From the events, which are judged once for each stream."""
        if ended[1] not in classes.OPEN:
            return classes.HOLDS
        if ended not in self.known:
            fresh[ended] = self.known[ended] = self._judge(batch.trials[first : first + 1])
        return self.known[ended]

    def _judge(self, trial: Array) -> Verdict:
        return self.expectations.judge(*self._seen(trial))

    def _seen(self, trial: Array | None) -> tuple[list[Event], int, bool, Machine]:
        """The events of a trial, or of the golden run; when it was over, whether it halted, and the
        machine as it was then."""
        self.machine.record(self.expectations.kinds | 1 << self.end.kind)
        events = self.golden.events(trial)
        return events, self.machine.now, self.golden.stop is Stop.HALT, self.machine

    def _chunk(
        self,
        number: int,
        batch: Batch,
        results: Array,
        each: Array,
        told: Array,
        outcomes: list[tuple[str, str]],
        fresh: dict[Ended, Verdict],
    ) -> Chunk:
        trials = batch.trials
        # Trials are in the order of their sites: each begins where the number changes.
        begins = np.flatnonzero(np.diff(trials["instructions"], prepend=np.uint64(NEVER)))
        counts = self._count(batch, each, begins, len(outcomes))
        columns = (batch.ids, batch.targets, batch.sites, trials["fault.mask"], trials["fault.value"],
                   each, results["end"])  # fmt: skip
        rows = np.column_stack([column[told].astype("i8") for column in columns])
        where, pcs = trials["instructions"][begins], results["pc"][begins]
        known = dict(zip(where.tolist(), pcs.tolist(), strict=True))
        return Chunk(number, len(batch.ids), outcomes, counts, rows, known, fresh)

    def _count(self, batch: Batch, each: Array, begins: Array, outcomes: int) -> Array:
        """Rows of target, site, outcome and how many."""
        targets = self.space.target_count
        changes = np.zeros(len(each), "i8")
        changes[begins[1:]] = 1
        site = np.cumsum(changes)
        keys = (site * targets + batch.targets) * outcomes + each
        if len(begins) * targets * outcomes <= MOST_BINS:
            many = np.bincount(keys)
            unique = np.flatnonzero(many)
            counted = many[unique]
        else:
            unique, counted = np.unique(keys, return_counts=True)
        pairs, outcome = np.divmod(unique, outcomes)
        site, target = np.divmod(pairs, targets)
        return np.column_stack([target, batch.sites[begins][site], outcome, counted])


def _name(event: Event) -> tuple[int, int, int]:
    """Kind, thread, and which log line it is."""
    return event.kind, event.thread, event.args[0] if event.kind == LOG else ANY


def _packed(results: Array) -> Array:
    """What a class is decided by, as a number each; what does not count is 0."""
    open_ = np.isin(results["outcome"], classes.OPEN)
    breach = results["outcome"] == classes.OUT_BREACH
    fields = {
        "outcome": results["outcome"],
        "fault_kind": results["fault_kind"] * open_,
        "fault_thread": results["fault_thread"] * (open_ & (results["fault_kind"] != 0)),
        "errors": (results["error_events"] != 0) & open_,
        "restarts": (results["restarts"] != 0) & open_,
        "breach": results["breach"] * breach,
        "breach_task": results["breach_task"] * breach,
        "same": (results["same_state"] != 0) & open_,
    }
    key = np.zeros(len(results), "u8")
    for name, bits in _MEANING.items():
        key = key << np.uint64(bits) | fields[name].astype("u8")
    return key


def _unpacked(key: int) -> dict[str, int]:
    """The fields of such a number."""
    found = {}
    for name, bits in reversed(_MEANING.items()):
        found[name] = key & (1 << bits) - 1
        key >>= bits
    return found
