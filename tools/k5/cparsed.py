"""C declarations for cffi. Parsing them costs a tenth of a second and more, so the parsed form is
kept below build/."""

from __future__ import annotations

import contextlib
import importlib.util
import io
from collections.abc import Callable
from typing import Any

from k5.errors import K5Error
from k5.paths import BUILD


def load(name: str, declarations: Callable[[], str]) -> Any:
    """The cffi object of these declarations, whose name changes when they do."""
    path = BUILD / "python" / f"{name}.py"
    try:
        if not path.exists():
            import cffi

            builder = cffi.FFI()
            builder.cdef(declarations())
            builder.set_source(name, None)
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary = path.with_suffix(f".{id(builder):x}.tmp")
            with contextlib.redirect_stdout(io.StringIO()):  # cffi says what it is doing
                builder.emit_python_code(str(temporary))
            temporary.replace(path)  # in one step: another process may be here, too
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec and spec.loader
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    except ImportError as problem:
        raise K5Error(f"{problem.name or problem} is missing: `./k5 doctor` says more") from None
    return module.ffi
