"""Parameters: the variants that they, boards, engines and seeds make, and `${name}` in texts."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from typing import Any

from k5.errors import suggestion
from k5.schema import Problems, spelled
from k5.scenario.model import Value, Where

_USE = re.compile(r"\$\{([^}]*)\}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
MOST_VARIANTS = 10_000

Parameters = dict[str, list[Value]]


def read(problems: Problems, table: Mapping[str, Any]) -> Parameters:
    """[parameters]: a list of values each."""
    found: Parameters = {}
    for name, values in table.items():
        where = ("parameters", name)
        if not _NAME.fullmatch(name):
            problems.error(where, f"'{name}' is no name for a parameter: letters, digits, - and _")
        elif not isinstance(values, list) or not values:
            text = f"parameter '{name}' must be a list of values, not {spelled(values)}"
            problems.error(where, text)
        elif bad := [v for v in values if not isinstance(v, (int, str))]:
            text = f"parameter '{name}' takes texts, integers, true and false, not {spelled(bad[0])}"
            problems.error((*where, values.index(bad[0])), text)
        elif len(set(values)) < len(values):
            problems.error(where, f"parameter '{name}' has the same value twice")
        else:
            found[name] = values
    return found


def combinations(parameters: Parameters) -> Iterator[tuple[tuple[str, Value], ...]]:
    """Each choice of a value for each parameter; the last one changes fastest."""
    for values in itertools.product(*parameters.values()):
        yield tuple(zip(parameters, values, strict=True))


def substitute(problems: Problems, where: Where, data: Any, values: Mapping[str, Value]) -> Any:
    """`data` with `${name}` replaced in all texts, at any depth."""
    if isinstance(data, dict):
        return {k: substitute(problems, (*where, k), v, values) for k, v in data.items()}
    if isinstance(data, list):
        return [substitute(problems, (*where, i), v, values) for i, v in enumerate(data)]
    if not isinstance(data, str) or "${" not in data:
        return data
    for name in _USE.findall(data):
        if name not in values:
            hint = suggestion(name, values) or " (there is no [parameters])"
            problems.error(where, f"unknown parameter '${{{name}}}'" + hint)
            return data
    whole = _USE.fullmatch(data)
    if whole:
        return values[whole[1]]
    return _USE.sub(lambda use: spelled_plain(values[use[1]]), data)


def spelled_plain(value: Value) -> str:
    """A value as part of a text, and on the command line."""
    return str(value).lower() if isinstance(value, bool) else str(value)
