"""The system-call stubs: user/libk5/k5_syscall.h, from abi/syscalls.toml.

A message call takes and leaves its words in a struct k5_sys_frame; every other
call takes its arguments and gives its results one by one. A pair NAME_low,
NAME_high is one 64-bit number.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

NUMBER = 7  # register of the system call's number, and of the last result
FRAME = {
    "info": "",
    "w0": "",
    "w1": "",
    "w2": "",
    "w3": "",
    "copied": "call",
    "badge": "recv, reply_recv",
    "reply": "recv, reply_recv; also the argument of reply and reply_recv",
    "deadline": "argument of send, call and recv, with K5_FLAG_TIMED",
}

HEAD = """\
/* Made from abi/syscalls.toml by `./k5 build --abi`: do not edit.
 *
 * System-call stubs: one inline function a call, nothing but registers. Arguments and
 * results travel in eight registers, the number in the last of them (docs/abi.md);
 * k5_machine.h says which these are. The kernel changes only the registers that a call
 * names as results, and restores everything else, flags included: so no stub clobbers
 * more than it returns. Programs use k5.h; these are for those who count instructions.
 */
#pragma once

#include <stdint.h>

#include "k5_abi.h"
#include "k5_machine.h"

/* clang-format off */

/* What a message call leaves behind. Fields that it does not return keep their value. */
struct k5_sys_frame {
"""


@dataclass(frozen=True)
class Parameter:
    """One parameter of a stub: how it is declared, and what goes in and out of registers."""

    declared: str
    inputs: dict[int, str]
    outputs: dict[int, str]


def _pair(names: list[str], index: int) -> bool:
    following = names[index + 1] if index + 1 < len(names) else ""
    return names[index].endswith("_low") and following == names[index][:-4] + "_high"


def _scalars_in(args: list[str]) -> list[Parameter]:
    found, index = [], 0
    while index < len(args):
        name = args[index]
        if _pair(args, index):
            name = name[:-4]
            halves = {index: f"(uint32_t){name}", index + 1: f"(uint32_t)({name} >> 32)"}
            found.append(Parameter(f"uint64_t {name}", halves, {}))
            index += 2
        else:
            found.append(Parameter(f"uint32_t {name}", {index: name}, {}))
            index += 1
    return found


def _scalars_out(results: list[str], first: int, keep: bool) -> list[Parameter]:
    """`keep`: after an error what they point to is as before."""
    return [
        Parameter(f"uint32_t *{name}", {index: f"*{name}"} if keep else {}, {index: f"*{name}"})
        for index, name in enumerate(results)
        if index >= first
    ]


def _frame_parameters(call: dict[str, Any]) -> list[Parameter]:
    plain = [
        Parameter(f"uint32_t {name}", {index: name}, {})
        for index, name in enumerate(call["args"])
        if name not in FRAME
    ]
    inputs = {i: f"f->{name}" for i, name in enumerate(call["args"]) if name in FRAME}
    outputs = {i: f"f->{name}" for i, name in enumerate(call["results"]) if name in FRAME}
    return [*plain, Parameter("struct k5_sys_frame *f", inputs, outputs)]


def _stub(call: dict[str, Any]) -> str:
    results = call["results"]
    wide = not call["errors"] and len(results) > 1 and _pair(results, 1)
    if "info" in call["args"]:
        parameters = _frame_parameters(call)
    else:
        parameters = _scalars_in(call["args"])
        parameters += _scalars_out(results, 3 if wide else 1, bool(call["errors"]))
    # In reverse: where an argument and a result share a register, the argument goes in.
    inputs = {i: text for p in reversed(parameters) for i, text in p.inputs.items()}
    outputs = {i: text for p in parameters for i, text in p.outputs.items()}
    inputs[NUMBER] = f"K5_SYS_{call['name'].upper()}"
    returned = {0, *((1, 2) if wide else ())} if results else set()
    changed = {*outputs, *returned}
    out = [_signature(call, wide, parameters), "{"]
    for index in sorted({*inputs, *changed}):
        value = f" = {inputs[index]}" if index in inputs else ""
        out.append(f"    K5_IN_REG({index}, v{index}){value};")
    out += ["", f"    {_assembly(inputs, changed, call.get('memory', True))}"]
    out += [f"    {place} = {_read(index)};" for index, place in sorted(outputs.items())]
    if not results:
        out.append("    __builtin_unreachable();")
    else:
        value = f"(uint64_t){_read(2)} << 32 | {_read(1)}" if wide else f"(int32_t){_read(0)}"
        out.append(f"    return {value};")
    return "\n".join([f"/* {call['stub']} */", *out, "}", ""])


def _read(index: int) -> str:
    return "k5_from_v3(v3)" if index == 3 else f"v{index}"


def _signature(call: dict[str, Any], wide: bool, parameters: list[Parameter]) -> str:
    kind = "uint64_t" if wide else "int32_t"
    kind = f"static inline {kind}" if call["results"] else "_Noreturn static inline void"
    declared = ", ".join(p.declared for p in parameters) or "void"
    return f"{kind} k5_sys_{call['name']}({declared})"


def _assembly(inputs: dict[int, str], changed: set[int], memory: bool) -> str:
    out = ", ".join(f'"{"+r" if i in inputs else "=r"}"(v{i})' for i in sorted(changed))
    into = ", ".join(f'"r"(v{i})' for i in sorted(inputs) if i not in changed)
    clobbered = ' : "memory"' if memory else ""
    return f"__asm__ volatile(K5_TRAP : {out} : {into}{clobbered});"


def header(abi: dict[str, Any]) -> str:
    """The text of k5_syscall.h, as clang-format leaves it alone."""
    fields = [
        f"    uint32_t {name};" + (f" /* {who} */" if who else "") for name, who in FRAME.items()
    ]
    stubs = [_stub(call) for call in abi["syscall"]]
    return HEAD + "\n".join([*fields, "};", "", *stubs])
