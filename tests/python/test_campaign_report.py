"""The page of a fault campaign: what it says, that it is safe, accessible and needs no network."""

from __future__ import annotations

import base64
import hashlib
import re
import shlex
import sqlite3
from pathlib import Path

import pytest
from campaign_results import Database, small
from k5.campaign.report import write_report
from k5.campaign.report.classes import CLASSES
from k5.campaign.statistics import wilson
from k5.campaign.report.reader import MOST_FINDINGS
from k5.campaign.report.timeline import axis_end
from k5.errors import K5Error
from k5.paths import ROOT
from page_parser import Element, parse

NBSP = "\N{NO-BREAK SPACE}"


def page_of(database: Path) -> Element:
    out = database.with_suffix(".html")
    write_report(database, out)
    return parse(out.read_text())


def plain(text: str) -> str:
    return text.replace(NBSP, " ")


# --- the page


def test_totals_have_all_classes_with_intervals(tmp_path: Path) -> None:
    page = page_of(small(tmp_path / "a.db"))
    rows = {row[0]: row for row in page.one("table", class_="totals").rows()}
    assert list(rows) == [f"{c.name} bad" if c.bad else c.name for c in CLASSES]
    assert [plain(t) for t in rows["silent-corruption bad"][2:]] == [
        "10",
        "1.00 %",
        "0.54 to 1.83 %",
    ]
    assert [plain(t) for t in rows["isolation-breach bad"][2:]] == ["0", "0 %", "0 to 0.38 %"]
    assert [plain(t) for t in rows["masked"][2:4]] == ["935", "93.5 %"]
    verdict = page.one("p", class_="verdict")
    assert plain(verdict.text) == "15 of 1,000 faults ended badly: 1.50 %."
    bar = page.one("section", id="totals").all("div", class_="bar")[0]
    assert [s.attributes["style"] for s in bar.all("span")] == [
        "flex-grow:10", "flex-grow:5", "flex-grow:50", "flex-grow:935",
    ]  # fmt: skip


def test_tables_by_task_place_and_model(tmp_path: Path) -> None:
    page = page_of(small(tmp_path / "a.db"))
    cells = {
        key: [
            (row[0], row[1], row[3]) for row in page.one("section", id=key).all("table")[0].rows()
        ]
        for key in ("tasks", "places", "models")
    }
    assert cells["tasks"] == [("foo", "610", "10"), ("bar", "390", "5")]
    assert cells["places"] == [
        ("r3", "610", "10"),
        ("memory 0x28201000", "40", "5"),
        ("r4", "350", "0"),
    ]
    assert cells["models"] == [("register", "960", "10"), ("memory", "40", "5")]
    row = page.one("section", id="tasks").all("table")[0].rows()[0]
    assert plain(row[4]) == "1.64 % 0.89 to 2.99 %"


def test_conditions_are_said_and_missing_ones_too(tmp_path: Path) -> None:
    page = page_of(small(tmp_path / "a.db", board=None, unmet=["expectation 3"]))
    found = {div.one("dt").text: plain(div.one("dd").text) for div in page.one("dl").all("div")}
    assert found["Seed"] == "7"
    assert found["Board"] == "not recorded"
    assert found["Space"] == "1,000,000 trials"
    assert found["Mode"] == "random sample, 95 % confidence, each share within ±1 %"
    assert found["Faults injected"] == "register, memory"
    assert found["Golden run"] == "instructions 120,400; ticks 310,000"
    assert found["Took"] == "12.5 s, 80 trials a second"
    assert found["Not met by the golden run, either"] == "expectation 3"
    assert '[campaign] scenario = "answers.toml"' in page.one("pre").text


