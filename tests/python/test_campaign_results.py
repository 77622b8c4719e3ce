"""What is read from a fault campaign's database: sums, intervals, numbers as text, and refusals."""

from __future__ import annotations

import hashlib
import random
import sqlite3
from collections import Counter
from pathlib import Path

import pytest
from campaign_results import Database, small
from k5.campaign.report.classes import CLASSES, worst_first
from k5.campaign.report.intervals import estimate
from k5.campaign.statistics import wilson
from k5.campaign.report.reader import Tally, quotas, read
from k5.campaign.report.sourcetext import text_of
from k5.campaign.report.text import clean, duration, moment, share
from k5.errors import K5Error

NBSP = "\N{NO-BREAK SPACE}"


def plain(text: str) -> str:
    return text.replace(NBSP, " ")


# --- intervals


@pytest.mark.parametrize(
    "hits, trials, confidence, low, high",
    [
        (1, 10, 0.95, 0.01788, 0.40415),
        (10, 100, 0.95, 0.05523, 0.17437),
        (50, 100, 0.99, 0.37528, 0.62472),
        (0, 1000, 0.95, 0.0, 0.003827),
        (1000, 1000, 0.95, 0.996173, 1.0),
        (0, 0, 0.95, 0.0, 1.0),
    ],
)
def test_intervals_are_wilsons(
    hits: int, trials: int, confidence: float, low: float, high: float
) -> None:
    assert wilson(hits, trials, confidence) == pytest.approx((low, high), abs=6e-6)


def test_intervals_cover_as_often_as_they_say() -> None:
    dice = random.Random(5)
    for true in (0.004, 0.03, 0.4):
        drawn = [sum(dice.random() < true for _ in range(400)) for _ in range(600)]
        limits = [wilson(hits, 400, 0.95) for hits in drawn]
        assert 0.92 < sum(low <= true <= high for low, high in limits) / 600 < 0.99


def test_the_closer_to_the_whole_space_the_narrower() -> None:
    open_, half, all_ = (wilson(20, 100, 0.95, space) for space in (None, 200, 100))
    assert open_[0] < half[0] < all_[0] == all_[1] == 0.2 < half[1] < open_[1]
    assert wilson(20, 100, 0.95, 10**12) == pytest.approx(open_)


@pytest.mark.parametrize("hits, trials, confidence", [(-1, 5, 0.9), (6, 5, 0.9), (1, 5, 1.0)])
def test_impossible_shares_are_refused(hits: int, trials: int, confidence: float) -> None:
    with pytest.raises(ValueError):
        wilson(hits, trials, confidence)


def test_of_a_whole_space_there_is_nothing_to_infer() -> None:
    assert estimate(1, 4, None).exact
    assert estimate(1, 4, 0.95, 4).exact
    assert not estimate(1, 4, 0.95, 5).exact


# --- numbers as text


@pytest.mark.parametrize(
    "value, text",
    [
        (0, "0 %"), (1, "100 %"), (0.5, "50.0 %"), (0.012345, "1.23 %"), (0.00031, "0.031 %"),
        (0.99996, "99.996 %"), (0.9999999, "99.99999 %"), (0.0999999, "10.00 %"),
        (1e-9, "0.00000010 %"),
    ],
)  # fmt: skip
def test_shares_are_never_rounded_to_none_or_all(value: float, text: str) -> None:
    assert plain(share(value)) == text


def test_times_have_the_unit_that_suits_them() -> None:
    assert moment(25, 25_000_000) == "1 µs"
    assert moment(31_250, 25_000_000) == "1.25 ms"
    assert moment(50_000_000, 25_000_000) == "2 s"
    assert moment(0, 25_000_000) == "0 µs"
    assert moment(1234, None) == "tick 1,234"
    assert [duration(s) for s in (5.55, 184, 3720)] == ["5.5 s", "3 min 4 s", "1 h 2 min"]


def test_what_cannot_be_seen_is_shown() -> None:
    assert clean("a\x00\x1b[2J\u202eb") == "a\\u0000\\u001b[2J\\u202eb"
    assert clean("x" * 400) == "x" * 300 + "…"


# --- the sums


