"""What a campaign's results depend on: they are of one file, one build and one simulator."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING

from k5.paths import HOST_LIBRARY

if TYPE_CHECKING:
    from k5.campaign.rig import Rig

_WHAT = {
    "campaign": "the campaign file was changed",
    "scenario": "the scenario was changed",
    "system": "the system was built anew, and differs",
    "board": "it is another board",
    "seed": "it is another seed",
    "simulator": "the simulator was built anew",
    "space": "the space is another one",
}


@dataclass(frozen=True)
class Identity:
    """Hashes and names."""

    campaign: str
    scenario: str
    system: str
    board: str
    seed: int
    simulator: str
    space: int

    def difference(self, other: Identity) -> str:
        """The first thing in which they differ, as a reason."""
        for field in fields(self):
            mine, others = getattr(self, field.name), getattr(other, field.name)
            if mine != others:
                return f"{_WHAT[field.name]} ({mine}, now {others})"
        return ""

    def json(self) -> dict[str, str | int]:
        return asdict(self)


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


def of_rig(rig: Rig) -> Identity:
    """Of a rig's campaign, as it is now."""
    campaign = rig.campaign
    scenario = campaign.scenario
    return Identity(
        _hash(campaign.file.path.read_bytes()),
        f"{scenario.name} {_hash(scenario.read_bytes())}" if scenario else "",
        f"{rig.built.name} {rig.built.meta['system_id']:#010x}",
        rig.built.board,
        campaign.seed,
        _hash(HOST_LIBRARY.read_bytes()),
        rig.space.size,
    )
