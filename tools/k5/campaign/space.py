"""The space of a campaign as numbers: each trial is one, from 0 on, and each number one trial.

A block is one [[inject]]: its sites (instructions of the window, ascending) times its places
times their variants. The number of a trial is the block's first one + (site * places + place) *
variants + variant: it depends on the campaign and the build alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from k5.campaign.golden import Array
from k5.campaign.model import Campaign, Injection
from k5.campaign.places import Finder, Place, Variant
from k5.campaign.scout import Scouted
from k5.campaign.sites import Sites
from k5.errors import K5Error
from k5.faultmodels import MODELS, NOBODY
from k5.scenario.names import Unknown
from k5.schema import Problems

MOST_TRIALS = 1 << 48


@dataclass(frozen=True)
class Target:
    """A row of the table `targets`."""

    model: str
    task: str
    thread: str
    place: str


@dataclass
class Block:
    """One [[inject]], with numbers for names."""

    model: str
    kind: int
    first: int  # number of its first trial
    first_target: int
    sites: Array  # instructions executed before, ascending
    threads: Array  # whose the next instruction is
    places: list[Place]
    variants: list[Variant]
    running: list[int]  # the threads that a target names, where the site says whose it is

    def __post_init__(self) -> None:
        """The numbers of places and variants as columns: each batch takes from them."""
        self.place = {
            name: _column(self.places, name) for name in ("where", "thread", "task", "touched")
        }
        self.variant = {name: _column(self.variants, name) for name in ("mask", "value")}
        self.row_of = np.searchsorted(np.array(self.running or [0]), np.arange(256))

    @property
    def points(self) -> int:
        """Trials at a site."""
        return len(self.places) * len(self.variants)

    @property
    def trials(self) -> int:
        return len(self.sites) * self.points

    @property
    def targets(self) -> int:
        return max(len(self.running), 1) * len(self.places)


@dataclass
class Batch:
    """Some trials of one campaign, as arrays."""

    ids: Array
    trials: Array  # struct k5sim_trial
    targets: Array
    sites: Array  # numbers of the table `sites`: instructions behind the window's first


class Space:
    """All that a campaign may try."""

    def __init__(self, campaign: Campaign, finder: Finder, scouted: Scouted, sites: Sites) -> None:
        self.campaign = campaign
        self.meta = finder.meta
        self.first = scouted.start.instructions
        self.sites = sites
        self.blocks: list[Block] = []
        self.size = 0
        self.target_count = 0
        problems = Problems.of(campaign.file)
        for one in campaign.injections:
            try:
                self._add(one, finder, sites)
            except (Unknown, ValueError) as problem:
                problems.error(one.where, str(problem))
        problems.raise_if_any()
        if self.size > MOST_TRIALS:
            text = f"the space has {self.size:,} trials: that is more than can be numbered"
            raise K5Error(f"{campaign.place(('campaign',))}: {text}")
        task_of = [finder.tasks.index(t["task"]) for t in self.meta["threads"]]
        self._touched = np.array([1 << task for task in task_of] + [0] * (256 - len(task_of)), "i8")

    def _add(self, one: Injection, finder: Finder, sites: Sites) -> None:
        places, variants = finder.places(one), finder.variants(one)
        where, threads = sites.choose(one, finder.names)
        if len(where) == 0 or not places:
            raise Unknown(f"the space is empty: {_why(one, len(where))}")
        running = sorted(int(t) for t in np.unique(threads)) if finder.of_running(one) else []
        block = Block(one.model, MODELS[one.model].kind, self.size, self.target_count, where, threads,
                      places, variants, running)  # fmt: skip
        self.blocks.append(block)
        self.size += block.trials
        self.target_count += block.targets

    # ---- from numbers to trials

    def targets(self) -> Iterator[Target]:
        """The rows of the table `targets`, from number 0 on."""
        threads, tasks = self.meta["threads"], self.meta["tasks"]
        for block in self.blocks:
            for thread in block.running or [NOBODY]:
                for place in block.places:
                    owner = thread if block.running else place.thread
                    name = threads[owner]["name"] if owner < len(threads) else ""
                    task = threads[owner]["task"] if owner < len(threads) else ""
                    touched = [t["name"] for i, t in enumerate(tasks) if place.touched >> i & 1]
                    if not task and len(touched) < len(tasks):
                        task = " ".join(touched)
                    yield Target(block.model, task, name, place.text)

    def batch(self, ids: Array, trial_type: Any) -> Batch:
        """Trials by their numbers, in ascending order of their instructions."""
        trials = np.zeros(len(ids), trial_type)
        targets, sites = np.zeros(len(ids), "i8"), np.zeros(len(ids), "i8")
        for block in self.blocks:
            inside = (ids >= block.first) & (ids < block.first + block.trials)
            if inside.any():
                self._fill(block, ids[inside] - block.first, inside, trials, targets, sites)
        if len(ids) and (np.diff(trials["instructions"].astype("i8")) >= 0).all():
            return Batch(ids, trials, targets, sites)
        order = np.argsort(trials["instructions"], kind="stable")
        return Batch(ids[order], trials[order], targets[order], sites[order])

    def _fill(
        self, block: Block, numbers: Array, at: Array, trials: Array, targets: Array, sites: Array
    ) -> None:
        site, point = np.divmod(numbers, block.points)
        place, variant = np.divmod(point, len(block.variants))
        thread = block.threads[site]
        trials["instructions"][at] = block.sites[site]
        trials["fault.kind"][at] = block.kind
        trials["fault.where"][at] = block.place["where"][place]
        trials["fault.task"][at] = block.place["task"][place]
        trials["fault.mask"][at] = block.variant["mask"][variant]
        trials["fault.value"][at] = block.variant["value"][variant]
        touched = block.place["touched"][place]
        own: Any = 0
        if block.running:
            trials["fault.thread"][at] = thread
            touched = touched | self._touched[thread]
            own = block.row_of[thread]
        else:
            trials["fault.thread"][at] = block.place["thread"][place]
        trials["touched"][at] = touched
        targets[at] = block.first_target + own * len(block.places) + place
        sites[at] = block.sites[site] - self.first

    def check_id(self, number: int) -> None:
        """K5Error where no trial has the number."""
        if not 0 <= number < self.size:
            raise K5Error(f"there is no trial {number}: they go from 0 to {self.size - 1}")


def _column(rows: list[Any], name: str) -> Array:
    """One field of all rows."""
    return np.array([getattr(row, name) for row in rows], "i8")


def _why(one: Injection, sites: int) -> str:
    """Which factor of the product is empty."""
    if sites:
        return "there is no such place"
    which = [f"of task {', '.join(one.tasks)}"] if one.tasks else []
    which += [f"in {', '.join(one.functions)}"] if one.functions else []
    which += [f"at {', '.join(one.source_lines)}"] if one.source_lines else []
    return f"no instruction {' '.join(which)} is executed in the window".replace("  ", " ")
