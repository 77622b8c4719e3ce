"""K5's tools: the package behind ./k5, also usable from scripts and pytest.

`from k5 import Machine` is all that a script needs; everything is imported on
first use, so that `import k5` costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from k5.machine import Machine as Machine

__all__ = ["Machine"]


def __getattr__(name: str) -> Any:
    if name == "Machine":
        from k5.machine import Machine

        return Machine
    raise AttributeError(f"module 'k5' has no attribute {name!r}")
