"""From chunks to results: stopped and gone on with, refused, sampled, exported."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections import namedtuple
from pathlib import Path
from typing import Any

import pytest
from campaign_kit import SMALL, InlinePool, invented, rows, run, written

from k5.campaign import conduct, export, statistics
from k5.campaign.conduct import Conductor
from k5.campaign.store import Store
from k5.errors import K5Error

pytestmark = pytest.mark.usefixtures("invented")
__all__ = ["invented"]
TABLES = ("targets", "sites", "outcomes", "trials", "counts")


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conduct, "CHUNK", 100)


def test_all_trials_are_counted_once(tmp_path: Path, small_chunks: None) -> None:
    out = tmp_path / "r.sqlite"
    run(SMALL, out)
    with Store(out, read_only=True) as store:
        meta = store.meta()
        assert sum(store.classes().values()) == meta["space"] == sum(store.done().values())
        assert meta["finished"] and meta["mode"] == "exhaustive" and meta["system"] == "brief"
        quiet = store.classes()["masked"] + store.classes()["not-fired"]
    assert len(rows(out, "trials")) == meta["space"] - quiet


def test_rows_are_what_the_golden_run_made_of_their_trials(tmp_path: Path) -> None:
    out = tmp_path / "r.sqlite"
    run(SMALL, out)
    named = {number: name for number, name, _ in rows(out, "outcomes")}
    sites = {row[0]: row for row in rows(out, "sites")}
    for trial, _, site, mask, value, outcome, end in rows(out, "trials"):
        instructions = sites[site][1]
        where = (0, 13)[trial // 8 % 2]
        kind = (where * 7 + instructions * 13 + mask.bit_length() - 1) % 23
        wanted = {1: "hang", 2: "hang", 3: "isolation-breach", 4: "detected"}[kind]
        assert (named[outcome], value, end) == (wanted, 0, instructions + 5)


class Killed(Exception):
    """Stands for whatever ends the process."""


def test_what_was_done_stays_and_the_rest_is_done_later(
    tmp_path: Path, small_chunks: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, parts = tmp_path / "whole.sqlite", tmp_path / "parts.sqlite"
    run(SMALL, whole)
    given = InlinePool.run

    def dying(self: InlinePool, jobs: Any) -> Any:
        for count, done in enumerate(given(self, sorted(jobs, reverse=True))):
            if count == 3:
                raise Killed
            yield done

    with monkeypatch.context() as patch:
        patch.setattr(InlinePool, "run", dying)
        for _ in range(2):
            with pytest.raises(Killed):
                run(SMALL, parts)
    assert len(rows(parts, "chunks")) == 6
    run(SMALL, parts)
    for table in TABLES:
        assert rows(parts, table) == rows(whole, table), table


def test_a_second_time_nothing_is_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "r.sqlite"
    run(SMALL, out)
    monkeypatch.setattr(InlinePool, "run", lambda *_: pytest.fail("it was tried again"))
    run(SMALL, out)


def test_a_changed_file_is_refused_with_the_reason(tmp_path: Path) -> None:
    file, out = written(tmp_path, '[[inject]]\nmodel = "skip"\n'), tmp_path / "r.sqlite"
    run(file, out)
    written(tmp_path, '[[inject]]\nmodel = "skip"\nevery = 2\n')
    with pytest.raises(K5Error) as problem:
        run(file, out)
    assert "the campaign file was changed" in str(problem.value)
    assert "--restart" in str(problem.value)
    run(file, out, restart=True)
    with Store(out, read_only=True) as store:
        assert store.meta()["space"] == sum(store.classes().values())


def test_another_build_is_refused(tmp_path: Path) -> None:
    out = tmp_path / "r.sqlite"
    run(SMALL, out)
    with Store(out) as store:
        identity = store.meta()["identity"] | {"simulator": "0123"}
        store.set_meta({"identity": identity})
    with pytest.raises(K5Error, match="the simulator was built anew"):
        run(SMALL, out)


def test_a_space_too_large_for_the_disk_is_told_beforehand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**6, 0, 10**6))
    with pytest.raises(K5Error) as problem:
        run(SMALL, tmp_path / "r.sqlite")
    text = str(problem.value)
    assert "small.toml:3: " in text and "trials may need" in text and "1 MB free" in text


def test_the_estimate_is_no_less_than_the_file(tmp_path: Path) -> None:
    out = tmp_path / "r.sqlite"
    with Conductor(SMALL, out) as one:
        space = one.rig.space
        pairs = sum(len(block.sites) * len(block.places) for block in space.blocks)
        most = conduct.estimate(space.size, pairs, one.rig.sites.count)
        one.run(lambda *_: None)
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= most


def test_a_full_disk_keeps_what_was_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conduct, "CHUNK", 1000)
    whole, out = tmp_path / "whole.sqlite", tmp_path / "r.sqlite"
    inject = '[[inject]]\nmodel = "register"\nregisters = ["r0", "r1"]\nbits = "0-7"\n'
    file = written(tmp_path, inject)
    run(file, whole)
    begin = Store.begin

    def bounded(self: Store, *facts: Any) -> None:
        begin(self, *facts)
        pages = self.base.execute("PRAGMA page_count").fetchone()[0]
        self.base.execute(f"PRAGMA max_page_count = {pages + 8}")

    with monkeypatch.context() as patch:
        patch.setattr(Store, "begin", bounded)
        with pytest.raises(K5Error, match="the disk is full; what was done is kept"):
            run(file, out)
    done = rows(out, "chunks")
    assert 0 < len(done) < len(rows(whole, "chunks"))
    run(file, out)
    for table in TABLES:
        assert rows(out, table) == rows(whole, table), table


@pytest.mark.parametrize(
    "content", [b"no database at all, but some text\n" * 50, b""], ids=["text", "empty"]
)
def test_a_file_that_is_no_campaigns(tmp_path: Path, content: bytes) -> None:
    out = tmp_path / "r.sqlite"
    out.write_bytes(content)
    if not content:
        run(SMALL, out)  # an empty file is an empty database
        return
    with pytest.raises(K5Error, match="--restart begins anew"):
        run(SMALL, out)
    run(SMALL, out, restart=True)


def test_a_sample_ends_at_the_same_trial_whoever_tries_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statistics, "ROUND", 50)
    head = 'mode = "sample"\nmargin = "5%"\nsample_seed = 3\n'
    file = written(tmp_path, '[[inject]]\nmodel = "register"\n', head=head)
    one, other = tmp_path / "one.sqlite", tmp_path / "other.sqlite"
    run(file, one)
    given = InlinePool.run
    monkeypatch.setattr(InlinePool, "run", lambda self, jobs: given(self, sorted(jobs)[::-1]))
    run(file, other)
    for table in TABLES:
        assert rows(one, table) == rows(other, table), table
    with Store(one, read_only=True) as store:
        trials, meta = sum(store.classes().values()), store.meta()
        assert trials < meta["planned"] < meta["space"] and trials % 50 == 0
        for hits in store.classes().values():
            assert statistics.half_width(hits, trials, 0.95, meta["space"]) <= 0.05


def test_another_seed_draws_another_sample(tmp_path: Path) -> None:
    ids = []
    for seed in (1, 2, 1):
        head = f'mode = "sample"\nmargin = "10%"\nsample_seed = {seed}\n'
        file = written(tmp_path, '[[inject]]\nmodel = "register"\n', head=head)
        with conduct.Rig(file) as rig:
            ids.append(conduct.plan(rig).ids(0).tolist())
    assert ids[0] == ids[2] != ids[1] and len(set(ids[0])) == len(ids[0])


def test_exports(tmp_path: Path) -> None:
    out, table = tmp_path / "r.sqlite", tmp_path / "r.csv"
    run(SMALL, out)
    with Store(out, read_only=True) as store:
        export.write_csv(store, table)
        text = io.StringIO()
        export.write_json(store, text)
        shown = export.table(store, colour=False)
        trials = len(rows(out, "trials"))
    with table.open() as file:
        found = list(csv.DictReader(file))
    assert len(found) == trials
    assert {row["place"] for row in found} == {"r0", "sp"}
    assert {row["model"] for row in found} == {"register"}
    summary = json.loads(text.getvalue())
    assert sum(one["trials"] for one in summary["classes"].values()) == summary["trials"]
    assert "isolation-breach" in shown and "memory of task bar  (--trial" in shown
