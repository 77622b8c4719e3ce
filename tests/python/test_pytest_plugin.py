"""k5.pytest_plugin, as a user's pytest loads it."""

from __future__ import annotations

import pytest
from conftest import ROOT

pytest_plugins = ["pytester"]

DEMO = f'[scenario]\nsystem = "{ROOT}/user/demo/demo.toml"\n'


@pytest.fixture
def user(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "tools"))
    return pytester


def run(user: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    return user.runpytest_subprocess("-p", "k5.pytest_plugin", "-p", "no:cacheprovider", *arguments)


def test_scenarios_are_tests_and_a_failure_is_a_report(user: pytest.Pytester) -> None:
    user.path.joinpath("good.toml").write_text(DEMO + 'seeds = 2\n[[expect]]\nlog = "tick 1"\n')
    user.path.joinpath("bad.toml").write_text(
        DEMO + '[[expect]]\nlog = "bar says 1 + 1 = 3"\nwithin = "10ms"\n'
    )
    user.path.joinpath("other.toml").write_text("[tool]\nx = 1\n")
    result = run(user, "-v")
    result.assert_outcomes(passed=2, failed=1)
    out = result.stdout.str()
    assert "good.toml::seed=0 PASSED" in out
    assert "bad.toml:3: expected a log line" in out
    assert "nearest: 0.005046 foo: bar says 1 + 1 = 2" in out
    assert "repeat: ./k5 run bad.toml" in out
    assert "Traceback" not in out
    assert "execute.py" not in out


def test_scenario_that_cannot_be_read_is_an_error_with_its_line(user: pytest.Pytester) -> None:
    user.path.joinpath("bad.toml").write_text(DEMO + '[[expect]]\nlgo = "x"\n')
    result = run(user)
    result.assert_outcomes(errors=1)
    assert "bad.toml:4: unknown key 'lgo'" in result.stdout.str()
    assert "Traceback" not in result.stdout.str()


def test_machine_is_a_fixture(user: pytest.Pytester) -> None:
    user.path.joinpath("test_it.py").write_text(
        f"""
def test_demo(k5_machine):
    machine = k5_machine("{ROOT}/user/demo/demo.toml", kernel_events=True)
    line = machine.run_until_log("bar says 1 + 1")
    assert line.task == "foo"
    again = k5_machine("demo", board="virt-rv32")
    assert again.run_until_log("bar says 1 + 1").text == line.text
"""
    )
    run(user).assert_outcomes(passed=1)
