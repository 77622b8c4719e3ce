"""The simulator's library for Python: cffi, ABI mode, declarations from its own headers.

Parsing C costs a tenth of a second, so the parsed form is kept below build/ and
made anew when the header changes.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import importlib.util
import io
import time
from pathlib import Path
from typing import Any

from k5 import host
from k5.errors import K5Error
from k5.paths import BUILD, ROOT

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


def _parsed() -> Path:
    text = declarations()
    name = "_k5sim_" + hashlib.sha256(text.encode()).hexdigest()[:12]
    path = BUILD / "python" / f"{name}.py"
    if not path.exists():
        import cffi

        builder = cffi.FFI()
        builder.cdef(text)
        builder.set_source(name, None)
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(f".{id(builder):x}.tmp")
        with contextlib.redirect_stdout(io.StringIO()):  # cffi says what it is doing
            builder.emit_python_code(str(temporary))
        temporary.replace(path)  # in one step: another process may be here, too
    return path


@functools.cache
def load() -> tuple[Any, Any]:
    """(ffi, library), the library as current as at a process's first call."""
    library = host.library()
    try:
        path = _parsed()
        spec = importlib.util.spec_from_file_location(path.stem, path)
        assert spec and spec.loader
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    except ImportError as problem:
        raise K5Error(f"{problem.name or problem} is missing: `./k5 doctor` says more") from None
    ffi: Any = module.ffi
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
