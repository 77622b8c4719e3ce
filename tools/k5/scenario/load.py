"""Loads scenario files: their settings, their variants, and each variant's scenario."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from k5 import board as boards
from k5.errors import K5Error, suggestion
from k5.paths import shown
from k5.schema import Key, Problems, check, spelled
from k5.scenario import parameters, sense
from k5.scenario.expectations import read_expect, read_latency, read_never
from k5.scenario.faults import read_fault
from k5.scenario.model import ENGINES, Scenario, Settings, Value, Variant
from k5.scenario.parameters import MOST_VARIANTS, Parameters
from k5.scenario.reader import Reader
from k5.scenario.stimuli import read_stimulus
from k5.tomlindex import TomlFile

SECOND = 1_000_000_000
LIMIT, HOST_LIMIT = 10 * SECOND, 60 * SECOND

_TABLES = {
    "scenario": Key(dict, required=True),
    "parameters": Key(dict),
    "do": Key(list, items=dict),
    "fault": Key(list, items=dict),
    "expect": Key(list, items=dict),
    "never": Key(list, items=dict),
    "latency": Key(list, items=dict),
}
_SETTINGS = {
    "system": Key(str),
    "after": Key(str),
    "boards": Key(list, items=str),
    "engines": Key(list, items=str),
    "seeds": Key(object),
    "until": Key(object),
    "limit": Key(object),
    "host_limit": Key(object),
    "ends": Key(str, choices=("halted", "running")),
    "guest_errors": Key(str, choices=("none", "allowed")),
    "deadlock": Key(str, choices=("none", "allowed")),
}
_MARK = re.compile(r"^\s*\[\s*scenario\s*\]", re.MULTILINE)
MOST_SEEDS = 10_000


def is_scenario(path: Path) -> bool:
    """Whether a file is one: it has a table [scenario]."""
    try:
        return path.suffix == ".toml" and bool(_MARK.search(path.read_text(errors="replace")))
    except OSError:
        return False


def find(path: Path) -> list[Path]:
    """The scenario itself, or those in a folder and below, in order."""
    if path.is_dir():
        inside = (p for p in path.rglob("*.toml") if "build" not in p.relative_to(path).parts)
        return sorted(p for p in inside if is_scenario(p))
    return [path]


def chain(path: Path) -> list[Path]:
    """The scenario, the one that it comes after, and so on; K5Error if that never ends."""
    found = [path.resolve()]
    while True:
        head = TomlFile(found[-1]).data.get("scenario", {})
        after = head.get("after") if isinstance(head, dict) else None
        if not isinstance(after, str):
            return found
        before = (found[-1].parent / after).resolve()
        if before in found:
            raise K5Error(f"{shown(before)} comes after itself")
        found.append(before)


class ScenarioFile:
    """A scenario file: what multiplies it is read, the rest with each variant's parameters."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.file = TomlFile(path)
        problems = Problems.of(self.file)
        self.data = check(problems, (), self.file.data, _TABLES)
        problems.raise_if_any()
        head = check(problems, ("scenario",), self.data["scenario"], _SETTINGS)
        if not {"system", "after"} & head.keys():
            problems.raise_if_any()  # a misspelled one
            problems.error(("scenario",), "[scenario] needs the key 'system', or 'after'")
        self.boards = self._names(problems, head, "boards", boards.names())
        self.engines = self._names(problems, head, "engines", ENGINES) or ["hosted"]
        self.seeds = self._seeds(problems, head.get("seeds", [0]))
        self.parameters: Parameters = parameters.read(problems, self.data.get("parameters", {}))
        problems.raise_if_any()
        count = len(self.variants())
        if count > MOST_VARIANTS:
            problems.error(("scenario",), f"it stands for {count} runs; at most {MOST_VARIANTS}")
        self._all_used(problems)
        problems.raise_if_any()

    @staticmethod
    def _names(problems: Problems, head: dict[str, Any], key: str, known: Any) -> list[str]:
        names: list[str] = head.get(key, [])
        where = ("scenario", key)
        if key in head and not names:
            problems.error(where, f"{key} is empty; leave it out, or name some")
        for index, name in enumerate(names):
            if name not in known:
                text = f"unknown {key[:-1]} '{name}'" + suggestion(name, known)
                problems.error((*where, index), text)
            elif name in names[:index]:
                problems.error((*where, index), f"{key[:-1]} '{name}' is named twice")
        return names

    @staticmethod
    def _seeds(problems: Problems, seeds: Any) -> list[int]:
        """A list, or how many."""
        where = ("scenario", "seeds")
        if isinstance(seeds, int) and not isinstance(seeds, bool):
            if 1 <= seeds <= MOST_SEEDS:
                return list(range(seeds))
            problems.error(where, f"seeds = {seeds}: how many, from 1 to {MOST_SEEDS}, or a list")
            return [0]
        if not isinstance(seeds, list) or not seeds:
            problems.error(where, f"seeds must be a list or a number, not {spelled(seeds)}")
            return [0]
        for index, seed in enumerate(seeds):
            good = isinstance(seed, int) and not isinstance(seed, bool) and 0 <= seed < 1 << 32
            if not good:
                text = f"seed {spelled(seed)} is no number from 0 to {(1 << 32) - 1}"
                problems.error((*where, index), text)
            elif seed in seeds[:index]:
                problems.error((*where, index), f"seed {seed} is there twice")
        return seeds

    def _all_used(self, problems: Problems) -> None:
        text = self.path.read_text(errors="replace")
        for name in self.parameters:
            if f"${{{name}}}" not in text:
                problems.error(("parameters", name), f"parameter '{name}' is never used")

    def variants(self) -> list[Variant]:
        """All runs, in the order boards, engines, parameters, seeds."""
        named: list[str | None] = [*self.boards]
        return [
            Variant(board, engine, seed, chosen)
            for board in named or [None]
            for engine in self.engines
            for chosen in parameters.combinations(self.parameters)
            for seed in self.seeds
        ]

    def chosen(
        self, board: str | None, engine: str | None, seed: int | None, values: Mapping[str, str]
    ) -> list[Variant]:
        """The variants that a command line leaves; what it names need not be in the file, but for
        parameters."""
        for name in values:
            if name not in self.parameters:
                hint = suggestion(name, self.parameters) or " (it has none)"
                raise K5Error(f"{shown(self.path)}: unknown parameter '{name}'" + hint)
        fixed: dict[str, list[Value]] = {**self.parameters}
        for name, text in values.items():
            fixed[name] = [_as_in(self.parameters[name], text)]
        named: list[str | None] = [board] if board else [*self.boards]
        return [
            Variant(one, how, number, combination)
            for one in named or [None]
            for how in ([engine] if engine else self.engines)
            for combination in parameters.combinations(fixed)
            for number in (self.seeds if seed is None else [seed])
        ]

    def label(self, variant: Variant) -> str:
        """What tells a variant from the others of this file: `board=stm32l5 seed=3`."""
        words = [f"board={variant.board}"] if len(self.boards) > 1 else []
        words += [f"engine={variant.engine}"] if len(self.engines) > 1 else []
        words += [
            f"{name}={parameters.spelled_plain(value)}"
            for name, value in variant.parameters
            if len(self.parameters.get(name, ())) > 1
        ]
        words += [f"seed={variant.seed}"] if len(self.seeds) > 1 else []
        return " ".join(words)

    def scenario(self, variant: Variant) -> Scenario:
        """The variant's scenario; K5Error lists all that is wrong with it."""
        problems = Problems.of(self.file)
        values = dict(variant.parameters)
        data = {
            name: parameters.substitute(problems, (name,), part, values)
            for name, part in self.data.items()
            if name != "parameters"
        }
        problems.raise_if_any()
        read = Reader(problems)
        settings = self._settings(read, data["scenario"])
        made = Scenario(self.file, variant, settings)
        for index, table in enumerate(data.get("do", [])):
            stimulus = read_stimulus(read, ("do", index), table)
            made.stimuli.extend([stimulus] if stimulus else [])
        for index, table in enumerate(data.get("fault", [])):
            stimulus = read_fault(read, ("fault", index), table)
            made.stimuli.extend([stimulus] if stimulus else [])
        for index, table in enumerate(data.get("expect", [])):
            read_expect(read, made, ("expect", index), table)
        for index, table in enumerate(data.get("never", [])):
            read_never(read, made, ("never", index), table)
        for index, table in enumerate(data.get("latency", [])):
            read_latency(read, made, ("latency", index), table)
        problems.raise_if_any()
        sense.check(problems, made)
        problems.raise_if_any()
        return made

    def check(self) -> None:
        """All variants' scenarios; one message each, however many variants share it."""
        messages: dict[str, None] = {}
        for combination in parameters.combinations(self.parameters):
            for engine in self.engines:
                try:
                    self.scenario(Variant(None, engine, 0, combination))
                except K5Error as problem:
                    messages |= dict.fromkeys(problem.messages)
        if messages:
            raise K5Error(*messages)

    @property
    def system(self) -> Path:
        """That of the scenario that it comes after, if it names none itself."""
        head = self.data["scenario"]
        if "system" in head or "after" not in head:
            return Path(os.path.normpath(self.path.parent / str(head.get("system", ""))))
        return ScenarioFile(self.path.parent / str(head["after"])).system

    def _after(self, read: Reader, good: dict[str, Any]) -> ScenarioFile | None:
        """The scenario that it comes after; its system is this one's."""
        where = ("scenario", "after")
        if "after" not in good:
            return None
        path = Path(os.path.normpath(self.path.parent / good["after"]))
        try:
            if not is_scenario(path):
                raise K5Error(f"{shown(path)} is no scenario")
            chain(self.path)
            found = ScenarioFile(path)
            its = found.system
        except K5Error as problem:
            read.error(where, f"after: {problem.messages[0]}")
            return None
        if good.get("system") and self.system.resolve() != its.resolve():
            read.error(where, f"after: {shown(path)} is of {shown(its)}, not of {shown(self.system)}")
        if "qemu" in self.engines:
            read.error(where, "after is for engine hosted alone: the others keep no snapshots")
        return found

    def _settings(self, read: Reader, table: dict[str, Any]) -> Settings:
        where = ("scenario",)
        good = read.table(where, table, _SETTINGS)
        system = Path(os.path.normpath(self.path.parent / good.get("system", "")))
        if good.get("system") and not system.is_file():
            read.error((*where, "system"), f"system: {shown(system)}: no such file")
        after = self._after(read, good)
        if after and not good.get("system"):
            system = after.system
        if "until" in good and "limit" in good:
            read.error((*where, "limit"), "until and limit exclude each other: it ends at until")
        return Settings(
            system,
            after.path if after else None,
            read.time(where, good, "until", least=1),
            read.time(where, good, "limit", least=1) or LIMIT,
            read.time(where, good, "host_limit", least=1) or HOST_LIMIT,
            good.get("ends", ""),
            good.get("guest_errors", "none"),
            good.get("deadlock", "allowed"),
        )


def _as_in(values: list[Value], text: str) -> Value:
    """A value of the command line, of the type that the file's values have."""
    for value in values:
        if parameters.spelled_plain(value) == text:
            return value
    if all(isinstance(value, int) for value in values):
        try:
            return int(text, 0)
        except ValueError:
            raise K5Error(f"'{text}' is no number") from None
    return text


