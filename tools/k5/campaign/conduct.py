"""A campaign from its beginning, or from where it was stopped.

The space is cut into chunks that depend on the campaign alone. Chunks are tried in any order by
whoever has time, and written in theirs: so the file is the same however many took part, and when
a sample is large enough it ends at the same trial.
"""

from __future__ import annotations

import os
import random
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from k5.campaign import statistics
from k5.campaign.chunk import Chunk
from k5.campaign.identity import Identity, of_rig
from k5.campaign.model import SAMPLE
from k5.campaign.pool import Done, Job, Pool
from k5.campaign.rig import Rig
from k5.campaign.store import Store, estimate
from k5.console import warning
from k5.errors import K5Error
from k5.paths import BUILD, ROOT, shown

CHUNK = 8192  # trials of an exhaustive campaign that are one transaction
Note = Callable[[str, int, int], None]  # text, done, total


def results_file(file: Path) -> Path:
    """Where a campaign's results are kept, if nobody says otherwise."""
    inside = ROOT in file.absolute().parents or "K5_BUILD_DIR" in os.environ
    folder = BUILD if inside else file.absolute().parent / "build"
    return folder / "campaigns" / f"{file.stem}.sqlite"


@dataclass
class Plan:
    """Which trials, in which chunks."""

    total: int  # at most
    size: int  # of a chunk, but for the last one
    order: Any  # of a sample: the trials' numbers, as they were drawn; None: all

    @property
    def chunks(self) -> int:
        return -(-self.total // self.size)

    def ids(self, number: int) -> Any:
        """The trials of a chunk."""
        first, last = number * self.size, min((number + 1) * self.size, self.total)
        if self.order is None:
            return np.arange(first, last)
        return np.sort(self.order[first:last])


def plan(rig: Rig) -> Plan:
    """A function of the campaign and the build alone."""
    campaign, space = rig.campaign, rig.space
    if campaign.mode != SAMPLE:
        return Plan(space.size, CHUNK, None)
    total = statistics.most(campaign.confidence, campaign.margin, space.size)
    drawn = random.Random(campaign.sample_seed).sample(range(space.size), total)
    return Plan(total, statistics.ROUND, np.array(drawn))


class Conductor:
    """One run of `./k5 campaign`."""

    def __init__(self, file: Path, out: Path | None, restart: bool = False) -> None:
        self.file = file
        self.out = out or results_file(file)
        self.rig = Rig(file)
        try:
            for text in self.rig.unmet:
                warning(
                    f"{text}: the run without a fault does not meet it before its end: left out"
                )
            self.identity = of_rig(self.rig)
            self.plan = plan(self.rig)
            self.store = self._open(restart)
        except BaseException:
            self.rig.close()
            raise
        self.meta = self.store.meta()
        self.campaign = self.rig.campaign

    def close(self) -> None:
        """Closes the results and the machine."""
        self.store.close()
        self.rig.close()

    def __enter__(self) -> Conductor:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # ---- the file

    def _open(self, restart: bool) -> Store:
        if restart:
            for suffix in ("", "-wal", "-shm"):
                self.out.with_name(self.out.name + suffix).unlink(missing_ok=True)
        store = Store(self.out)
        try:
            meta = store.meta()
            if "identity" not in meta:
                self._room()
                store.begin(self._facts(), self.rig.space.targets())
            else:
                self._same(Identity(**meta["identity"]))
        except BaseException:
            store.close()
            raise
        return store

    def _same(self, was: Identity) -> None:
        """Results of two builds do not go into one file."""
        reason = was.difference(self.identity)
        if reason:
            text = f"{shown(self.out)} has results of another campaign: {reason}"
            raise K5Error(text, "--restart begins anew, --out FILE keeps both")

    def _room(self) -> None:
        """A campaign that cannot end does not begin."""
        space, total = self.rig.space, self.plan.total
        pairs = sum(len(block.sites) * len(block.places) for block in space.blocks)
        needed = estimate(total, pairs, min(total, len(space.sites.threads)))
        self.out.parent.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(self.out.parent).free
        if needed > free:
            place = self.rig.campaign.place(("campaign",))
            text = (f"{total:,} trials may need {_bytes(needed)} and {shown(self.out.parent)} has "
                    f"{_bytes(free)} free")  # fmt: skip
            raise K5Error(f"{place}: {text}", "shorten the window, take fewer bits or every n-th "
                          'instruction, or draw a sample (mode = "sample")')  # fmt: skip

    def _facts(self) -> dict[str, Any]:
        """The table meta."""
        rig, campaign = self.rig, self.rig.campaign
        return {
            "identity": self.identity.json(),
            "campaign": campaign.file.path.read_text(),
            "title": campaign.title,
            "file": shown(campaign.file.path),
            "build": f"{rig.built.meta['system_id']:#010x}",
            "system": rig.built.name,
            "board": rig.built.board,
            "seed": campaign.seed,
            "space": rig.space.size,
            "planned": self.plan.total,
            "mode": campaign.mode,
            "confidence": float(campaign.confidence),
            "margin": float(campaign.margin),
            "started": time.time(),
            "seconds": 0.0,
            "golden": rig.facts,
            "unmet": rig.unmet,
            "ticks_hz": int(rig.built.meta["tick_hz"]),
            "finished": False,
        }

    # ---- the trials

    @property
    def finished(self) -> bool:
        """Nothing is left to do."""
        return bool(self.store.meta()["finished"])

    def trials(self) -> int:
        """That are done."""
        return sum(self.store.done().values())

    def run(self, note: Note, processes: int | None = None, scheduler: str | None = None) -> None:
        """All that is left."""
        if self.finished:
            return
        started, before = time.monotonic(), float(self.store.meta()["seconds"])
        done = self.store.done()
        left = [number for number in range(self.plan.chunks) if number not in done]
        progress = _Progress(note, self.plan.total, sum(done.values()))
        try:
            if not self._is_enough(sum(done.values())):
                for chunk, seconds in self._in_order(left, processes, scheduler, progress):
                    self.store.add(chunk, self._site_rows(chunk), seconds)
                    progress.add(chunk.trials)
                    if self._is_enough(progress.done):
                        break
            self.store.set_meta({"finished": True})
        finally:
            seconds = before + time.monotonic() - started
            self.store.set_meta({"seconds": round(seconds, 3)})

    def _in_order(
        self, left: list[int], processes: int | None, scheduler: str | None, progress: _Progress
    ) -> Iterator[Done]:
        """Chunks as they are to be written."""
        early: dict[int, Done] = {}
        waiting = iter(left)
        next_ = next(waiting, None)
        for chunk, seconds in self._tried(self._jobs(left), processes, scheduler, progress):
            early[chunk.number] = (chunk, seconds)
            while next_ is not None and next_ in early:
                yield early.pop(next_)
                next_ = next(waiting, None)

    def _jobs(self, left: list[int]) -> Iterator[Job]:
        for number in left:
            yield number, self.plan.ids(number)

    def _tried(
        self, jobs: Iterable[Job], processes: int | None, scheduler: str | None, progress: _Progress
    ) -> Iterator[Done]:
        """Chunks as they come."""
        if scheduler:
            from k5.campaign.cluster import Cluster

            with Cluster(scheduler, self.file, self.identity, progress.say) as cluster:
                yield from cluster.run(jobs)
            return
        count = min(processes or os.cpu_count() or 1, self.plan.chunks)
        with Pool(self.file, count, self.store.verdicts()) as pool:
            yield from pool.run(jobs)

    def _is_enough(self, trials: int) -> bool:
        """Whether a sample is large enough; decided at the same trials whoever tries them."""
        campaign = self.rig.campaign
        if campaign.mode != SAMPLE or trials == 0:
            return False
        counts = list(self.store.classes().values())
        confidence, margin = float(campaign.confidence), float(campaign.margin)
        return statistics.enough(counts, trials, confidence, margin, self.rig.space.size)

    def _site_rows(self, chunk: Chunk) -> list[tuple[Any, ...]]:
        """Of the table sites, for those of a chunk."""
        sites, threads = self.rig.sites, self.rig.built.meta["threads"]
        for instructions, pc in chunk.pcs.items():
            sites.know(instructions, pc)
        sites.look_up(chunk.pcs)
        rows: list[tuple[Any, ...]] = []
        for instructions in chunk.pcs:
            site, place = sites.site(instructions), sites.place(instructions)
            name, task = "", ""
            if site.thread < len(threads):
                name, task = threads[site.thread]["name"], threads[site.thread]["task"]
            where = (place.function, place.file, place.line) if place else ("", "", 0)
            number = instructions - sites.first
            rows.append((number, instructions, site.tick, task, name, site.pc, *where))
        return rows


class _Progress:
    """Rate and time left, of this run."""

    def __init__(self, note: Note, total: int, before: int) -> None:
        self.note, self.total, self.before = note, total, before
        self.done = before
        self.started = time.monotonic()
        self.say("starting")

    def say(self, text: str) -> None:
        self.note(text, self.done, self.total)

    def add(self, trials: int) -> None:
        self.done += trials
        rate = (self.done - self.before) / max(time.monotonic() - self.started, 1e-6)
        left = (self.total - self.done) / rate
        self.say(f"{self.done:,} of {self.total:,} trials, {rate:,.0f}/s, {_time(left)} left")


def _time(seconds: float) -> str:
    """`1 h 02 min`, `3 min 20 s`, `12 s`."""
    whole = round(seconds)
    if whole >= 3600:
        return f"{whole // 3600} h {whole % 3600 // 60:02} min"
    return f"{whole // 60} min {whole % 60:02} s" if whole >= 60 else f"{whole} s"


def _bytes(count: int) -> str:
    """`3.2 GB`."""
    for unit, size in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6)):
        if count >= size:
            return f"{count / size:.3g} {unit}"
    return f"{count / 1e3:.3g} kB"
