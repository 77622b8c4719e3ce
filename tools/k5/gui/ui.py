"""What the person has done to the window itself: focus, scrolling, zoom."""

from __future__ import annotations

from dataclasses import dataclass, field

SPANS_S = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)

CONSOLE, TIMELINE, LOG = "console", "timeline", "log"


@dataclass
class Ui:
    """Not the machine's, and so not in the record of a session."""

    focus: str = CONSOLE  # a target's name
    keyboard: bool = False  # the focus came by keyboard: it is drawn
    hover: str = ""
    down: str = ""  # the target that is held down
    help: bool = False
    console: int = 0  # place of the serial line that is shown
    back: dict[str, int] = field(default_factory=dict)  # rows scrolled back: console, log
    span: int = SPANS_S.index(1.0)
    notice: str = ""  # one line to the person, in the bar

    @property
    def span_s(self) -> float:
        """Virtual time from the left end of the timeline to its right."""
        return SPANS_S[self.span]

    def fit_span(self, seconds: float) -> None:
        """The shortest span that shows this much, but no longer than a second."""
        longest = SPANS_S.index(1.0)
        fitting = (k for k, span in enumerate(SPANS_S[:longest]) if span >= seconds)
        self.span = next(fitting, longest)

    def zoom(self, steps: int) -> None:
        """Positive: more detail."""
        self.span = min(max(self.span - steps, 0), len(SPANS_S) - 1)

    def scroll(self, what: str, rows: int) -> None:
        """Back into the past; the panel limits it to what there is."""
        self.back[what] = max(self.back.get(what, 0) + rows, 0)
