"""To where the window begins: the scenario as it runs, up to an instruction."""

from __future__ import annotations

from pathlib import Path

from k5.campaign.model import Campaign
from k5.campaign.scout import Spot
from k5.errors import K5Error, suggestion
from k5.machine import Machine
from k5.paths import shown
from k5.scenario.load import HOST_LIMIT, LIMIT, ScenarioFile
from k5.scenario.model import Scenario, Settings, Variant
from k5.scenario.names import Names
from k5.scenario.run import HostedRun
from k5.stream import Event


def load_scenario(campaign: Campaign) -> Scenario:
    """The scenario that the campaign is about; for a system alone, one that expects nothing."""
    if campaign.scenario is not None:
        return _of_file(campaign, campaign.scenario)
    if campaign.until is None and campaign.end is None:
        text = "a system alone does not say when it ends: [window] needs until or end"
        raise K5Error(f"{campaign.place(('window',))}: {text}")
    assert campaign.system is not None
    variant = Variant(campaign.board, "hosted", campaign.seed)
    settings = Settings(campaign.system, None, None, LIMIT, HOST_LIMIT, "", "allowed", "allowed")
    return Scenario(campaign.file, variant, settings)


def _of_file(campaign: Campaign, path: Path) -> Scenario:
    file = ScenarioFile(path)
    place = campaign.place(("campaign", "parameters"))
    for name in campaign.parameters:
        if name not in file.parameters:
            known = suggestion(name, file.parameters) or " (it has none)"
            raise K5Error(f"{place}: {shown(path)} has no parameter '{name}'" + known)
    values = {name: str(value) for name, value in campaign.parameters.items()}
    found = file.chosen(campaign.board, "hosted", campaign.seed, values)
    if len(found) > 1:
        text = f"{shown(path)} stands for {len(found)} runs; choose one: board, seed, parameters"
        raise K5Error(f"{campaign.place(('campaign', 'scenario'))}: {text}")
    made = file.scenario(found[0])
    if made.settings.after is not None:
        text = f"{shown(path)} begins where another one ends (after); campaigns begin at boot"
        raise K5Error(f"{campaign.place(('campaign', 'scenario'))}: {text}")
    return made


class Approach(HostedRun):
    """Runs a scenario to a spot of it, and leaves the machine there."""

    def __init__(
        self, scenario: Scenario, machine: Machine, names: Names, seed: int, more: int = 0
    ) -> None:
        self.events: list[Event] = []
        super().__init__(scenario, machine, names, seed, self.events.append, more)
        self.levels: dict[int, int] = {}  # of pins, at boot

    def to(self, spot: Spot, past: bool = False) -> list[Event]:
        """There; what happened on the way. `past`: the machine can go back to boot then."""
        self.begin()
        if past:
            self.machine.history_start()
        self.levels = dict(self.judge.levels)
        self.last = spot.tick
        while self.now < spot.tick:
            if self.turn() == "halt":
                self.machine.idle_until(spot.tick)
        self._due()  # stimuli of this very tick
        self._stop_at_places(False)
        # Even of no instruction: what is due before the next one has happened then.
        self.machine.step(max(spot.instructions - self.instructions, 0))
        self._take()
        return self.events

    def _done(self) -> bool:
        """It goes on to the spot."""
        return False
