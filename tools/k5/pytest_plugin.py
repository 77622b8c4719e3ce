"""For pytest: machines as a fixture, and scenarios as tests.

    pytest -p k5.pytest_plugin FOLDER     (PYTHONPATH: tools/ of the tree)

A TOML file with [scenario] is collected, a test each variant. A test in Python asks
for the fixture `k5_machine` and boots what it wants:

    def test_light(k5_machine):
        machine = k5_machine("blinky.toml", board="stm32l5")
        machine.press("user")
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from k5.errors import K5Error
from k5.machine import Machine
from k5.scenario.execute import FAILED, Outcome, execute
from k5.scenario.load import ScenarioFile, is_scenario
from k5.scenario.model import Variant
from k5.scenario.warm import Machines

Boot = Callable[..., Machine]
_MACHINES = pytest.StashKey[Machines]()


class ScenarioFailed(Exception):
    """A scenario's report."""


@pytest.fixture
def k5_machine(request: pytest.FixtureRequest) -> Iterator[Boot]:
    """A factory: as Machine.boot(), paths from the test's folder; what it made is closed at the end."""
    made: list[Machine] = []

    def boot(system: str | Path, board: str | None = None, **options: Any) -> Machine:
        beside = request.path.parent / system
        machine = Machine.boot(beside if beside.is_file() else system, board, **options)
        made.append(machine)
        return machine

    yield boot
    for machine in made:
        machine.close()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_MACHINES] = Machines()


def pytest_unconfigure(config: pytest.Config) -> None:
    config.stash[_MACHINES].close()


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Scenarios, whatever they are called."""
    if not is_scenario(file_path):
        return None
    collector: pytest.Collector = ScenarioCollector.from_parent(parent, path=file_path)
    return collector


class ScenarioCollector(pytest.File):
    """A scenario's file."""

    def collect(self) -> Iterator[pytest.Item]:
        """Its variants."""
        file = ScenarioFile(self.path)
        file.check()
        for variant in file.variants():
            name = file.label(variant) or "scenario"
            yield ScenarioItem.from_parent(self, name=name, file=file, variant=variant)

    def repr_failure(self, excinfo: Any, style: Any = None) -> Any:
        """A scenario that cannot be read says why, without a traceback."""
        if isinstance(excinfo.value, K5Error):
            return str(excinfo.value)
        return super().repr_failure(excinfo)


class ScenarioItem(pytest.Item):
    """A variant."""

    def __init__(self, *, file: ScenarioFile, variant: Variant, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.file = file
        self.variant = variant

    def runtest(self) -> None:
        """Runs it."""
        machines = self.config.stash[_MACHINES]
        outcome: Outcome = execute(self.file, self.variant, machines)
        if outcome.status == FAILED:
            raise ScenarioFailed(outcome.report)

    def repr_failure(self, excinfo: Any, style: Any = None) -> Any:
        """The report, without a traceback."""
        if isinstance(excinfo.value, (ScenarioFailed, K5Error)):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where it stands."""
        return self.path, 0, f"scenario {self.path.name} [{self.name}]"
