"""Reads campaign files; each mistake becomes a message with its line."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path
from typing import Any

from k5 import board as boards
from k5.campaign import classes
from k5.campaign.model import BITS, EXHAUSTIVE, NEEDED, PLACES, SAMPLE
from k5.campaign.model import Campaign, Injection, Point
from k5.errors import suggestion
from k5.faultmodels import LEVELS
from k5.paths import shown
from k5.scenario import units
from k5.scenario.model import Pattern, Where
from k5.scenario.reader import Reader
from k5.schema import Key, Problems, check, spelled
from k5.tomlindex import TomlFile

_TABLES = {
    "campaign": Key(dict, required=True),
    "window": Key(dict),
    "inject": Key(list, required=True, items=dict),
    "detected": Key(list, items=dict),
}
_CAMPAIGN = {
    "title": Key(str),
    "system": Key(str),
    "scenario": Key(str),
    "parameters": Key(dict),
    "board": Key(str),
    "seed": Key(int, least=0, most=(1 << 32) - 1),
    "mode": Key(str, choices=(EXHAUSTIVE, SAMPLE)),
    "confidence": Key(object),
    "margin": Key(object),
    "sample_seed": Key(int, least=0),
    "limit": Key(str),
    "trusted": Key(list, items=str),
    "fail_on": Key(list, items=str),
}
_WINDOW = {"from": Key(object), "until": Key(object), "end": Key(object)}
_INJECT = {
    "model": Key(str, required=True, choices=tuple(PLACES)),
    "tasks": Key(list, items=str),
    "every": Key(int, least=1),
    "functions": Key(list, items=str),
    "source_lines": Key(list, items=str),
    "registers": Key(list, items=str),
    "bits": Key(object),
    "levels": Key(list, items=str),
    "ranges": Key(list, items=str),
    "regions": Key(list),
    "regions_of": Key(list, items=str),
    "bytes": Key(list, items=int),
    "fields": Key(list, items=str),
    "words": Key(list),
    "lines": Key(list, items=str),
    "late": Key(list, items=str),
    "most": Key(list, items=str),
    "seeds": Key(list, items=int),
    "pins": Key(list, items=str),
    "values": Key(list, items=str),
    "to": Key(list, items=int),
}
_SITES = ("model", "tasks", "every", "functions", "source_lines")
_MARK = re.compile(r"^\s*\[\s*campaign\s*\]", re.MULTILINE)
_SPAN = re.compile(r"(\d+)(?:-(\d+))?")
LEAST_CONFIDENCE, MOST_CONFIDENCE = Fraction(1, 2), Fraction(9999, 10000)
CONFIDENCE, MARGIN, LIMIT = Fraction(95, 100), Fraction(1, 100), Fraction(1)


def is_campaign(path: Path) -> bool:
    """Whether a file is one: it has a table [campaign]."""
    try:
        return path.suffix == ".toml" and bool(_MARK.search(path.read_text(errors="replace")))
    except OSError:
        return False


def read(path: Path) -> Campaign:
    """The campaign; K5Error lists all that is wrong with the file."""
    file = TomlFile(path)
    problems = Problems.of(file)
    data = check(problems, (), file.data, _TABLES)
    problems.raise_if_any()
    made = _Reader(problems).campaign(data)
    problems.raise_if_any()
    return made


class _Reader(Reader):
    def campaign(self, data: dict[str, Any]) -> Campaign:
        where = ("campaign",)
        good = self.table(where, data["campaign"], _CAMPAIGN)
        window = self.table(("window",), data.get("window", {}), _WINDOW)
        mode = good.get("mode", EXHAUSTIVE)
        self._sampling(where, good, mode)
        return Campaign(
            file=self.problems.file,
            title=good.get("title", self.problems.file.path.stem),
            system=self._file(where, good, "system"),
            scenario=self._file(where, good, "scenario"),
            parameters=self._parameters(where, good),
            board=self._board(where, good),
            seed=good.get("seed", 0),
            mode=mode,
            confidence=self._confidence(where, good),
            margin=self._margin(where, good),
            sample_seed=good.get("sample_seed", 1),
            limit=self._limit(where, good),
            trusted=tuple(good.get("trusted", ())),
            fail_on=self._fail_on(where, good),
            start=self._point(window, "from"),
            until=self._point(window, "until"),
            end=self._point(window, "end"),
            injections=self._injections(data["inject"]),
            detected=self._detected(data.get("detected", [])),
        )

    # ---- [campaign]

    def _file(self, where: Where, good: dict[str, Any], name: str) -> Path | None:
        """`system` or `scenario`: exactly one of them."""
        if name == "system":
            self.one_of(where, good, ("system", "scenario"), "what is run?")
        if name not in good:
            return None
        path: Path = self.problems.file.path.parent / good[name]
        if not path.is_file():
            self.error((*where, name), f"{name}: {shown(path)}: no such file")
        return path

    def _parameters(self, where: Where, good: dict[str, Any]) -> dict[str, Any]:
        if "parameters" in good and "scenario" not in good:
            self.error((*where, "parameters"), "parameters are a scenario's; a system has none")
        return dict(good.get("parameters", {}))

    def _board(self, where: Where, good: dict[str, Any]) -> str | None:
        board: str | None = good.get("board")
        if board is not None and board not in boards.names():
            text = f"unknown board '{board}'" + suggestion(board, boards.names())
            self.error((*where, "board"), text)
        return board

    def _sampling(self, where: Where, good: dict[str, Any], mode: str) -> None:
        for name in ("confidence", "margin", "sample_seed"):
            if name in good and mode != SAMPLE:
                self.error((*where, name), f'{name} is for mode = "sample"')

    def _confidence(self, where: Where, good: dict[str, Any]) -> Fraction:
        share = self.share(where, good, "confidence") if "confidence" in good else CONFIDENCE
        if share is not None and not LEAST_CONFIDENCE <= share <= MOST_CONFIDENCE:
            text = f'confidence = "{good["confidence"]}" must be from 50% to 99.99%'
            self.error((*where, "confidence"), text)
        return share or CONFIDENCE

    def _margin(self, where: Where, good: dict[str, Any]) -> Fraction:
        share = self.share(where, good, "margin") if "margin" in good else MARGIN
        if share is not None and not Fraction(1, 10_000) <= share <= Fraction(1, 4):
            text = f'margin = "{good["margin"]}" must be from 0.01% to 25%'
            self.error((*where, "margin"), text)
        return share or MARGIN

    def _limit(self, where: Where, good: dict[str, Any]) -> int | Fraction:
        """How much longer than the golden run: a time, or a part of its length."""
        text = good.get("limit")
        if text is None:
            return LIMIT
        found = re.fullmatch(r"(\d+(?:\.\d+)?)%", text)
        if found:
            share = Fraction(found[1]) / 100
            if share == 0:
                self.error((*where, "limit"), 'limit = "0%" leaves a trial no time to be late')
            return share
        return self.time(where, good, "limit", least=1) or LIMIT

    def _fail_on(self, where: Where, good: dict[str, Any]) -> tuple[str, ...]:
        for index, name in enumerate(good.get("fail_on", ())):
            if name not in classes.CLASSES:
                text = f"unknown outcome '{name}'" + suggestion(name, classes.CLASSES)
                self.error((*where, "fail_on", index), text)
        return tuple(good.get("fail_on", ()))

    # ---- [window]

    def _point(self, window: dict[str, Any], name: str) -> Point | None:
        if name not in window:
            return None
        where: Where = ("window", name)
        value = window[name]
        if isinstance(value, dict) and "instructions" in value:
            keys = {"instructions": Key(int, required=True, least=0)}
            count = self.table(where, value, keys).get("instructions")
            return Point(where, instructions=count) if count is not None else None
        if isinstance(value, dict):
            event = self.event(where, value, nth=True)
            return Point(where, event=event) if event else None
        if not isinstance(value, str):
            example = '"20ms", { instructions = 5000 } or { log = "ready" }'
            self.error(where, f"{name} must be a moment like {example}, not {spelled(value)}")
            return None
        at = self.time(("window",), window, name)
        return Point(where, at=at) if at is not None else None

    # ---- [[inject]]

    def _injections(self, tables: list[dict[str, Any]]) -> tuple[Injection, ...]:
        if not tables:
            self.error(("inject",), "nothing is injected: it needs a table [[inject]]")
        found = [self._injection(("inject", index), table) for index, table in enumerate(tables)]
        return tuple(one for one in found if one)

    def _injection(self, where: Where, table: dict[str, Any]) -> Injection | None:
        good = self.table(where, table, _INJECT)
        model = good.get("model")
        if model is None:
            return None
        for name in good:
            if name not in _SITES and name not in PLACES[model]:
                takes = ", ".join((*PLACES[model], *_SITES[1:]))
                self.error((*where, name), f"{name} says nothing of {model} (it takes: {takes})")
        needed = NEEDED.get(model)
        if needed and needed not in good and self.complete(where, table, _INJECT):
            self.error(where, f"{model} needs {needed}: there are too many to take all")
        for name in (*PLACES[model], *_SITES):
            if good.get(name) == []:
                self.error((*where, name), f"{name} is empty: leave it out for all, or name some")
        more = {name: good[name] for name in PLACES[model] if name in good and name != "bits"}
        self._values(where, more)
        return Injection(
            where,
            model,
            tuple(good.get("tasks", ())),
            good.get("every", 1),
            tuple(good.get("functions", ())),
            tuple(good.get("source_lines", ())),
            self._bits(where, good, BITS.get(model, 32)) if "bits" in PLACES[model] else (0,),
            more,
        )

    def _values(self, where: Where, more: dict[str, Any]) -> None:
        """Levels by name; times in nanoseconds."""
        for index, level in enumerate(more.get("levels", ())):
            if level not in LEVELS:
                text = f'level "{level}"' + suggestion(level, LEVELS)
                self.error((*where, "levels", index), text)
        for name in ("late", "most"):
            for index, text in enumerate(more.get(name, ())):
                try:
                    more[name][index] = units.time_ns(text)
                except units.BadUnit as problem:
                    self.error((*where, name, index), f"{name}: {problem}")

    def _bits(self, where: Where, good: dict[str, Any], count: int) -> tuple[int, ...]:
        """`"0-7"`, `"0-7,31"` or a list of numbers; all if left out."""
        if "bits" not in good:
            return tuple(range(count))
        value = good["bits"]
        where = (*where, "bits")
        if isinstance(value, str):
            found: list[int] = []
            for part in value.split(","):
                span = _SPAN.fullmatch(part.strip())
                if not span:
                    self.error(where, f'bits = "{value}" must be like "0-7,31", or a list')
                    return ()
                first, last = int(span[1]), int(span[2] or span[1])
                found += range(first, min(last, 32) + 1)
        elif isinstance(value, list) and all(type(bit) is int for bit in value):
            found = value
        else:
            self.error(where, f'bits must be like "0-7,31", or a list, not {spelled(value)}')
            return ()
        wrong = [bit for bit in found if not 0 <= bit < 32]
        if wrong or not found:
            what = f"there is no bit {wrong[0]}: they go from 0 to 31" if wrong else "it names none"
            self.error(where, f"bits = {spelled(value)}: {what}")
        return tuple(sorted(set(found)))

    # ---- [[detected]]

    def _detected(self, tables: list[dict[str, Any]]) -> tuple[Pattern, ...]:
        found = [self.event(("detected", index), table) for index, table in enumerate(tables)]
        return tuple(one for one in found if one)
