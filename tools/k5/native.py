"""The simulator's library for Python: cffi, ABI mode, declarations from its own headers."""

from __future__ import annotations

import functools
import hashlib
import time
from pathlib import Path
from typing import Any

from k5 import cparsed, host
from k5.errors import K5Error
from k5.paths import ROOT

ATTEMPTS, PAUSE_S = 5, 0.5
HEADERS = (
    "k5sim",
    "k5sim_snapshot",
    "k5sim_fault",
    "k5sim_history",
    "k5sim_debug",
    "k5sim_golden",
    "k5sim_explore",
)


def declarations() -> str:
    """The headers of sim/, each behind what it includes, without their preprocessor lines."""
    lines = [
        line for name in HEADERS for line in (ROOT / "sim" / f"{name}.h").read_text().splitlines()
    ]
    return "\n".join(line for line in lines if not line.startswith("#"))


@functools.cache
def load() -> tuple[Any, Any]:
    """(ffi, library), the library as current as at a process's first call."""
    library = host.library()
    text = declarations()
    name = "_k5sim_" + hashlib.sha256(text.encode()).hexdigest()[:12]
    ffi = cparsed.load(name, lambda: text)
    return ffi, _open(ffi, library)


def _open(ffi: Any, library: Path) -> Any:
    """Loads it; tries again while another build, of an editor say, is just writing it."""
    for attempt in range(ATTEMPTS):
        try:
            return ffi.dlopen(str(library))
        except OSError as problem:
            if attempt + 1 == ATTEMPTS:
                raise K5Error(f"cannot load the simulator: {problem}") from None
            time.sleep(PAUSE_S)
    raise AssertionError("unreachable")
