"""The target for campaign files: refused with FILE:LINE, or bound to a system."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from k5 import builder
from k5.errors import K5Error
from k5.fuzzing.python import Broken
from k5.scenario.names import Unknown

MODULES = ("campaign/reader", "campaign/places", "campaign/model")
MOST_PLACES = 1 << 20  # of one table: more would be refused by the space
_WORDS = """
campaign title system scenario parameters board seed mode exhaustive sample confidence margin sample_seed
limit trusted fail_on window from until end inject model tasks every functions source_lines registers bits
levels ranges regions regions_of bytes fields words lines late most seeds pins values to detected
register register-stuck memory memory-stuck skip opcode region-drop region-shift region-widen kernel
message line-drop line-double line-spurious line-late line-stuck pin-stuck value timer-jitter power
instructions log task nth isolation-breach silent-corruption foo bar rogue demo.toml r0 sp xpsr
foo.work_done foo.stack foo.ram 0x28204000-0x282040ff thread[foo].budget_left high low info
"10us" "50%" "95%" "0-7,31" [[ ]] { } = true [] "" nan -1 0x
""".split()
WORDS = tuple(word.encode() for word in _WORDS)


def prepare() -> Callable[[bytes], None]:
    """What is called with each input."""
    from k5.campaign import reader
    from k5.campaign.places import Finder
    from k5.scenario.warm import Machines

    folder = Path(tempfile.mkdtemp(prefix="k5-fuzz-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    (folder / "demo.toml").write_text("")  # each system, and each scenario, is taken for the demo
    path = folder / "fuzzed.toml"
    warm = Machines().get(builder.build(builder.find("demo")), 0)
    finder = Finder(warm.names, warm.machine)

    def call(data: bytes) -> None:
        path.write_bytes(data)
        try:
            campaign = reader.read(path)
            for one in campaign.injections:
                try:
                    places, variants = finder.places(one), finder.variants(one)
                except Unknown as problem:
                    raise K5Error(f"{campaign.place(one.where)}: {problem}") from None
                if len(places) <= MOST_PLACES and not variants:
                    raise Broken(f"places of {one.model}, and nothing to do there")
        except K5Error as refused:
            for message in refused.messages:
                if path.name not in message:
                    raise Broken(f"a message that does not name the file: {message}") from None
            raise

    return call