def test_sums_are_those_of_the_rows(tmp_path: Path) -> None:
    dice = random.Random(11)
    base = Database(tmp_path / "many.db")
    targets = {base.target(place, task): (place, task) for place in ("r0", "r1") for task in "ab"}
    sites = {base.site(dice.randrange(10**6), line=line): line for line in range(1, 30)}
    outcomes = {base.outcome(one.name, detail): one.name for one in CLASSES for detail in ("", "x")}
    tasks: Counter[tuple[str, str]] = Counter()
    lines: Counter[tuple[int, str]] = Counter()
    for target, site, outcome in dice.sample(
        [(t, s, o) for t in targets for s in sites for o in outcomes], 900
    ):
        n = dice.randrange(1, 4)
        base.count(target, site, outcome, n)
        tasks[targets[target][1], outcomes[outcome]] += n
        lines[sites[site], outcomes[outcome]] += n
    found = read(base.close())

    def by_class(name: object, tally: Tally) -> dict[tuple[object, str], int]:
        names = [one.name for one in found.classes]
        return {(name, c): n for c, n in zip(names, tally.counts, strict=True) if n}

    assert dict(tasks) == {
        k: v for g in found.tasks.rows for k, v in by_class(g.name, g.tally).items()
    }
    assert dict(lines) == {k: v for g in found.lines for k, v in by_class(g.line, g.tally).items()}
    assert sum(bin_.tally.total for bin_ in found.bins) == found.total.total == tasks.total()
    assert sum(tally.total for tally in found.cells.values()) == tasks.total()
    bad = sum(n for (_, name), n in tasks.items() if name in [c.name for c in CLASSES if c.bad])
    assert found.total.bad == bad
    loud = sum(n for (_, name), n in tasks.items() if name not in ("masked", "not-fired"))
    assert sum(finding.trials for finding in found.findings) == loud


def test_times_from_the_first_to_the_last_injection(tmp_path: Path) -> None:
    base = Database(tmp_path / "times.db")
    target, masked = base.target(), base.outcome("masked")
    for tick in (1000, 1001, 100_000):
        base.count(target, base.site(tick), masked, 1)
    bins = read(base.close()).bins
    assert [bin_.tally.total for bin_ in bins if bin_.tally.total] == [2, 1]
    assert bins[0].begin == 1000 and bins[-1].end > 100_000
    assert all(one.end == other.begin for one, other in zip(bins, bins[1:], strict=False))


def test_worst_classes_come_first_and_unknown_ones_count_as_bad() -> None:
    names = {one.name for one in CLASSES} | {"melted", "simulator-error"}
    order = worst_first(names)
    assert [one.name for one in order][:6] == [
        "isolation-breach", "kernel-assertion", "silent-corruption", "hang", "melted",
        "simulator-error",
    ]  # fmt: skip
    assert [one.bad for one in order] == [True] * 6 + [False] * 5


def test_each_class_gets_its_part_of_the_page() -> None:
    assert quotas([5, 0, 3], 1000) == [5, 0, 3]
    assert quotas([9000, 0, 9000, 10], 1000) == [657, 0, 333, 10]
    assert quotas([0, 0], 10) == [0, 0]


def test_frequent_findings_come_first_within_their_class(tmp_path: Path) -> None:
    base = Database(tmp_path / "o.db")
    target, hang = base.target(), base.outcome("hang")
    detected = base.outcome("detected")
    for line, n in ((1, 2), (2, 9), (3, 2)):
        base.count(target, base.site(line=line), hang, n)
    base.count(target, base.site(line=4), detected, 30)
    found = read(base.close()).findings
    assert [(f.line, f.trials, f.trial) for f in found] == [
        (2, 9, 3), (1, 2, 1), (3, 2, 12), (4, 30, 14),
    ]  # fmt: skip


def test_places_without_a_line_are_told_apart_by_function(tmp_path: Path) -> None:
    base = Database(tmp_path / "f.db")
    target, hang = base.target(), base.outcome("hang")
    for tick, function in enumerate(("memcpy", "memset", "memcpy", "", "", "")):
        base.count(target, base.site(tick, "", 0, function), hang, 1)
    base.db.execute("UPDATE sites SET pc = 32 WHERE tick = 5")
    found = read(base.close())
    assert [(f.function, f.pc, f.trials) for f in found.findings] == [
        ("memcpy", 0x10000000, 2), ("", 0x10000000, 2), ("memset", 0x10000000, 1), ("", 32, 1),
    ]  # fmt: skip
    assert [(g.name, g.tally.total) for g in found.functions.rows] == [
        ("memcpy", 2), ("pc 0x10000000", 2), ("memset", 1), ("pc 0x00000020", 1),
    ]  # fmt: skip
    assert found.lines == []


