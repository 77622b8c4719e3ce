"""The same machine for people who prefer Python: `./k5 test tests` runs this, too."""

from pathlib import Path

SYSTEM = Path(__file__).resolve().parents[1] / "@NAME@.toml"


def test_app_adds_up(k5_machine):
    machine = k5_machine(SYSTEM)
    line = machine.run_until_log("done")
    assert line.task == "app"
    assert machine.now_us < 100_000
    assert machine.invariants() is None
