"""--seed is the argument of the tasks that ask for it, on both engines."""

from __future__ import annotations

import pytest
from conftest import System
from k5 import builder
from k5.decode import Decoder
from k5.engine import Run


@pytest.mark.parametrize("engine", ["hosted", "qemu"])
@pytest.mark.parametrize("seed", [0, 1234567])
def test_seed_is_the_argument_that_the_task_sees(system: System, engine: str, seed: int) -> None:
    built = builder.build(system(("priority = 5", 'priority = 5\nargument = "seed"')))
    decoder = Decoder(built)
    texts = [decoder.line(event).text for event in Run(built, engine, seed) if event.kind == 2]
    assert texts == [f"one asks with {seed}", f"one got {seed + 7} from two"]
