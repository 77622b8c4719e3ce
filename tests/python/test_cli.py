"""The command line, run as a user runs it: output, streams and exit codes."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from conftest import ROOT, System
from k5.cli import COMMANDS


def k5(*arguments: str | Path, cwd: Path = ROOT, stdin: bytes = b"") -> tuple[int, str, str]:
    """Exit code, stdout, stderr."""
    command = [str(ROOT / "k5"), *map(str, arguments)]
    done = subprocess.run(command, cwd=cwd, input=stdin, capture_output=True, check=False)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def test_help_lists_all_commands() -> None:
    status, out, err = k5("--help")
    assert (status, err) == (0, "")
    for name in COMMANDS:
        assert f"\n  {name} " in out


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_has_help(name: str) -> None:
    status, out, _ = k5(name, "--help")
    assert status == 0
    assert f"usage: ./k5 {name}" in out
    assert "xit code" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["bild"], "unknown command 'bild' (did you mean 'build'?)"),
        (["--hepl"], "unknown option '--hepl'"),
        (
            ["run", "demo", "--engin", "hosted"],
            "unknown option '--engin' (did you mean '--engine'?)",
        ),
        (["run", "demo", "--engine", "qmu"], "'qmu'"),
        (["run", "nosuch.toml"], "nosuch.toml: no such file"),
        (["run", "dmo"], "no system 'dmo' (did you mean 'demo'?)"),
        (["run", "demo", "--board", "stm32"], "unknown board 'stm32' (did you mean 'stm32l5'?)"),
        (["run", "demo", "--until", "soon"], "'soon' is no time"),
        (["run", "demo", "--seed", "x"], "'x' is no number"),
        (["run", "demo", "--trace", "/no/such/folder/x"], "/no/such/folder/x: no such file"),
        (["run"], "required: system"),
        (["build"], "name a system"),
        (["logs", "/no/such/file"], "/no/such/file: no such file"),
        (["inspect", "demo", "--picture", "x.gif"], "x.gif"),
        (["inspect", "/"], "is a folder"),
    ],
)
def test_wrong_command_line_is_one_message_and_exit_2(arguments: list[str], message: str) -> None:
    status, out, err = k5(*arguments)
    assert (status, out) == (2, "")
    assert message in err
    assert "Traceback" not in err


def test_no_command_shows_the_usage() -> None:
    status, out, _ = k5()
    assert status == 2
    assert "usage: ./k5" in out


def test_command_works_from_another_folder(tmp_path: Path) -> None:
    status, out, _ = k5("inspect", "demo", "--json", cwd=tmp_path)
    assert status == 0
    assert json.loads(out)["name"] == "demo"


def test_results_go_to_stdout_messages_to_stderr() -> None:
    status, out, err = k5("run", "demo", "--json")
    assert status == 0
    lines = [json.loads(line) for line in out.splitlines()]
    assert lines[0]["kind"] == "BOOT" and lines[-1]["kind"] == "HALT"
    assert "demo on hosted" in err


def test_description_error_is_exit_2_and_compile_error_exit_1(system: System) -> None:
    wrong = system(("priority = 5", "priority = 50"))
    assert k5("build", wrong)[0] == 2
    status, _, err = k5("build", system(one="int main(void) { return x; }\n"))
    assert status == 1
    assert "'x' undeclared" in err and "task 'one' does not build" in err


def test_build_reports_sizes_as_json() -> None:
    status, out, _ = k5("build", "demo", "--board", "stm32l5", "--variant", "release", "--json")
    sizes = json.loads(out)["release"]["sizes"]
    assert status == 0
    parts = sizes["kernel"]["text"] + sizes["kernel"]["data"] + sizes["tables"]
    assert sizes["flash"] == parts + sum(task["flash"] for task in sizes["tasks"])


def test_doctor_as_json() -> None:
    status, out, _ = k5("doctor", "--json")
    data = json.loads(out)
    assert data["ready"] is (status == 0)
    assert {"name", "found", "version", "enables", "level"} == set(data["items"][0])


def test_inspect_draws_the_graph(tmp_path: Path) -> None:
    path = tmp_path / "graph.dot"
    assert k5("inspect", "demo", "--picture", path)[0] == 0
    text = path.read_text()
    assert '"task foo" -> "endpoint bar"' in text
    assert '"endpoint bar" -> "task bar"' in text


def test_reader_that_goes_away_is_no_error() -> None:
    command = f"{ROOT / 'k5'} inspect demo | head -1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stdout.splitlines()[-1] == "0"
    assert done.stderr == ""
