"""Campaigns for tests: a rig whose golden run invents its results, and files to try it with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from campaign_fake import FakeGolden

from k5.campaign import conduct, rig
from k5.campaign.conduct import Conductor
from k5.campaign.rig import Rig
from k5.campaign.store import Store
from k5.paths import ROOT

SMALL = ROOT / "scenarios" / "campaigns" / "small.toml"
BRIEF = ROOT / "scenarios" / "demo" / "brief.toml"


def written(folder: Path, inject: str, window: str = "", head: str = "") -> Path:
    """A campaign file about the brief demo."""
    path = folder / "c.toml"
    window = window or 'until = { log = "bar says 2 + 4" }\nend = { log = "bar says 2 + 4" }\n'
    path.write_text(
        f'[campaign]\nscenario = "{BRIEF}"\nboard = "mps2-an505"\n{head}[window]\n{window}{inject}'
    )
    return path


class InlinePool:
    """Does all jobs in this process."""

    def __init__(self, file: Path, processes: int, verdicts: dict[Any, Any]) -> None:
        self.rig = Rig(file)
        self.rig.known.update(verdicts)

    def __enter__(self) -> InlinePool:
        return self

    def __exit__(self, *_: object) -> None:
        self.rig.close()

    def run(self, jobs: Iterable[Any]) -> Iterator[Any]:
        """Backwards, as far as that goes: nobody may rely on the order."""
        for number, ids in reversed(list(jobs)):
            yield self.rig.run(number, ids), 0.0


@pytest.fixture
def invented(monkeypatch: pytest.MonkeyPatch) -> None:
    """Campaigns with results that depend on the trials' numbers alone, in this process."""
    monkeypatch.setattr(rig, "Golden", FakeGolden)
    monkeypatch.setattr(conduct, "Pool", InlinePool)


def run(file: Path, out: Path, **more: Any) -> None:
    """All of a campaign."""
    with Conductor(file, out, **more) as one:
        one.run(lambda *_: None)


def rows(out: Path, table: str) -> list[tuple[Any, ...]]:
    """All of a table, in order."""
    with Store(out, read_only=True) as store:
        return sorted(store.base.execute(f"SELECT * FROM {table}"))
