"""Make the ABI header, the stubs and the ABI page from abi/syscalls.toml.

`./k5 build --abi` writes them; the tests check that they are current.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from k5 import stubs

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "abi" / "syscalls.toml"
HEADER = ROOT / "abi" / "k5_abi.h"
STUBS = ROOT / "user" / "libk5" / "k5_syscall.h"
PAGE = ROOT / "docs" / "abi.md"

ARGUMENT_REGISTERS = 7
RESULT_REGISTERS = 8


@dataclass(frozen=True)
class EnumSpec:
    """One list of named numbers: its key in the description and its C names."""

    key: str
    tag: str
    prefix: str
    title: str


ENUMS = (
    EnumSpec("error", "k5_error", "K5_", "Errors"),
    EnumSpec("kind", "k5_kind", "K5_KIND_", "Capability kinds"),
    EnumSpec("right", "k5_right", "K5_RIGHT_", "Rights"),
    EnumSpec("message_kind", "k5_message_kind", "K5_MSG_", "Message kinds"),
    EnumSpec("message_flag", "k5_message_flag", "K5_FLAG_", "Message flags"),
    EnumSpec("log_level", "k5_log_level", "K5_LEVEL_", "Log levels"),
    EnumSpec("event", "k5_event_kind", "K5_EVENT_", "Events"),
    EnumSpec("fault", "k5_fault_kind", "K5_FAULT_", "Fault kinds"),
    EnumSpec("fault_flag", "k5_fault_flag", "K5_FAULT_FLAG_", "Fault flags"),
    EnumSpec("task_state", "k5_task_state", "K5_TASK_", "Task states"),
    EnumSpec("thread_state", "k5_thread_state", "K5_THREAD_", "Thread states"),
)


def load(path: Path = SOURCE) -> dict[str, Any]:
    """The description, checked for what the generators rely on."""
    with path.open("rb") as file:
        abi = tomllib.load(file)
    for spec in ENUMS:
        if spec.key != "right":  # a bit means another right with each kind of capability
            _check_unique(path, spec.key, [entry["value"] for entry in abi[spec.key]])
    for known in rights(abi).values():
        _check_unique(path, "right", list(known.values()))
    _check_unique(path, "syscall", [call["number"] for call in abi["syscall"]])
    errors = {error["name"] for error in abi["error"]}
    for call in abi["syscall"]:
        if len(call["args"]) > ARGUMENT_REGISTERS or len(call["results"]) > RESULT_REGISTERS:
            raise ValueError(f"{path}: {call['name']}: more arguments or results than registers")
        unknown = set(call["errors"]) - errors
        if unknown:
            raise ValueError(f"{path}: {call['name']}: unknown errors {sorted(unknown)}")
    return abi


def _check_unique(path: Path, key: str, values: list[int]) -> None:
    if len(set(values)) != len(values):
        raise ValueError(f"{path}: two entries of [[{key}]] have the same number")


def names(abi: dict[str, Any], key: str) -> dict[int, str]:
    """Number to name, for the decoders."""
    number = "number" if key == "syscall" else "value"
    return {entry[number]: entry["name"] for entry in abi[key]}


def rights(abi: dict[str, Any]) -> dict[str, dict[str, int]]:
    """By kind of capability the names and bits of the rights that it can have."""
    found: dict[str, dict[str, int]] = {
        entry["name"]: {} for entry in abi["kind"] if entry["value"]
    }
    for right in abi["right"]:
        for kind in found if right["kind"] == "all" else right["kind"].split(", "):
            found[kind][right["name"]] = right["value"]
    return found


def header(abi: dict[str, Any]) -> str:
    """The text of k5_abi.h."""
    out = [
        "/* Made from abi/syscalls.toml by `./k5 build --abi`: do not edit.",
        " *",
        " * The only header that kernel and user share. What each call does: docs/abi.md.",
        " */",
        "#pragma once",
        "",
        f"#define K5_ABI_VERSION {abi['version']}",
        "",
    ]
    for spec in ENUMS:
        out.append(f"enum {spec.tag} {{")
        for entry in abi[spec.key]:
            value = entry["value"]
            number = f"0x{value:04x}" if spec.key == "message_flag" else str(value)
            doc = f" /* {entry['doc']} */" if "doc" in entry else ""
            out.append(f"    {spec.prefix}{entry['name']} = {number},{doc}")
        out += ["};", ""]
    out.append("enum k5_syscall {")
    for call in abi["syscall"]:
        out.append(f"    K5_SYS_{call['name'].upper()} = {call['number']},")
    out += [f"    K5_SYS_COUNT = {max(c['number'] for c in abi['syscall']) + 1},", "};", ""]
    out += [
        "/* Number of its register: 0 is r4 on Armv8-M, a0 on RV32. A0.. arguments, R0.. results. */",
        "enum k5_register {",
    ]
    for call in abi["syscall"]:
        for kind, letter in (("args", "A"), ("results", "R")):
            for index, name in enumerate(call[kind]):
                out.append(f"    K5_{letter}_{call['name'].upper()}_{name.upper()} = {index},")
    out += ["    K5_R_NUMBER = 7,", "};", ""]
    return "\n".join(out)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def page(abi: dict[str, Any]) -> str:
    """The text of docs/abi.md."""
    armv8m, rv32 = (abi["registers"][arch] for arch in ("armv8m", "rv32"))
    out = [
        "# The system-call ABI",
        "",
        "<!-- Made from abi/syscalls.toml by `./k5 build --abi`: do not edit. -->",
        "",
        f"Version {abi['version']}. Numbers are only ever appended.",
        "",
        abi["registers"]["doc"],
        f"On Armv8-M the registers are {', '.join(armv8m)}, and the instruction is `svc 0`;",
        f"on RV32 they are {', '.join(rv32)}, and the instruction is `ecall`.",
        "A number that is no system call is a fault of the task, not an error.",
        "",
        "## Messages",
        "",
        abi["message"]["doc"],
        "",
        "## System calls",
        "",
    ]
    for call in abi["syscall"]:
        out += [f"### {call['name']} ({call['number']})", "", call["doc"], ""]
        out += ["| Armv8-M | RV32 | argument | result |", "|---|---|---|---|"]
        for index, (arm, riscv) in enumerate(zip(armv8m, rv32, strict=True)):
            argument = call["args"][index] if index < len(call["args"]) else ""
            if index == RESULT_REGISTERS - 1:
                argument = str(call["number"])
            result = call["results"][index] if index < len(call["results"]) else ""
            if argument or result:
                out.append(f"| {arm} | {riscv} | {argument} | {result} |")
        out.append("")
        if call["errors"]:
            out += ["Errors: " + ", ".join(f"`{e}`" for e in call["errors"]) + ".", ""]
    for spec in ENUMS:
        out += [f"## {spec.title}", "", "| name | number | meaning |", "|---|---|---|"]
        for entry in abi[spec.key]:
            meaning = entry.get("doc", "")
            if spec.key == "event":
                args = ", ".join(entry["args"]) or "none"
                meaning += f" Class {entry['class']}; code: {entry['code']}; words: {args}."
            value = entry["value"]
            shown = f"0x{value:04x}" if spec.key == "message_flag" else str(value)
            out.append(f"| `{spec.prefix}{entry['name']}` | {shown} | {_cell(meaning)} |")
        out.append("")
    out += ["## Event records", "", abi["event_record"]["doc"], ""]
    return "\n".join(out)


def outputs() -> dict[Path, str]:
    """Each generated file with the text it should have."""
    abi = load()
    return {HEADER: header(abi), STUBS: stubs.header(abi), PAGE: page(abi)}


def write() -> list[Path]:
    """Write what is not current; returns those files."""
    changed = []
    for path, text in outputs().items():
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
            changed.append(path)
    return changed


def stale() -> list[Path]:
    """Generated files that do not match the description."""
    return [p for p, text in outputs().items() if not p.exists() or p.read_text() != text]
