"""Does what docs/tutorial.md says, and looks for what it shows."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BLOCK = re.compile(
    r"(?:^\*\*(?P<file>\S+)\*\*\n\n)?^```(?P<kind>\w+)\n(?P<body>.*?)^```$", re.M | re.S
)
TIME = re.compile(r"^ +\d+\.\d{6} +")


@dataclass
class Step:
    kind: str
    file: str | None
    body: str


def steps() -> list[Step]:
    text = (ROOT / "docs" / "tutorial.md").read_text()
    return [Step(m["kind"], m["file"], m["body"]) for m in BLOCK.finditer(text)]


FAILS = " # fails"


def run(line: str, folder: Path) -> str:
    """A command of the page, which is written for the tree's root and then for the application."""
    environment = {**os.environ, "K5_TOOLS": str(ROOT / "tools")}
    expected = 1 if line.endswith(FAILS) else 0
    command = line.removesuffix(FAILS)
    if command.startswith("./k5") and not (folder / "k5").exists():
        command = str(ROOT) + command.removeprefix(".")
    result = subprocess.run(
        command, shell=True, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert result.returncode == expected, f"{line}: {result.stdout}{result.stderr}"
    return result.stdout


def plain(line: str) -> str:
    return " ".join(TIME.sub("", line).split())


def find_in_order(shown: str, output: str) -> None:
    """Each line of the page is in the output, in that order; times and columns may differ."""
    lines = [plain(line) for line in output.splitlines()]
    at = 0
    for line in shown.splitlines():
        wanted = plain(line)
        found = next((i for i in range(at, len(lines)) if wanted in lines[i]), None)
        assert found is not None, f"'{wanted}' is not in the rest of:\n" + "\n".join(lines[at:])
        at = found + 1


@pytest.mark.slow
def test_tutorial(tmp_path: Path) -> None:
    folder, output = tmp_path, ""
    files = commands = texts = 0
    for step in steps():
        if step.file:
            (folder / step.file).write_text(step.body)
            files += 1
        elif step.kind == "sh":
            output = ""
            for line in step.body.splitlines():
                if line.startswith("cd "):
                    folder = folder / line.removeprefix("cd ")
                else:
                    output += run(line, folder)
            commands += 1
        elif step.kind == "text":
            find_in_order(step.body, output)
            texts += 1
    assert (files, commands, texts) == (6, 9, 9)
