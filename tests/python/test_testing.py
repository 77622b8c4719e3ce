"""The test runner itself: reports, checks of the tree, verdicts."""

from __future__ import annotations

import subprocess
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from k5.commands import test as command
from k5.testing import checks, parts
from k5.testing.case import FAILED, PASSED, SKIPPED, Case, read_junit, write_junit

CTEST = """<?xml version="1.0"?>
<testsuite name="x" tests="3" failures="1" disabled="0" skipped="1" time="1">
  <testcase name="good" classname="good" time="0.5" status="run"><system-out>fine</system-out></testcase>
  <testcase name="bad" classname="bad" time="0.25" status="fail"><failure message="Failed"/>
    <system-out>the reason</system-out></testcase>
  <testcase name="left" classname="left" time="0" status="notrun"><skipped/></testcase>
</testsuite>
"""

CASES = [
    Case("host", "good", PASSED, 0.5),
    Case("host", "bad <&>\x1b", FAILED, 0.25, "the reason <&>\x1b[31m"),
    Case("python", "left", SKIPPED),
]


def test_ctest_report_is_read(tmp_path: Path) -> None:
    path = tmp_path / "ctest.xml"
    path.write_text(CTEST)
    cases = read_junit(path, "host")
    assert [(case.name, case.status, case.seconds) for case in cases] == [
        ("good", PASSED, 0.5),
        ("bad", FAILED, 0.25),
        ("left", SKIPPED, 0.0),
    ]
    assert "the reason" in cases[1].message
    assert cases[0].message == ""


