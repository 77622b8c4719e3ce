"""A scenario that repeats a schedule: the explored variant, with what was forced as stimuli."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from k5.schema import Problems
from k5.scenario import parameters
from k5.scenario.load import ScenarioFile
from k5.scenario.model import Variant

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def text(
    file: ScenarioFile,
    variant: Variant,
    added: Iterable[dict[str, object]],
    remarks: Iterable[str],
    folder: Path,
) -> str:
    """TOML for a file in `folder`; `added`: tables [[do]]."""
    problems = Problems.of(file.file)
    values = dict(variant.parameters)
    data = {
        name: parameters.substitute(problems, (name,), part, values)
        for name, part in file.data.items()
        if name != "parameters"
    }
    problems.raise_if_any()
    head: dict[str, Any] = {**data.pop("scenario")}
    head |= {"engines": [variant.engine], "seeds": [variant.seed]}
    for key in ("system", "after"):
        if key in head:
            meant = (file.path.parent / head[key]).resolve()
            head[key] = os.path.relpath(meant, folder.resolve())
    if variant.board:
        head["boards"] = [variant.board]
    out = [f"# {remark}" for remark in remarks]
    out += ["", "[scenario]", *_table(head)]
    for name, tables in {**data, "do": [*data.get("do", []), *added]}.items():
        for table in tables:
            out += ["", f"[[{name}]]", *_table(table)]
    return "\n".join(out) + "\n"


def _table(table: dict[str, Any]) -> list[str]:
    return [f"{_key(name)} = {_value(value)}" for name, value in table.items()]


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else json.dumps(name)


def _value(value: Any) -> str:
    """On one line: what JSON and TOML write alike, and tables."""
    if isinstance(value, dict):
        return "{ " + ", ".join(_table(value)) + " }" if value else "{}"
    if isinstance(value, list):
        return "[" + ", ".join(_value(one) for one in value) + "]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
