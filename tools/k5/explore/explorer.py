"""Explores one variant of a scenario file, from its first run to the scenario that repeats what was
found."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from k5 import source
from k5.builder import Built
from k5.errors import K5Error
from k5.explore import reduce, window, write
from k5.explore.course import Course
from k5.explore.schedule import Schedule, Spelling
from k5.explore.search import Search, Tally, Told, Violation
from k5.forcing import MOST_LINES, Wanted
from k5.paths import shown
from k5.scenario import setups, units
from k5.scenario.execute import FAILED, PASSED, execute
from k5.scenario.load import ScenarioFile
from k5.scenario.model import Variant
from k5.scenario.names import Names, Unknown
from k5.scenario.warm import Machines
from k5.scenario.watch import Clock, Failure


@dataclass(frozen=True)
class Options:
    """What is explored."""

    windows: Sequence[str] = ()
    preempt: bool = True
    early_ns: int = 0  # by so much a timer may come before its time, or behind it
    interrupts: Sequence[str] = ()
    pairs: int = 0


@dataclass
class Found:
    """A schedule that violates something."""

    schedule: Schedule
    failures: list[Failure]
    points: list[str]  # what is forced, and where, for people
    repeats: bool = True  # by a scenario: its verdict is of its end
    scenario: str = ""


@dataclass
class Explored:
    """How an exploration went."""

    tally: Tally = field(default_factory=Tally)
    found: Found | None = None


class Explorer:
    """For one variant, in one process."""

    def __init__(
        self, file: ScenarioFile, variant: Variant, options: Options, machines: Machines
    ) -> None:
        self.file = file
        self.variant = variant
        self.options = options
        self.machines = machines
        self.scenario = file.scenario(variant)
        self.built: Built = machines.build(self.scenario.settings.system, variant.board)
        self.warm = machines.get(self.built, variant.seed)
        names, self.clock = self.warm.names, Clock(int(self.built.meta["tick_hz"]))
        lines = {self._line(names, one): one for one in options.interrupts}
        if len(lines) > MOST_LINES:
            raise K5Error(f"--interrupt: {len(lines)} lines; at most {MOST_LINES} at a time")
        threads = [str(thread["name"]) for thread in self.built.meta["threads"]]
        self.spelling = Spelling(threads, lines, self.clock)
        self.window = window.parsed(options.windows, self.clock, self.warm.machine.decoder)
        early = self.clock.down(options.early_ns)
        self.wanted = Wanted(self.warm.machine, options.preempt, early, list(lines))

    def _line(self, names: Names, text: str) -> int:
        known = {int(i["line"]): str(i["name"]) for i in self.built.meta["interrupts"]}
        try:
            line = names.line(text)
        except Unknown as problem:
            raise K5Error(f"--interrupt {text}: {problem}") from None
        if line not in known:
            some = f"it has {', '.join(known.values())}" if known else "it has none"
            raise K5Error(f"--interrupt {text}: no interrupt of {self.built.name} is on that line ({some})")
        return line

    # ---- runs

    def _begin(self) -> Course:
        warm = self.warm
        start = setups.start(self.scenario, self.machines, warm)
        run = Course(self.scenario, warm, self.window, self.wanted, start)
        run.begin()
        return run

    def _failures(self, schedule: Schedule) -> list[Failure]:
        """What is wrong with the scenario under a schedule; nothing, where it cannot be forced so."""
        run = self._begin()
        for point in schedule:
            if not run.go_to(point.instruction) or not run.admits(point.force):
                run.leave()
                return []
            run.force(point.force)
        end = ""
        while not end:
            end = run.go()
        return run.verdict(end)

    # ---- the exploration

    def run(self, told: Told) -> Explored:
        """K5Error where it fails as it is, and where nothing could be forced."""
        self._as_it_is()
        search = Search(self._begin, self.options.pairs, told)
        violation = search.run()
        if not search.places:
            self._nothing()
        explored = Explored(search.tally)
        if violation:
            explored.found = self._found(violation, search)
        return explored

    def _as_it_is(self) -> None:
        outcome = execute(self.file, self.variant, self.machines)
        if outcome.status != PASSED:
            text = f"{outcome.name} fails as it is, with nothing forced: `{outcome.command}`"
            raise K5Error(text, *outcome.report.split("\n"))

    def _nothing(self) -> None:
        windows = " ".join(f"--window {text}" for text in self.options.windows)
        where = f"in {windows}" if windows else "in the whole run"
        options, why = self.options, []
        if options.preempt:
            why.append("no slice ended for an equal that was ready")
        if options.early_ns:
            within = units.shown(options.early_ns)
            why.append(f"no timer of a more urgent thread was due within {within} (--early)")
        why += [f"interrupt {text} was never unmasked" for text in options.interrupts]
        raise K5Error(f"nothing could be forced {where}: {', '.join(why) or 'nothing is asked for'}")

    def _found(self, violation: Violation, search: Search) -> Found:
        wheres = {failure.where for failure in violation.failures}

        def fails(schedule: Schedule) -> bool:
            return any(failure.where in wheres for failure in self._failures(schedule))

        if not fails(violation.schedule):  # an invariant that holds again at the end
            schedule = violation.schedule
            return Found(schedule, violation.failures, self._told(schedule), repeats=False)
        schedule = reduce.reduced(violation.schedule, search.places, fails)
        return Found(schedule, self._failures(schedule), self._told(schedule))

    def _told(self, schedule: Schedule) -> list[str]:
        """Each point with its time, thread and source line."""
        run, told = self._begin(), []
        machine, meta = self.warm.machine, self.built.meta
        for point in schedule:
            run.go_to(point.instruction)
            thread = machine.running
            assert thread is not None
            entry = meta["threads"][thread]
            place = source.place(self.built.elf(entry["task"]), machine.pc(thread))
            at = f"{self.clock.shown(run.now)}, instruction {point.instruction}"
            where = f", in {place}" if place else ""
            told.append(f"{at}: {self.spelling.said(point.force)}; {entry['name']} runs{where}")
            run.force(point.force)
        run.leave()
        return told

    # ---- the scenario that repeats it

    def write(self, found: Found, folder: Path) -> str:
        """Its text, for a file in `folder`; it has been run, and failed, unless it `repeats` not."""
        remarks = [] if found.repeats else ["It passes: what is violated on the way holds at its end."]
        remarks += [
            f"Found by ./k5 explore in {shown(self.file.path)}.",
            "What is forced holds for the binaries that it was found with: instructions are counted.",
            *found.points,
        ]
        tables = [self.spelling.table(point) for point in found.schedule]
        made = write.text(self.file, self.variant, tables, remarks, folder)
        with tempfile.TemporaryDirectory() as name:
            path = Path(name) / "found.toml"
            path.write_text(write.text(self.file, self.variant, tables, remarks, path.parent))
            file = ScenarioFile(path)
            outcome = execute(file, file.variants()[0], self.machines)
        if found.repeats and outcome.status != FAILED:
            raise AssertionError(f"what was found does not repeat: {outcome.status}\n{made}")
        return made