def test_the_golden_run_as_campaigns_tell_it(tmp_path: Path) -> None:
    golden = {"begin_tick": 0, "begin_instructions": 0, "end_tick": 50_000,
              "end_instructions": 40_000, "stream": 1 << 63, "snapshots": 4}  # fmt: skip
    page = page_of(small(tmp_path / "a.db", golden=golden, started=1_795_914_000.5))
    found = {div.one("dt").text: div.one("dd").text for div in page.one("dl").all("div")}
    assert found["Golden run"] == "instructions 0 to 40,000, 0 µs to 2 ms"
    assert found["Started"] == "2026-11-29 01:00 UTC"


def test_source_lines_carry_their_counts(tmp_path: Path) -> None:
    page = page_of(small(tmp_path / "a.db"))
    files = {d.one("span", class_="name").text: d for d in page.all("details", class_="file")}
    assert list(files) == ["user/demo/foo.c", "user/demo/bar.c"]
    rows = {r.all("th")[0].text: r for r in files["user/demo/foo.c"].all("tr", class_="heat")}
    assert list(rows) == ["16"]
    button = rows["16"].one("button")
    assert button.text == "10 / 645"
    assert button.attributes["title"] == "line 16: 645 trials: 10 silent-corruption, 635 masked"
    line = (ROOT / "user/demo/foo.c").read_text().splitlines()[15]
    assert rows["16"].one("code").text == " ".join(line.split())
    heat = [r.attributes["style"] for d in files.values() for r in d.all("tr", class_="heat")]
    assert heat == ["--heat:1.00", f"--heat:{(5 / 355) / (10 / 645):.2f}"]
    gaps = [int(g.text.split()[0]) for g in files["user/demo/foo.c"].all("tr", class_="gap")]
    shown = len(files["user/demo/foo.c"].one("tbody").all("th"))
    whole = len((ROOT / "user/demo/foo.c").read_text().splitlines())
    assert sum(gaps) + shown == whole


def test_whole_paths_of_this_tree_are_shown_below_its_root(tmp_path: Path) -> None:
    base = Database(tmp_path / "p.db")
    site = base.site(file=str(ROOT / "user/demo/tick.c"), line=12)
    base.count(base.target(), site, base.outcome("hang"), 3)
    page = page_of(base.close())
    file = page.one("details", class_="file")
    assert file.one("span", class_="name").text == "user/demo/tick.c"
    assert not file.all("p", class_="warn")
    assert "main() at user/demo/tick.c:12" in page.one("table", class_="findings").rows()[0][2]


def test_what_was_not_masked_is_grouped_with_commands(tmp_path: Path) -> None:
    file = "scenarios/it's mine.toml"
    page = page_of(small(tmp_path / "a.db", file=file))
    table = page.one("table", class_="findings")
    rows = table.rows()
    assert [(row[0], row[1], row[3]) for row in rows] == [
        ("silent-corruption expectation 2 failed", "foo r3 register: 0x00000001 (bit 0)", "10"),
        (
            "hang the end did not come by 2 s",
            "bar memory 0x28201000 memory: 0x00000001 (bit 0)",
            "5",
        ),
        ("detected BUS_FAULT in foo", "bar r4 register: 0x00000001 (bit 0)", "50"),
    ]
    assert rows[0][2] == "foo: main() at user/demo/foo.c:16 at 1 ms"
    copies = [b.attributes["data-copy"] for b in table.all("button", class_="copy")]
    assert [shlex.split(text) for text in copies[:2]] == [
        ["./k5", "campaign", file, "--trial", "601"],
        ["./k5", "debug", file, "--trial", "601"],
    ]
    shown = [c.text for c in table.all("code")]
    assert shown == copies


def test_axes_end_at_a_round_number() -> None:
    assert [axis_end(v) for v in (0, 0.0001, 0.011, 0.15, 0.92)] == pytest.approx(
        [0.01, 0.0001, 0.015, 0.15, 1.0]
    )


