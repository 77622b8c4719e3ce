"""The table of the conformance suite: how logs become verdicts, and the list of known defects."""

from __future__ import annotations

from pathlib import Path

import pytest
from k5 import conformance
from k5.commands import test as command
from k5.conformance import (
    ABSENT,
    FAILED,
    KNOWN,
    PASSED,
    SKIPPED,
    UNTRUE,
    Column,
    Defect,
    Row,
    Table,
    Verdict,
    read_suite,
    read_system,
    with_defects,
)
from k5.errors import K5Error
from k5.testing.parts import conformance_cases

QEMU_ARM, QEMU_RV = Column("armv8m", "qemu"), Column("rv32", "qemu")

GOOD = [
    "TEST loan.ends",
    "PROMISE A loan ends with the reply.",
    "the loan is out",
    "PASS loan.ends",
    "TEST fpu.kept",
    "SKIP fpu.kept this board has no FPU",
    "END passed=1 failed=0 skipped=1",
]


def verdicts(lines: list[str], end: str = "halt") -> tuple[dict[str, str], list[str]]:
    """Status by test, and what is wrong with the whole."""
    found, _, whole = read_suite(lines, end)
    return {name: verdict.status for name, verdict in found.items()}, whole.messages


def test_good_log_has_a_verdict_a_test_and_its_promise() -> None:
    found, promises, whole = read_suite(GOOD, "halt")
    assert {name: verdict.status for name, verdict in found.items()} == {
        "loan.ends": PASSED,
        "fpu.kept": SKIPPED,
    }
    assert found["fpu.kept"].messages == ["this board has no FPU"]
    assert promises == {"loan.ends": "A loan ends with the reply."}
    assert whole.status == PASSED


def test_two_failed_assertions_are_one_failed_test_with_two_places() -> None:
    lines = ["TEST a.b", "FAIL a.b x.c:1 first", "FAIL a.b x.c:9 second",
             "END passed=0 failed=1 skipped=0"]  # fmt: skip
    found, _, whole = read_suite(lines, "halt")
    assert found["a.b"].status == FAILED
    assert found["a.b"].messages == ["x.c:1 first", "x.c:9 second"]
    assert whole.status == PASSED  # the test failed, the run is in order


@pytest.mark.parametrize("later", ["PASS a.b", "SKIP a.b tired"])
def test_test_that_failed_stays_failed(later: str) -> None:
    lines = ["TEST a.b", "FAIL a.b x.c:1", later, "END passed=0 failed=1 skipped=0"]
    assert verdicts(lines)[0] == {"a.b": FAILED}


def test_test_that_passed_and_then_fails_has_failed() -> None:
    lines = ["TEST a.b", "PASS a.b", "FAIL a.b x.c:1", "END passed=0 failed=1 skipped=0"]
    assert verdicts(lines) == ({"a.b": FAILED}, [])


@pytest.mark.parametrize(
    ("lines", "end", "wrong"),
    [
        (GOOD[:-1], "halt", "0 END lines instead of one"),
        ([*GOOD, GOOD[-1]], "halt", "2 END lines instead of one"),
        (GOOD, "time", "the run ended by time, not by itself"),
        (GOOD, "panic", "the run ended by panic, not by itself"),
        ([*GOOD[:-1], "END passed=2 failed=0 skipped=1"], "halt", "END says passed=2, the lines say 1"),
        ([*GOOD[:-1], "END passed=1 failed=0"], "halt", "END says skipped=None, the lines say 1"),
        (["PASS x.y", *GOOD], "halt", "verdict without its TEST: PASS x.y"),
        (["TEST noname", "PASS noname", *GOOD], "halt", "'noname' is no name for a test"),
        ([*GOOD[:4], *GOOD], "halt", "two tests are named 'loan.ends'"),
    ],
)  # fmt: skip
def test_run_that_is_not_in_order_says_why(lines: list[str], end: str, wrong: str) -> None:
    assert wrong in verdicts(lines, end)[1]


def test_test_without_verdict_has_failed() -> None:
    found, _, _ = read_suite(["TEST a.b", "TEST c.d"], "panic")
    assert found["a.b"].messages == ["no verdict before the next test began"]
    assert found["c.d"].messages == ["no verdict: the machine stopped in it (panic)"]
    assert all(verdict.status == FAILED for verdict in found.values())


@pytest.mark.parametrize(
    ("lines", "end", "good"),
    [
        (["PASS it answers", "END passed=1 failed=0"], "halt", True),
        (["PASS it answers", "END passed=1 failed=0"], "time", False),
        (["PASS it answers"], "halt", False),
        (["PASS it answers", "END passed=2 failed=0"], "halt", False),
        (["FAIL it answers", "END passed=0 failed=0"], "halt", False),
        (["PASS it answers", "END passed=1 failed=1"], "halt", False),
    ],
)
def test_older_system_is_one_verdict(lines: list[str], end: str, good: bool) -> None:
    assert (read_system(lines, end).status == PASSED) is good


def table(*statuses: str) -> Table:
    columns = conformance.COLUMNS
    row = Row("a.b", "suite_x", verdicts={c: Verdict(s) for c, s in zip(columns, statuses)})
    return with_defects([row], [Defect("a.b", QEMU_ARM, "QEMU checks the first byte", "d.toml:3")])


