"""Check a system description and build it: task ELF files, boot tables, images.

SYSTEM is a TOML file, or the name of a system of the tree (demo, bench-ipc, ...).
Results are in build/systems/NAME/BOARD/. Exit code: 0 built, 1 a source does not
compile or link, 2 the description is wrong.
"""

from __future__ import annotations

import argparse
import json

from k5 import abi, builder, image, setup
from k5.console import say
from k5.errors import K5Error
from k5.paths import shown


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("system", nargs="?", help="a TOML file, or a system's name")
    parser.add_argument("--board", help="instead of the board that the description names")
    parser.add_argument("--no-image", action="store_true", help="tasks and boot tables only")
    parser.add_argument("--variant", choices=("release", "trace", "both"), default="both",
                        help="which images (default: both)")  # fmt: skip
    parser.add_argument("--abi", action="store_true", help="make abi/k5_abi.h and docs/abi.md anew")
    parser.add_argument("--json", action="store_true", help="print JSON")


def main(args: argparse.Namespace) -> int:
    """Exit code: 0 built, 1 does not compile, 2 the description is wrong."""
    if args.abi:
        for path in abi.write():
            say(f"wrote {shown(path)}")
        if not args.system:
            return 0
    if not args.system:
        raise K5Error("name a system: `./k5 build demo`, or a TOML file")
    setup.ready()
    built = builder.build(builder.find(args.system), args.board)
    result: dict[str, object] = {"system": built.name, "board": built.board}
    result["folder"] = str(built.folder)
    lines = [f"{built.name} for {built.board}: {shown(built.folder)}"]
    if not args.no_image and image.board_of(built):
        variants = ("release", "trace") if args.variant == "both" else (args.variant,)
        for variant in variants:
            made = image.build(built, variant)
            table = image.sizes(built, made)
            result[variant] = {"files": [str(path) for path in made.files], "sizes": table}
            files = " ".join(shown(path) for path in made.files)
            lines += ["", f"{variant} image: {files}", image.size_table(table)]
    print(json.dumps(result, indent=1) if args.json else "\n".join(lines))
    return 0
