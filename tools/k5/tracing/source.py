"""Where the lines of a trace come from: a file, or a system that is run on the spot."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from k5 import builder
from k5.decode import Decoder, Line
from k5.engine import Run
from k5.errors import K5Error, suggestion
from k5.scenario.load import is_scenario
from k5.tracing import reader, stacks

if TYPE_CHECKING:
    from k5.machine import Machine


class Source(Protocol):
    """Iterate over it; then `ns` says when the trace ended."""

    name: str
    ns: int

    def __iter__(self) -> Iterator[Line]: ...


@dataclass
class File:
    """A trace in a file."""

    path: Path
    ns: int = 0
    name: str = ""

    def __post_init__(self) -> None:
        self.name = str(self.path)

    def __iter__(self) -> Iterator[Line]:
        for line in reader.read(self.path):
            self.ns = line.ns
            yield line


@dataclass
class Live:
    """A system that runs now, with all its events."""

    run: Run
    ns: int = 0
    name: str = ""
    stacks: dict[str, stacks.Mark] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Line]:
        self.name = self.run.built.name
        decoder = Decoder(self.run.built)
        self.run.on_boot = lambda machine: _know(decoder, machine)
        self.run.on_end = self._measure
        for event in self.run:
            line = decoder.line(event)
            self.ns = line.ns
            yield line
        if self.run.end == "time":
            self.ns = self.run.until_us * 1000

    def _measure(self, machine: Machine) -> None:
        self.stacks = stacks.marks(machine)


def _know(decoder: Decoder, machine: Machine) -> None:
    know_names(decoder, machine)
    stacks.fill(machine)


def know_names(decoder: Decoder, machine: Machine) -> None:
    """The names that only the simulator knows, for the decoder of its events."""
    decoder.simulator.register_name = machine.register_name
    decoder.simulator.value_names = machine.values


def is_system(name: str) -> bool:
    """Whether a word on the command line means a system rather than a trace file."""
    path = Path(name)
    return path.suffix == ".toml" or (not path.exists() and name in builder.systems())


def find(name: str, run: Callable[[builder.Built], Run], board: str | None = None) -> Source:
    """A trace file, or a system to run as `run` says."""
    if is_scenario(Path(name)):
        how = f"./k5 run {name} --trace FILE.jsonl"
        raise K5Error(f"{name} is a scenario: `{how}` writes its trace")
    if is_system(name):
        return Live(run(builder.build(builder.find(name), board)))
    path = Path(name)
    if path.exists():
        return File(path)
    if path.suffix or len(path.parts) > 1:
        raise K5Error(f"{name}: no such file")
    raise K5Error(f"no trace file or system '{name}'" + suggestion(name, builder.systems()))