def test_known_defect_does_not_fail_the_run() -> None:
    found = table(PASSED, FAILED, PASSED, PASSED)
    assert found.rows[0].status(QEMU_ARM) == KNOWN
    assert found.good
    assert found.reasons == {("a.b", QEMU_ARM): "QEMU checks the first byte"}


def test_known_defect_explains_its_column_only() -> None:
    found = table(PASSED, FAILED, PASSED, FAILED)
    assert found.rows[0].status(QEMU_RV) == FAILED
    assert not found.good


def test_listed_test_that_passes_fails_the_run() -> None:
    found = table(PASSED, PASSED, PASSED, PASSED)
    assert found.rows[0].status(QEMU_ARM) == UNTRUE
    assert found.problems == ["d.toml:3: 'a.b' passes on qemu armv8m: take it off the list"]
    assert not found.good


def test_listed_test_that_does_not_exist_fails_the_run() -> None:
    found = with_defects([], [Defect("gone.test", QEMU_ARM, "why", "d.toml:7")])
    assert found.problems == ["d.toml:7: no test 'gone.test' ran on qemu armv8m"]
    assert not found.good


def test_json_says_all_columns() -> None:
    data = table(PASSED, FAILED, PASSED, SKIPPED).json()
    assert data["good"] is True
    assert data["tests"] == 1
    assert data["cells"][KNOWN] == 1
    assert data["rows"][0]["columns"] == {
        "hosted armv8m": PASSED,
        "qemu armv8m": KNOWN,
        "hosted rv32": PASSED,
        "qemu rv32": SKIPPED,
    }


def test_cases_for_junit_fail_where_the_table_is_not_good() -> None:
    good = conformance_cases(table(PASSED, FAILED, PASSED, PASSED))
    assert [case.status for case in good] == ["passed", "skipped", "passed", "passed"]
    bad = conformance_cases(table(PASSED, PASSED, FAILED, PASSED))
    assert sum(case.status == "failed" for case in bad) == 3  # the line, its cell, and rv32
    assert "./k5 run user/conformance/suite_x.toml" in bad[2].message.replace(
        str(conformance.ROOT) + "/", ""
    )


def test_printed_table_names_failures_and_what_repeats_them(
    capsys: pytest.CaptureFixture[str],
) -> None:
    command.print_table(table(PASSED, FAILED, FAILED))
    said = capsys.readouterr().out
    row = next(line for line in said.splitlines() if line.strip().startswith("a.b"))
    assert row.split() == ["a.b", "pass", "known", "FAIL", ABSENT]
    assert "known defect: a.b on qemu armv8m: QEMU checks the first byte" in said
    assert "--engine hosted --board virt-rv32" in said


# ---------------------------------------------------------------- files

LISTED = """\
[[defect]]
test = "a.b"
engine = "qemu"
arch = "armv8m"
reason = "because"
"""


def listed(tmp_path: Path, text: str) -> list[Defect]:
    path = tmp_path / "known.toml"
    path.write_text(text)
    return conformance.known_defects(path)


def test_list_of_defects_is_read(tmp_path: Path) -> None:
    (defect,) = listed(tmp_path, LISTED)
    assert (defect.test, defect.column, defect.reason) == ("a.b", QEMU_ARM, "because")
    assert defect.where.endswith("known.toml:1")
    assert listed(tmp_path, "# nothing known\n") == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (LISTED.replace('"qemu"', '"quemu"'), "known.toml:3: engine = \"quemu\" (did you mean 'qemu'?)"),
        (LISTED.replace("armv8m", "arm"), "known.toml:4: arch"),
        (LISTED.replace("reason", "because"), "known.toml:1: [[defect]] needs the key 'reason'"),
        (LISTED + LISTED, "known.toml:6: 'a.b' is listed twice for that column"),
        ("[defects]\n", "known.toml:1: unknown key 'defects'"),
    ],
)
def test_mistake_in_the_list_has_its_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(K5Error) as refused:
        listed(tmp_path, text)
    assert any(said in message for message in refused.value.messages), refused.value.messages


def test_first_comment_of_a_system_restricts_it(tmp_path: Path) -> None:
    head = "# What it tests.\n# conformance: only rv32\n# conformance: no comparison\n\n[system]\n"
    (tmp_path / "suite_one.toml").write_text(head)
    (tmp_path / "two.toml").write_text("[system]\n# conformance: only rv32\n")
    one, two = conformance.suites(tmp_path)
    assert (one.only, one.compared, one.named_tests) == ("rv32", False, True)
    assert not one.runs_on(QEMU_ARM) and one.runs_on(QEMU_RV)
    assert (two.only, two.compared, two.named_tests) == (None, True, False)


def test_unknown_restriction_is_an_error_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "suite_x.toml").write_text("# x\n# conformance: only sparc\n")
    with pytest.raises(K5Error, match=r"suite_x.toml:2: unknown restriction 'only sparc'"):
        conformance.suites(tmp_path)


def test_two_systems_of_one_name_are_an_error(tmp_path: Path) -> None:
    for file in ("one", "two"):
        (tmp_path / f"{file}.toml").write_text('[system]\nname = "same"\n')
    with pytest.raises(K5Error, match=r"two.toml: has the same name as .*one.toml"):
        conformance.suites(tmp_path)


def test_lists_of_the_tree_are_in_order() -> None:
    names = [suite.name for suite in conformance.suites()]
    assert names == sorted(names)
    assert len(names) > 5
    conformance.known_defects()