def test_time_is_a_chart_and_a_table(tmp_path: Path) -> None:
    page = page_of(small(tmp_path / "a.db"))
    section = page.one("section", id="time")
    plot = section.one("svg", class_="plot")
    columns = [g for g in plot.all("g") if len(g.all("rect")) > 1]
    assert len(columns) == 2
    assert columns[0].one("title").text.startswith("1 ms to ")
    assert columns[0].one("title").text.endswith(": 10 silent-corruption, 635 masked")
    height = float(columns[0].one("rect", class_="fill-silent").attributes["height"])
    assert height == pytest.approx(10 / 645 / axis_end(55 / 355) * 100, abs=0.001)
    assert [row[1] for row in section.one("table").rows()] == ["645", "355"]


def test_classes_are_stacked_in_the_chart(tmp_path: Path) -> None:
    base = Database(tmp_path / "s.db")
    target, site = base.target(), base.site()
    for name, n in (("hang", 10), ("detected", 30), ("masked", 60)):
        base.count(target, site, base.outcome(name), n)
    plot = page_of(base.close()).one("svg", class_="plot")
    places = [
        (r.attributes["class"], float(r.attributes["y"]), float(r.attributes["height"]))
        for r in plot.one("g").all("rect")[1:]
    ]
    assert places == [("fill-hang", 75, 25), ("fill-detected", 0, 75)]


def test_intervals_of_a_small_space_are_narrower(tmp_path: Path) -> None:
    page = page_of(small(tmp_path / "a.db", space=1250))
    row = page.one("table", class_="totals").rows()[2]
    low, high = wilson(10, 1000, 0.95, 1250)
    assert plain(row[4]) == f"{low * 100:.2f} to {high * 100:.2f} %" == "0.76 to 1.32 %"


def test_the_page_is_accessible_and_needs_no_network(tmp_path: Path) -> None:
    database = small(tmp_path / "a.db")
    page = page_of(database)
    text = database.with_suffix(".html").read_text()
    assert not re.search(r"https?://|url\(|@import|srcset=| src=", text)
    links = [a.attributes["href"] for a in page.all("a")]
    ids = {e.attributes["id"] for e in page.all("*") if "id" in e.attributes}
    assert links and all(link[0] == "#" and link[1:] in ids for link in links)
    script = page.one("script").children[0]
    assert isinstance(script, str)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = page.one("meta", **{"http-equiv": "Content-Security-Policy"}).attributes["content"]
    assert "default-src 'none'" in policy and f"script-src 'sha256-{digest}'" in policy
    assert page.one("html").attributes["lang"] == "en"
    for table in page.all("table"):
        assert table.one("caption").text
        assert all(th.attributes.get("scope") in ("col", "row") for th in table.all("th"))
        assert table.one("thead").all("th")
    for field_ in page.all("select") + page.all("input"):
        assert any(field_ in label.all("*") for label in page.all("label"))
    labelled = [s.attributes["aria-labelledby"] for s in page.all("section")]
    assert all(page.one("h2", id=label).text for label in labelled) and len(labelled) == 8


HOSTILE = (
    '"><img src=x onerror=alert(1)></title></style></script><script>alert(2)</script>'
    "{{ 7*7 }}'&amp;"
)


