"""The tree's scenarios, beyond their own verdicts: repeatable, on both engines, from a command line."""

from __future__ import annotations

import itertools
import subprocess
from pathlib import Path

import pytest
from conftest import ROOT
from k5.scenario.execute import PASSED, execute
from k5.scenario.load import ScenarioFile, find
from k5.scenario.model import Variant
from k5.scenario.warm import Machines
from k5.stream import Event

FILES = find(ROOT / "scenarios")
ALL_KINDS = (1 << 63) - 1


def k5(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [str(ROOT / "k5"), *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_says_what_it_is_for(path: Path) -> None:
    lines = itertools.takewhile(lambda line: line.startswith("#"), path.read_text().splitlines())
    sentence = " ".join(line.removeprefix("#").strip() for line in lines)
    assert "." in sentence and len(sentence) > 20
    ScenarioFile(path).check()


def test_warm_run_equals_a_cold_one_in_every_event() -> None:
    """Machines that did other things before, and recorded less."""
    path = ROOT / "scenarios" / "demo" / "whenever.toml"
    file = ScenarioFile(path)
    variants = [v for v in file.variants() if v.board == "mps2-an505"][:6]
    warm = Machines()

    def events(variant: Variant, machines: Machines) -> list[Event]:
        seen: list[Event] = []
        assert execute(file, variant, machines, seen.append, ALL_KINDS).status == PASSED
        return seen

    for variant in variants:
        execute(file, variant, warm)
    for variant in variants:
        assert events(variant, warm) == events(variant, Machines())
    warm.close()


def test_scenario_fails_on_qemu_as_it_does_hosted(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text(
        f'[scenario]\nsystem = "{ROOT}/user/demo/demo.toml"\nengines = ["hosted", "qemu"]\n'
        'ends = "halted"\n[[never]]\nfault = "FETCH"\n'
    )
    for engine in ("hosted", "qemu"):
        done = k5("run", path, "--engine", engine)
        assert done.returncode == 1
        assert "a.toml:5: expected never a fault FETCH" in done.stdout
        assert f"repeat: ./k5 run {path} --engine {engine}" in done.stdout


def test_repeat_command_repeats_the_failure(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text(
        f'[scenario]\nsystem = "{ROOT}/user/demo/demo.toml"\nboards = ["mps2-an505", "virt-rv32"]\n'
        'seeds = 2\nuntil = "20ms"\n[parameters]\nwhen = ["1ms", "2ms"]\n'
        '[[do]]\nat = "${when}"\njitter = "500us"\nkill = "bar"\n[[never]]\nfault = "OTHER"\n'
    )
    done = k5("test", path)
    assert done.returncode == 1
    assert "0 passed, 8 failed" in done.stdout
    reports = done.stdout.split("FAILED ")[1:9]
    last = [line.strip() for line in reports[-1].splitlines()]
    command = next(line for line in last if line.startswith("repeat: "))
    assert command.endswith("--board virt-rv32 --seed 1 --set when=2ms")
    again = k5(*command.removeprefix("repeat: ./k5 ").split())
    assert again.returncode == 1
    came = next(line for line in last if line.startswith("it came at"))
    assert came in again.stdout
