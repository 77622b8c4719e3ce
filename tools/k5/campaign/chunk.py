"""What a rig gives back: plain data that goes from process to process."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from k5.campaign.classes import Verdict

Ended = tuple[int, int]  # a stream, and enum k5sim_outcome


@dataclass
class Chunk:
    """What came of some trials. Arrays are of numpy, with a row an entry:

    counts  target, site, outcome, how many
    rows    id, target, site, mask, value, outcome, tick of the end: of the trials that are neither
            masked nor not fired
    """

    number: int
    trials: int
    outcomes: list[tuple[str, str]]  # class and detail: what `outcome` counts through
    counts: Any
    rows: Any
    pcs: dict[int, int]  # of the sites, by their instructions
    verdicts: dict[Ended, Verdict] = field(default_factory=dict)  # that were not known before
