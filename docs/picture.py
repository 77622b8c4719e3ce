#!/usr/bin/python3
"""Makes docs/demo.svg, the README's picture, from a run of the demo."""

from __future__ import annotations

import io
import pty
import re
import subprocess
from pathlib import Path

from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).resolve().parent.parent
WIDTH = 118
LINES = 60


def demo_output() -> str:
    """What the demo prints on a terminal, colours included."""
    master, slave = pty.openpty()
    process = subprocess.Popen(["./k5", "demo"], cwd=ROOT, stdout=slave, stderr=subprocess.DEVNULL)
    with open(master, "rb", buffering=0) as terminal:
        subprocess.Popen.wait(process)
        text = terminal.read(1 << 20)
    return text.decode().replace("\r\n", "\n")


def main() -> None:
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True)
    lines = demo_output().splitlines()[:LINES]
    console.print(Text.from_ansi("$ ./k5 demo\n" + "\n".join(lines)), no_wrap=True, overflow="crop")
    svg = console.export_svg(title="./k5 demo", clear=True)
    # The fonts of a network are nobody's business here: the viewer's own monospace will do.
    svg = re.sub(r"@font-face \{.*?\}", "", svg, flags=re.S).replace("Fira Code", "monospace")
    svg = svg.replace("<svg ", '<svg xml:space="preserve" ', 1)  # leading blanks count
    svg = re.sub(r"(-?)terminal-\d+-", r"\1terminal-", svg)
    svg = re.sub(r"(-?)terminal-\d+", r"\1terminal", svg)
    (ROOT / "docs" / "demo.svg").write_text(re.sub(r"[ \t]+\n", "\n", svg))


if __name__ == "__main__":
    main()