def test_forty_classes_are_kept_apart_and_more_are_refused(tmp_path: Path) -> None:
    base = Database(tmp_path / "c.db")
    target, site = base.target(), base.site()
    for k in range(40):
        base.count(target, site, base.outcome(f"class {k:02}"), k + 1)
    found = read(base.close())
    assert dict(zip((c.name for c in found.classes), found.total.counts, strict=True)) == {
        f"class {k:02}": k + 1 for k in range(40)
    }
    with sqlite3.connect(tmp_path / "c.db") as db:
        db.execute("INSERT INTO outcomes VALUES (NULL, 'one more', '')")
    with pytest.raises(K5Error, match="41 classes of outcomes, not 40 or fewer"):
        read(tmp_path / "c.db")


# --- the source


def test_only_source_files_of_the_tree_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = tmp_path / "secret.c"
    secret.write_text("int key = 42;\n")
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "link.c").symlink_to(secret)
    (tree / "notes.txt").write_text("notes\n")
    (tree / "mine.c").write_text("int mine;\n\tint tab;\n")
    monkeypatch.chdir(tree)
    for name in ("/etc/passwd", str(secret), "../secret.c", "link.c"):
        assert text_of(name).lines == [] and "outside" in text_of(name).problem, name
    assert text_of("notes.txt").problem == "is not a source file and was not read"
    assert text_of("gone.c").problem == "is not in the tree"
    assert text_of("a\0b.c").problem == "is no name of a file"
    assert text_of("x" * 5000 + ".c").lines == []
    assert text_of("mine.c").lines == ["int mine;", "    int tab;"]
    digest = hashlib.sha256(b"int mine;\n\tint tab;\n").hexdigest()
    assert not text_of("mine.c", digest).problem
    assert "has changed" in text_of("mine.c", "0" * 64).problem


# --- what is no campaign's


def refused(database: Path) -> str:
    with pytest.raises(K5Error) as caught:
        read(database)
    return str(caught.value)


def test_files_that_are_no_databases_are_refused(tmp_path: Path) -> None:
    assert refused(tmp_path / "none.db").endswith("none.db: no such file")
    assert refused(tmp_path).endswith(": not a file")
    text = tmp_path / "text.db"
    text.write_text("no database, but long enough for a header of one, which has 100 bytes " * 9)
    assert "text.db: not a campaign's results: file is not a database" in refused(text)
    empty = tmp_path / "empty.db"
    empty.touch()
    assert "it has no table `meta`" in refused(empty)


def test_damaged_databases_are_refused(tmp_path: Path) -> None:
    path = small(tmp_path / "a.db")
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    assert "a.db: " in refused(path)


@pytest.mark.parametrize(
    "change, said",
    [
        ("DROP TABLE trials", "it has no table `trials`"),
        ("ALTER TABLE sites RENAME COLUMN tick TO t", "table `sites` has no column `tick`"),
        ("UPDATE counts SET n = 'many' WHERE target = 2", "table `counts`, target 2: n is 'many'"),
        ("UPDATE counts SET n = -1", "n is '-1', but it has to be a number, 0 or more"),
        ("UPDATE sites SET line = 1.5", "line is '1.5', but it has to be a number, 0 or more"),
        ("UPDATE outcomes SET class = NULL", "class is 'None', but it has to be a text"),
        ("DELETE FROM outcomes WHERE class = 'hang'", "outcome 2, which is not in `outcomes`"),
        ("UPDATE trials SET site = 99", "table `trials` names site 99, which is not in `sites`"),
        ("UPDATE meta SET value = '{' WHERE key = 'seed'", "key `seed`: '{' is not JSON"),
        ("UPDATE meta SET value = '\"all\"' WHERE key = 'mode'", "'all'; it is one of exhaust"),
        ("UPDATE meta SET value = '95' WHERE key = 'confidence'", "95; it lies between 0 and 1"),
        ("UPDATE meta SET value = '\"x\"' WHERE key = 'space'", "'x' is not a number, 0 or more"),
        ("UPDATE counts SET n = 9223372036854775807", "integer overflow"),
    ],
)  # fmt: skip
def test_wrong_rows_are_refused_with_their_place(tmp_path: Path, change: str, said: str) -> None:
    path = small(tmp_path / "a.db")
    with sqlite3.connect(path) as db:
        db.execute(change)
    assert said in refused(path)
