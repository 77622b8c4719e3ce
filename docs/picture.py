#!/usr/bin/python3
"""Makes docs/demo.svg, the README's picture, from real runs of ./k5 demo and ./k5 test.

docs/picture.py [FILE]: FILE has what ./k5 test printed, progress too, so that it need not run again.
"""

from __future__ import annotations

import io
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).resolve().parent.parent
WIDTH = 118


def output(command: str) -> str:
    """The command, and what it prints on a terminal, colours included, progress left out."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        ["./k5", command], cwd=ROOT, stdout=slave, stderr=subprocess.DEVNULL
    )
    os.close(slave)
    text = b""
    with open(master, "rb", buffering=0) as terminal:
        try:
            while chunk := terminal.read(1 << 16):
                text += chunk
        except OSError:
            pass  # how a terminal says that the other end is closed
    process.wait()
    return f"$ ./k5 {command}\n" + text.decode().replace("\r\n", "\n")


def printed(path: Path) -> str:
    """The test's output from a file, in the colours that a terminal would have had."""
    lines = [line for line in path.read_text().splitlines() if not line.startswith("...")]
    text = "\n".join(line for line in lines if re.search(r"\d+ passed, \d+ failed", line))
    text = re.sub(r" ok:", " \033[32mok\033[0m:", text)
    text = re.sub(r"(?m)^(\d+ passed.*)$", "\033[1;32m\\1\033[0m", text)
    return f"$ ./k5 test\n{text}\n"


def main() -> None:
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True)
    test = printed(Path(sys.argv[1])) if len(sys.argv) > 1 else output("test")
    for text in (output("demo"), test):
        console.print(Text.from_ansi(text), no_wrap=True, overflow="crop")
    svg = console.export_svg(title="K5", clear=True)
    # The fonts of a network are nobody's business here: the viewer's own monospace will do.
    svg = re.sub(r"@font-face \{.*?\}", "", svg, flags=re.S).replace("Fira Code", "monospace")
    svg = svg.replace("<svg ", '<svg xml:space="preserve" ', 1)  # leading blanks count
    svg = re.sub(r"(-?)terminal-\d+-", r"\1terminal-", svg)
    svg = re.sub(r"(-?)terminal-\d+", r"\1terminal", svg)
    (ROOT / "docs" / "demo.svg").write_text(re.sub(r"[ \t]+\n", "\n", svg))


if __name__ == "__main__":
    main()