def test_hostile_names_are_only_text(tmp_path: Path) -> None:
    meta = {
        key: HOSTILE for key in ("title", "file", "system", "board", "build", "campaign", HOSTILE)
    }
    base = Database(tmp_path / "h.db", seed=HOSTILE, golden={HOSTILE: [HOSTILE]}, started=HOSTILE,
                    sources=HOSTILE, **meta)  # fmt: skip
    target = base.target(HOSTILE, HOSTILE, HOSTILE)
    other = base.target(HOSTILE, "b" + HOSTILE, "m")
    known = base.site(0, HOSTILE, 7, HOSTILE, HOSTILE)
    unknown = base.site(9, "", 0, HOSTILE, HOSTILE)
    for outcome in (base.outcome("hang", HOSTILE), base.outcome(HOSTILE, HOSTILE)):
        for one in (target, other):
            for site in (known, unknown):
                base.count(one, site, outcome, 2)
    tame = page_of(small(tmp_path / "a.db"))
    page = page_of(base.close())
    assert {e.tag for e in page.all("*")} <= {e.tag for e in tame.all("*")} | {"h3"}
    assert len(page.all("script")) == 1 and not page.all("img")
    attributes = {key for e in page.all("*") for key in e.attributes}
    assert not [key for key in attributes if key.startswith("on")]
    assert attributes <= {key for e in tame.all("*") for key in e.attributes}
    assert page.one("h1").text == HOSTILE
    assert HOSTILE in [row[0] for row in page.one("section", id="tasks").all("table")[0].rows()]
    copy = page.all("button", class_="copy")[0].attributes["data-copy"]
    assert shlex.split(copy) == ["./k5", "campaign", HOSTILE, "--trial", "1"]


def test_bytes_that_are_no_text_and_controls_do_no_harm(tmp_path: Path) -> None:
    path = small(tmp_path / "a.db", file="a\x1b[2J.toml", title="\ud800 \u202e")
    with sqlite3.connect(path) as db:
        db.execute(
            "UPDATE targets SET task = CAST(x'ff00fe' AS TEXT), place = 'a' || char(10) || 'b'"
        )
    page = page_of(path)
    assert "\\u0000" in page.one("section", id="tasks").all("table")[0].rows()[0][0]
    assert page.one("h1").text == "\\ud800 \\u202e"
    copies = [b.attributes["data-copy"] for b in page.all("button", class_="copy")]
    assert all(" FILE --trial " in text for text in copies)


def test_missing_and_shorter_source_files_are_said(tmp_path: Path) -> None:
    base = Database(tmp_path / "a.db")
    target, hang = base.target(), base.outcome("hang")
    base.count(target, base.site(file="user/gone.c", line=3), hang, 1)
    base.count(target, base.site(file="user/demo/foo.c", line=10**9), hang, 1)
    files = page_of(base.close()).all("details", class_="file")
    assert [f.one("p", class_="warn").text for f in files] == [
        "user/demo/foo.c has fewer lines than the campaign saw: it has changed since.",
        "user/gone.c is not in the tree.",
    ]
    assert [b.text for f in files for b in f.all("button")] == ["1 / 1", "1 / 1"]


# --- campaigns that are not as one expects


def test_an_empty_campaign_has_a_page(tmp_path: Path) -> None:
    page = page_of(Database(tmp_path / "e.db", finished=False).close())
    assert page.one("p", class_="verdict").text == "No trial has been made yet."
    assert page.one("p", class_="status").text.startswith("Unfinished: 0 trials done")
    assert "No time of injection is known." in page.one("section", id="time").text


def test_without_bad_outcomes_the_upper_limit_is_said(tmp_path: Path) -> None:
    base = Database(tmp_path / "g.db", space=10**9)
    base.count(base.target(), base.site(), base.outcome("masked"), 3000)
    section = page_of(base.close()).one("section", id="totals")
    assert section.one("p", class_="verdict").text == "None of 3,000 faults ended badly."
    assert "at most 0.13 %, with 95 % confidence" in plain(section.text)


def test_an_exhaustive_campaign_has_no_intervals(tmp_path: Path) -> None:
    page = page_of(small(tmp_path / "x.db", mode="exhaustive", space=1000, finished=None))
    assert not page.all("p", class_="status")
    table = page.one("table", class_="totals")
    assert [th.text for th in table.one("thead").all("th")][-1] == "Share"
    assert "not estimates" in page.one("section", id="totals").text


