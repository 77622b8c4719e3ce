"""Does what docs/tutorial.md says, and looks for what it shows."""

from __future__ import annotations

import re
import shlex
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


def run(line: str, folder: Path) -> str:
    """A command of the page. It is written for the tree's root, where the test must not write."""
    words = [str(ROOT / "k5") if word == "./k5" else word for word in shlex.split(line)]
    result = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    assert result.returncode == 0, f"{line}: {result.stdout}{result.stderr}"
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
    (tmp_path / "tools").symlink_to(ROOT / "tools")
    output = ""
    files = commands = texts = 0
    for step in steps():
        if step.file:
            path = tmp_path / step.file
            path.parent.mkdir(exist_ok=True)
            path.write_text(step.body)
            files += 1
        elif step.kind == "sh":
            output = "".join(run(line, tmp_path) for line in step.body.splitlines())
            commands += 1
        elif step.kind == "text":
            find_in_order(step.body, output)
            texts += 1
    assert (files, commands, texts) == (6, 7, 7)