def test_report_survives_writing_and_reading(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "all.xml"
    write_junit(path, CASES)
    root = ElementTree.parse(path).getroot()
    counts = {s.get("name"): (s.get("tests"), s.get("failures"), s.get("skipped")) for s in root}
    assert counts == {"host": ("2", "1", "0"), "python": ("1", "0", "1")}
    again = read_junit(path, "again")
    assert [case.status for case in again] == [PASSED, FAILED, SKIPPED]
    assert "the reason <&>" in again[1].message


def test_missing_or_broken_report_has_no_cases(tmp_path: Path) -> None:
    assert read_junit(tmp_path / "none.xml", "x") == []
    (tmp_path / "half.xml").write_text(CTEST[:100])
    assert read_junit(tmp_path / "half.xml", "x") == []


def finished(code: int) -> subprocess.CompletedProcess[str]:
    return subprocess.CompletedProcess([], code, "last words", "")


def test_run_that_dies_without_a_report_is_a_failure(tmp_path: Path) -> None:
    cases = parts._reported("host", tmp_path / "none.xml", finished(139), {0})
    assert [(case.status, case.message) for case in cases] == [(FAILED, "last words")]
    assert parts._reported("host", tmp_path / "none.xml", finished(0), {0}) == []


def tree(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, **files: str) -> None:
    monkeypatch.setattr(checks, "ROOT", tmp_path)
    for name, text in files.items():
        path = tmp_path / name.replace("__", "/").replace("_c", ".c")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


@pytest.mark.parametrize(
    ("folder", "include", "allowed"),
    [
        ("kernel", '"kernel/port.h"', True),
        ("kernel", "<port_types.h>", True),
        ("kernel", '"arch/armv8m/frame.h"', False),
        ("kernel", '"sim/cpu/cpu.h"', False),
        ("kernel", "<string.h>", False),
        ("arch", '"kernel/entry.h"', True),
        ("arch", '"hostport/hostport.h"', False),
        ("hostport", '"arch/armv8m/pmsav8.h"', True),
        ("hostport", '"arch/armv8m/core.h"', False),
        ("hostport", '"sim/cpu/cpu.h"', False),
        ("arch", "<k5_config.h>", True),
        ("peripherals", '"sim/device.h"', True),
        ("peripherals", '"sim/machine.h"', False),
        ("peripherals", "<unicorn/unicorn.h>", False),
        ("sim", '"hostport/hostport.h"', True),
        ("sim__cpu", "<unicorn/unicorn.h>", True),
        ("sim", "<unicorn/unicorn.h>", False),
        ("sim", '"arch/armv8m/core.h"', False),
        ("tests", "<unicorn/unicorn.h>", False),
        ("user", '"k5_abi.h"', True),
        ("user", '"kernel/state.h"', False),
    ],
)
def test_include_arrows(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, folder: str, include: str, allowed: bool
) -> None:
    tree(monkeypatch, tmp_path, **{f"{folder}__x_c": f"/* x */\n#include {include}\n"})
    found = list(checks.check_arrows())
    assert (found == []) is allowed
    where = folder.replace("__", "/")
    assert all(problem.startswith(f"{where}/x.c:2: ") for problem in found)


def body(lines: int, line: str) -> str:
    return "void f(int x)\n{\n" + f"{line}\n" * lines + "}\n"


def test_function_of_71_lines_is_too_long(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    tree(monkeypatch, tmp_path, kernel__x_c=body(70, "    x++;"))
    assert list(checks.check_function_sizes()) == []
    tree(monkeypatch, tmp_path, kernel__x_c=body(71, "    x++;"))
    assert list(checks.check_function_sizes()) == ["kernel/x.c:2: a function of 71 lines"]


def test_flat_switch_may_be_longer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    cases = "".join(f"    case {i}:\n        x++;\n        break;\n" for i in range(30))
    flat = "void f(int x)\n{\n    switch (x) {\n" + cases + "    }\n}\n"
    tree(monkeypatch, tmp_path, kernel__x_c=flat)
    assert list(checks.check_function_sizes()) == []


def always(*problems: str) -> Callable[[], Iterator[str]]:
    return lambda: iter(problems)


def skipping() -> Iterator[str]:
    raise checks.Skip("no tool")


def test_checks_become_cases(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = {"good": always(), "bad": always("one", "two"), "left": skipping}
    monkeypatch.setattr(checks, "CHECKS", wanted)
    cases = checks.run()
    assert [(c.name, c.status, c.message) for c in cases] == [
        ("good", PASSED, ""),
        ("bad", FAILED, "one\ntwo"),
        ("left", SKIPPED, "no tool"),
    ]


def test_filter_that_is_a_parts_name_runs_the_whole_part() -> None:
    chosen, inside = command.chosen("lint", quick=False)
    assert ([part.name for part in chosen], inside) == (["lint"], "")


def test_other_filter_goes_to_the_tests_inside() -> None:
    chosen, inside = command.chosen("oracle", quick=False)
    assert inside == "oracle"
    assert {"checks", "lint"}.isdisjoint(part.name for part in chosen)


def test_quick_leaves_out_sanitizers_and_static_analysis() -> None:
    names = {part.name for part in command.chosen("", quick=True)[0]}
    assert names == {"checks", "host", "python", "e2e", "scenarios"}


def test_one_failed_case_fails_the_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def part(name: str, *cases: Case) -> parts.Part:
        return parts.Part(name, True, lambda filter_, quick, note: list(cases))

    monkeypatch.setattr(command.setup, "ready", lambda *args, **more: None)
    for cases, status, last in (
        (CASES[:1], 0, "1 passed, 0 failed"),
        (CASES, 1, "1 passed, 1 failed, 1 skipped"),
    ):
        monkeypatch.setattr(command, "PARTS", (part("host", *cases),))
        arguments = command.argparse.Namespace(
            filter="", quick=False, yes=False, junit=None, json=False
        )
        assert command.main(arguments) == status
        assert capsys.readouterr().out.splitlines()[-1].startswith(last)


def test_part_that_raises_is_a_failed_case() -> None:
    def broken(filter_: str, quick: bool, note: parts.Note) -> list[Case]:
        raise OSError("no such program")

    cases = command.run_parts([parts.Part("x", True, broken)], "", False, True)
    assert [(case.status, case.message) for case in cases] == [(FAILED, "no such program")]