@pytest.mark.parametrize(
    "meta, said",
    [
        ({"mode": "exhaustive", "space": 4000, "finished": None}, "1,000 of 4,000 trials, 25.0 %"),
        ({"mode": "exhaustive", "space": None, "finished": None}, "does not say whether"),
        ({"margin": 0.001, "finished": None}, "Unfinished: 1,000 trials done"),
        ({"margin": None, "finished": None}, "does not say whether"),
        ({"margin": 0.05, "finished": None}, ""),
        ({"finished": False}, "Unfinished: 1,000 trials done"),
        ({"finished": True}, ""),
    ],
)  # fmt: skip
def test_unfinished_campaigns_are_said(tmp_path: Path, meta: dict[str, object], said: str) -> None:
    page = page_of(small(tmp_path / "u.db", **meta))
    found = [plain(p.text) for p in page.all("p", class_="status")]
    assert len(found) == bool(said)
    assert not said or said in found[0]
    assert "Every trial of the space" not in page.one("section", id="totals").text


def test_many_rows_are_cut_and_the_cut_is_said(tmp_path: Path) -> None:
    base = Database(tmp_path / "big.db", space=10**9)
    targets = [base.target(f"memory 0x{k:08x}", "foo", "memory") for k in range(300)]
    sites = [base.site(100 * k, line=k % 40 + 1) for k in range(400)]
    masked, hang = base.outcome("masked"), base.outcome("hang")
    breach = base.outcome("isolation-breach", "memory of bar differs")
    base.db.executemany(
        "INSERT INTO counts VALUES (?, ?, ?, ?)",
        [(t, s, masked, 1) for t in targets for s in sites],
    )
    rows = [(t, s) for t in targets[:40] for s in sites]
    for target, site in rows:
        base.count(target, site, hang, 1)
    last = base.count(targets[-1], sites[-1], breach, 1)
    database = base.close()
    page = page_of(database)
    table = page.one("table", class_="findings")
    assert len(table.one("tbody").all("tr")) == MOST_FINDINGS
    assert table.rows()[0][0].startswith("isolation-breach")
    assert f"--trial {last}" in table.rows()[0][4]
    warning = page.one("section", id="findings").one("p", class_="warn").text
    assert warning.startswith("1,000 of 1,601 rows are on this page: 999 of 1,600 hang.")
    assert "./k5 campaign scenarios/demo/registers.toml --csv FILE" in warning
    places = page.one("section", id="places")
    assert len(places.one("tbody").all("tr")) == 200
    assert "100 more with fewer bad outcomes are not shown." in places.text
    assert plain(page.one("p", class_="verdict").text).startswith("16,001 of 136,001 faults")
    assert database.with_suffix(".html").stat().st_size < 3_000_000


def test_a_growing_database_is_read_and_left_as_it_is(tmp_path: Path) -> None:
    path = small(tmp_path / "a.db")
    with sqlite3.connect(path, isolation_level=None) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("BEGIN IMMEDIATE")
        db.execute("UPDATE counts SET n = n + 1")
        assert "1,000 faults" in page_of(path).one("p", class_="verdict").text
        db.execute("COMMIT")
    db.close()
    before = path.read_bytes()
    assert "1,006 faults" in page_of(path).one("p", class_="verdict").text
    assert path.read_bytes() == before
    assert {p.name for p in tmp_path.iterdir()} == {"a.db", "a.html"}


def test_a_page_that_cannot_be_written_leaves_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = small(tmp_path / "a.db")
    with pytest.raises(K5Error, match=r"gone/a\.html: cannot be written: No such file"):
        write_report(database, tmp_path / "gone" / "a.html")
    out = tmp_path / "a.html"
    out.write_text("before")

    def full(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(K5Error, match="cannot be written: No space left"):
        write_report(database, out)
    assert out.read_text() == "before"
    assert {p.name for p in tmp_path.iterdir()} == {"a.db", "a.html"}


def test_the_same_database_makes_the_same_page(tmp_path: Path) -> None:
    database = small(tmp_path / "a.db")
    page_of(database)
    first = database.with_suffix(".html").read_bytes()
    page_of(database)
    assert database.with_suffix(".html").read_bytes() == first
