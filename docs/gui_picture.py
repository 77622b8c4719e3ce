#!/usr/bin/python3
"""Makes docs/gui.png: the window of tests/gui/tour.toml after somebody has used it.

Run it from the top of the tree; then `optipng docs/gui.png`.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tools"))

from k5 import builder  # noqa: E402
from k5.gui import shots  # noqa: E402
from k5.gui.renderer import Renderer  # noqa: E402
from k5.gui.session import Session  # noqa: E402
from k5.pace import Pace  # noqa: E402

SIZE = (1280, 800)
TYPED = ((0.3, "help\r"), (0.9, "ps\r"), (1.4, "uptime\r"))


def main() -> None:
    """Types, presses the button, takes the picture."""
    built = builder.build(ROOT / "tests" / "gui" / "tour.toml")
    session = Session(built, 0, Pace(1))
    try:
        for seconds, text in TYPED:
            session.run_until(session.machine.ticks(seconds * 1e6))
            session.type(0, text.encode())
        session.press("user", True)
        session.run_until(session.machine.ticks(1.55e6))
        session.press("user", False)
        session.run_until(session.machine.ticks(1.72e6))
        session.collect()
        session.run_until(session.machine.ticks(1.74e6))
        session.collect()
        session.view.rate = session.view.instructions / session.view.seconds
        shots.save(Renderer().picture(SIZE, session.view), ROOT / "docs" / "gui.png")
    finally:
        session.close()


if __name__ == "__main__":
    main()
