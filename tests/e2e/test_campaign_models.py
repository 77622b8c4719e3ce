"""Every fault model in a campaign: it is tried, counted, and repeats by itself."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from k5.campaign import classes, trial
from k5.campaign.model import PLACES
from k5.campaign.rig import Rig
from k5.paths import ROOT

LOGGER = ROOT / "scenarios" / "examples" / "logger-steady.toml"
HEAD = f"""[campaign]
scenario = "{LOGGER}"
[window]
from = {{ log = "record 0:" }}
until = {{ log = "record 1:" }}
end = {{ log = "record 1:" }}
[[inject]]
"""
CASES = {
    "register": 'registers = ["r4", "lr"]\nbits = [0, 20]\nevery = 300',
    "register-stuck": 'tasks = ["logger"]\nregisters = ["r4"]\nbits = [20]\nlevels = ["low"]\nevery = 900',
    "memory": 'ranges = ["logger.stack"]\nbits = [3]\nevery = 9000',
    "memory-stuck": 'ranges = ["logger.journal"]\nbits = [3]\nlevels = ["high"]\nevery = 1500',
    "skip": "every = 100",
    "opcode": "bits = [1, 9]\nevery = 200",
    "region-drop": 'regions_of = ["logger"]\nregions = ["ram", "text"]\nevery = 500',
    "region-shift": 'regions_of = ["logger"]\nbytes = [32, -32]\nevery = 900',
    "region-widen": 'regions_of = ["logger", "sensor"]\nbytes = [32]\nevery = 900',
    "kernel": 'fields = ["thread[logger].budget_left", "thread[logger].wake_at"]\nbits = [4, 30]\nevery = 900',
    "message": "bits = [0]\nevery = 400",
    "line-drop": "every = 700",
    "line-double": "every = 700",
    "line-spurious": "every = 700",
    "line-late": 'late = ["10us", "1ms"]\nevery = 900',
    "line-stuck": 'levels = ["low"]\nevery = 3000',  # high is a storm, which takes its time
    "pin-stuck": 'pins = ["PC7"]\nevery = 900',
    "value": 'values = ["sensor.nack"]\nto = [1]\nevery = 700',
    "timer-jitter": 'most = ["5us"]\nseeds = [1, 2]\nevery = 900',
    "power": "every = 1500",
}
# Of these some must show: they are about what is in use.
GRAVE = {"register", "memory", "skip", "opcode", "region-drop", "region-shift", "value", "power"}


def test_none_is_forgotten() -> None:
    assert set(CASES) == set(PLACES)


@pytest.mark.slow
@pytest.mark.parametrize("model", CASES)
def test_it_is_tried_and_repeats(model: str, tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text(f'{HEAD}model = "{model}"\n{CASES[model]}\n')
    with Rig(path) as rig:
        assert 0 < rig.space.size < 2000
        chunk = rig.run(0, np.arange(rig.space.size))
        again = rig.run(0, np.arange(rig.space.size))
    names = [name for name, _ in chunk.outcomes]
    assert classes.ENGINE not in names
    assert chunk.outcomes == again.outcomes and (chunk.rows == again.rows).all()
    assert chunk.counts[:, 3].sum() == chunk.trials
    if model in GRAVE:
        assert len(chunk.rows) > 0, names
    if len(chunk.rows):
        number, outcome = int(chunk.rows[0][0]), int(chunk.rows[0][5])
        tried = trial.run(path, number)
        assert (tried.named, tried.detail) == chunk.outcomes[outcome]
        assert model in tried.said
