"""Reads [[fault]]: a fault that is injected, and when (docs/faults.md)."""

from __future__ import annotations

from typing import Any

from k5 import faultmodels
from k5.faultmodels import BadFault, Fault
from k5.schema import Key
from k5.scenario import when
from k5.scenario.model import Action, Stimulus, Where
from k5.scenario.reader import Reader

_FAULT = {"model": Key(str), **dict.fromkeys(faultmodels.KEYS, Key(object))}
_KEYS = {**when.KEYS, **_FAULT}
# Those that last, and so can end.
LASTING = ("register-stuck", "memory-stuck", "region-drop", "region-shift", "region-widen",
           "line-stuck", "pin-stuck", "timer-jitter")  # fmt: skip


def read_fault(read: Reader, where: Where, data: Any) -> Stimulus | None:
    """One table [[fault]]: a stimulus like those of [[do]]."""
    good = read.table(where, data, _KEYS)
    complete = read.complete(where, data, _KEYS)
    fault = _fault(read, where, {name: good[name] for name in _FAULT if name in good}, complete)
    found = when.read_when(read, where, data, good, complete)
    if found is None or fault is None:
        return None
    if found.lasts is not None and fault.model not in LASTING:
        read.error(
            (*where, "for"), f"{fault.model} does not last (what does: {', '.join(LASTING)})"
        )
        return None
    action = Action("fault", fault.describe(), (*where, "model"), fault=fault)
    name = good.get("name") or action.said()
    return Stimulus(name, where, found.first, action, found.each, found.every, found.times,
                    found.jitter, found.lasts)  # fmt: skip


def _fault(read: Reader, where: Where, table: dict[str, Any], complete: bool) -> Fault | None:
    try:
        return faultmodels.read(table)
    except BadFault as problem:
        for key, message in problem.problems:
            if key or complete:  # what is missing may be what is misspelled
                read.error((*where, key) if key else where, message)
        return None
