"""The native kernel's state by the names of kernel/state.h.

    state = kernelstate.of(machine)       # a copy, as it is now
    state.thread[1].budget_left

The layout is read from the headers themselves, by the compiler's preprocessor and
cffi, once; a file below build/ keeps it until they change.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import operator
import re
import subprocess
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from k5 import abi, cparsed
from k5.errors import K5Error
from k5.paths import ROOT

if TYPE_CHECKING:
    from k5.machine import Machine
    from k5.snapshots import Snapshot

NOBODY = 0xFF  # NO_THREAD, NO_TASK
NO_SLOT = 0xFFFF
_FOLDERS = (".", "hostport", "abi")
_SOURCES = ("kernel", "hostport", "abi", "arch/armv8m", "arch/rv32")
_STRUCT = re.compile(r"^struct (\w+) \{.*?^\};", re.MULTILINE | re.DOTALL)
_ROOM = re.compile(r"\(\((\d+)\) > 0 \? \(\1\) : 1\)")
_DIMENSION = re.compile(r"\[([^\]\[]+)\]")
_OPERATORS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul,
              ast.Div: operator.floordiv}  # fmt: skip


def _number(node: ast.expr) -> int:
    if isinstance(node, ast.Constant) and isinstance(node.value, int):
        return node.value
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        return int(_OPERATORS[type(node.op)](_number(node.left), _number(node.right)))
    raise K5Error(f"kernel/state.h: '{ast.unparse(node)}' is no size that is understood here")


def _dimension(found: re.Match[str]) -> str:
    text = _ROOM.sub(lambda room: str(max(int(room[1]), 1)), found[1])
    return f"[{_number(ast.parse(re.sub(r'(?<=[0-9])[uU]', '', text), mode='eval').body)}]"


def _needed(structs: dict[str, str], name: str) -> Iterator[str]:
    """The struct, behind those that it is made of."""
    for inner in re.findall(r"\bstruct (\w+) \w", structs[name]):
        yield from _needed(structs, inner)
    yield name


def declarations() -> str:
    """struct kernel_state and all that is in it, without macros."""
    command = ["gcc", "-E", "-P", *(f"-I{folder}" for folder in _FOLDERS), "kernel/state.h"]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as problem:
        raise K5Error(f"the kernel's state cannot be read: {problem}") from None
    structs = {found[1]: found[0] for found in _STRUCT.finditer(done.stdout)}
    names = dict.fromkeys(_needed(structs, "kernel_state"))
    return _DIMENSION.sub(_dimension, "\n".join(structs[name] for name in names))


def _key() -> str:
    digest = hashlib.sha256()
    for folder in _SOURCES:
        for path in sorted((ROOT / folder).glob("*.h")):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


@functools.cache
def _load() -> Any:
    """The parsed headers: a cffi object."""
    return cparsed.load(f"_k5state_{_key()}", declarations)


def view(data: bytes) -> Any:
    """These bytes as struct kernel_state; a copy of them."""
    ffi = _load()
    state = ffi.new("struct kernel_state *")
    if len(data) != ffi.sizeof("struct kernel_state"):
        size = ffi.sizeof("struct kernel_state")
        raise K5Error(f"the library's kernel state has {len(data)} bytes, its headers say {size}")
    ffi.buffer(state)[:] = data
    return state


def of(source: Machine | Snapshot) -> Any:
    """The kernel's state in a machine, or in a snapshot."""
    return view(source.kernel_state())


@functools.cache
def thread_states() -> dict[int, str]:
    """enum k5_thread_state."""
    return abi.names(abi.load(), "thread_state")


@functools.cache
def task_states() -> dict[int, str]:
    """enum k5_task_state."""
    return abi.names(abi.load(), "task_state")


@functools.cache
def kinds() -> dict[int, str]:
    """enum k5_kind, of capabilities."""
    return abi.names(abi.load(), "kind")
