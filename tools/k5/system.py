"""A checked system description as data: what sysdesc.py makes of a TOML file.

Objects are named; their numbers are their places in these lists. A task's first
thread, its main thread, has the task's name, the others are named TASK.THREAD.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from k5 import abi
from k5.board import Board
from k5.tomlindex import TomlFile

# One kernel entry may take 1,500 instructions.
MIN_BUDGET_INSNS = 2000
CPTR_FIRST = 1 << 16  # generation 1: all capabilities of a description have it

ACCESS = {"r": 1, "rw": 3, "rx": 5}
POLICIES = {"restart": 0, "hold": 1, "stop": 2}
LAST_RESORTS = {"policy": 0, "halt": 1}

# What a capability can name, by the key of the description, in the order of the docs.
KINDS = ("endpoint", "notification", "region", "interrupt", "port", "task", "thread")
BADGED = ("endpoint", "notification", "port")


@lru_cache(maxsize=1)
def _abi_names() -> tuple[dict[str, int], dict[str, dict[str, int]]]:
    """Numbers of the kinds, and each kind's rights, as the ABI has them."""
    source = abi.load()
    numbers = {name.lower(): number for number, name in abi.names(source, "kind").items()}
    rights = {
        kind.lower(): {right.lower(): bit for right, bit in known.items()}
        for kind, known in abi.rights(source).items()
    }
    return numbers, rights


def kind_number(kind: str) -> int:
    """A kind of capability as the kernel numbers it."""
    return _abi_names()[0][kind]


def rights_of(kind: str) -> dict[str, int]:
    """The rights that capabilities of a kind can have: word and bit."""
    return _abi_names()[1][kind]


def budget_least(board: Board) -> int:
    """Ticks: a budget below that pays for entering the kernel and never for own work."""
    return MIN_BUDGET_INSNS * board.ticks_per_insn


def macro(name: str) -> str:
    """A name as part of a C identifier in capitals."""
    return name.upper().replace("-", "_").replace(".", "_")


@dataclass(frozen=True)
class Capability:
    """An initial capability; `lend`: the holder says that it lends memory through it."""

    name: str
    kind: str
    object: str
    rights: int
    badge: int = 0
    lend: str = ""

    def may(self, right: str) -> bool:
        """Whether it has a right, which its kind must know."""
        return bool(self.rights & rights_of(self.kind)[right])


@dataclass(frozen=True)
class RegionUse:
    """A region that a task has from the start."""

    region: str
    access: int


@dataclass(frozen=True)
class Restart:
    """What happens after a fault where no supervisor decides."""

    policy: str = "restart"
    backoff_us: int = 10_000
    backoff_max_us: int = 1_000_000
    stable_us: int = 1_000_000
    limit: int = 0


@dataclass(frozen=True)
class Thread:
    """A thread as described. `entry` is its C function; the main thread begins at _start."""

    name: str
    task: str
    entry: str
    priority: int
    budget_us: int
    cooldown_us: int
    overrun_us: int
    stack: int
    argument: int
    seeded: bool  # the argument is the run's seed
    fpu: bool
    start: bool

    @property
    def short(self) -> str:
        """Its name within its task; the main thread has none."""
        return self.name.partition(".")[2]

    @property
    def passive(self) -> bool:
        """Has no time of its own."""
        return self.budget_us == 0

    def key(self) -> tuple[str, ...]:
        """The table of the description that describes it."""
        return ("task", self.task, "thread", self.short) if self.short else ("task", self.task)


@dataclass
class Task:
    """A task as described. Its `capabilities` are its first slots."""

    name: str
    index: int
    sources: list[Path]
    include: list[Path]
    slots: int
    start: bool
    supervisor: str
    loan_grace_us: int
    restart: Restart
    threads: list[Thread]
    capabilities: list[Capability]
    regions: list[RegionUse]

    @property
    def main(self) -> Thread:
        """The thread that runs main()."""
        return self.threads[0]

    @property
    def extra(self) -> list[Thread]:
        """The threads beside the main thread."""
        return self.threads[1:]

    @property
    def fpu(self) -> bool:
        """Its code may use the FPU, in the threads that may."""
        return any(thread.fpu for thread in self.threads)


@dataclass(frozen=True)
class Endpoint:
    name: str
    index: int
    receiver: str
    queue: int = 0


@dataclass(frozen=True)
class Notification:
    name: str
    index: int
    receiver: str
    bound: bool


@dataclass(frozen=True)
class Interrupt:
    name: str
    index: int
    line: int
    source: str  # the board's name of the line, or empty
    notification: str
    bit: int


@dataclass(frozen=True)
class Port:
    name: str
    index: int
    public: str  # the name that the kernel shows


@dataclass(frozen=True)
class Region:
    name: str
    bytes: int
    base: int | None
    device: bool
    movable: bool = False
    home: str = ""


@dataclass
class System:
    """A checked description, for one board."""

    name: str
    path: Path
    file: TomlFile
    board: Board
    last_resort: str
    tasks: list[Task]
    endpoints: list[Endpoint]
    notifications: list[Notification]
    interrupts: list[Interrupt]
    ports: list[Port]
    regions: list[Region]
    warnings: list[str] = field(default_factory=list)

    @property
    def threads(self) -> list[Thread]:
        """All threads, as the kernel numbers them."""
        return [thread for task in self.tasks for thread in task.threads]

    def task(self, name: str) -> Task:
        """The task of that name."""
        return next(task for task in self.tasks if task.name == name)

    def task_of(self, thread: str) -> Task:
        """The task that a thread belongs to."""
        return self.task(thread.partition(".")[0])

    def thread(self, name: str) -> Thread:
        """The thread of that name."""
        return next(thread for thread in self.threads if thread.name == name)

    def endpoint(self, name: str) -> Endpoint:
        """The endpoint of that name."""
        return next(endpoint for endpoint in self.endpoints if endpoint.name == name)

    def names(self, kind: str) -> list[str]:
        """The objects of a kind that a capability can name, as the kernel numbers them."""
        if kind == "region":
            return [region.name for region in self.objects()]
        if kind == "thread":
            return [thread.name for thread in self.threads]
        lists: dict[str, Sequence[Task | Endpoint | Notification | Interrupt | Port]] = {
            "task": self.tasks,
            "endpoint": self.endpoints,
            "notification": self.notifications,
            "interrupt": self.interrupts,
            "port": self.ports,
        }
        return [entry.name for entry in lists[kind]]

    def objects(self) -> list[Region]:
        """The regions that capabilities name."""
        named = {cap.object for _, _, cap in self.capabilities() if cap.kind == "region"}
        return [region for region in self.regions if region.name in named]

    def capabilities(self) -> Iterator[tuple[Task, int, Capability]]:
        """All capabilities, with holder and slot."""
        for task in self.tasks:
            for slot, cap in enumerate(task.capabilities):
                yield task, slot, cap

    def users(self, region: str) -> list[str]:
        """The tasks that have a region from the start."""
        return [t.name for t in self.tasks if any(use.region == region for use in t.regions)]
