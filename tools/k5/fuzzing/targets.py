"""What `./k5 fuzz` can drive, and what must hold for every input."""

from __future__ import annotations

import atexit
import json
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from k5 import arch as archs
from k5 import (
    blob, builder, host, identity, journal, layout, logtext, recording, stream, sysdesc, taskelf,
)  # fmt: skip
from k5.builder import Built
from k5.decode import Decoder
from k5.elf import ElfFile
from k5.errors import K5Error
from k5.fuzzing import campaign, gdb
from k5.fuzzing.libfuzzer import Program
from k5.fuzzing.python import Broken, Function
from k5.fuzzing.target import Target
from k5.layout import Need, Placed, TaskPlace
from k5.machine import Machine
from k5.stream import Event

SOURCES = ("one.c", "two.c")  # that descriptions of the corpus name
VARIANTS = 4  # of a scenario that are looked at
REPLAYED_TICKS = 50_000
TASK_TEXT_BYTES, TASK_RAM_BYTES = 1500, 700

_DESCRIPTION_WORDS = """
system name board task sources include priority budget_us cooldown_us overrun_us stack argument
slots capabilities rights badge endpoint notification region interrupt port task thread receiver
send recv grant signal wait read write ack listen connect control status restart policy backoff_us
backoff_max_us stable_us limit hold stop regions access device base bytes movable home queue bound
source line bit supervisor fpu start last_resort halt loan_grace_us lend max_priority entry seed
mps2-an505 virt-rv32 stm32l5 alarm one two true false [] {} = "" 0x 1_000 \\u0000 nan inf
""".split()


def _scratch() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="k5-fuzz-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _names_the_file(refused: K5Error, name: str) -> None:
    for message in refused.messages:
        if name not in message:
            raise Broken(f"a message that does not name the file: {message}")


def _description() -> Callable[[bytes], None]:
    """A description is refused with FILE:LINE, or becomes tables that the simulator takes."""
    host.library()
    folder = _scratch()
    for name in SOURCES:
        (folder / name).write_text("")
    path = folder / "fuzzed.toml"

    def call(data: bytes) -> None:
        path.write_bytes(data)
        try:
            system = sysdesc.load(path)
            needs = {
                task.name: Need(TASK_TEXT_BYTES, TASK_RAM_BYTES + task.main.stack)
                for task in system.tasks
            }
            place = layout.place(system, needs)
        except K5Error as refused:
            _names_the_file(refused, path.name)
            raise
        bit = archs.of(system.board.arch).entry_bit
        entries = {
            thread.name: place.tasks[task.name].text.base | bit
            for task in system.tasks
            for thread in task.threads
        }
        tables = blob.pack(system, place, entries)
        for task in system.tasks:
            builder.task_header(system, task)
            builder.threads_source(system, task)
        meta = json.loads(json.dumps(builder.describe(system, place, 1, entries)))
        _simulator_takes(Built(folder, meta), tables)

    return call


class _Taken(Exception):
    """The simulator took the tables."""


class _Taker(Machine):
    """A machine that only looks at its tables."""

    def _load(self, seed: int) -> None:
        tables = self.built.blob()
        self._check(self._lib.k5sim_set_system(self._sim, tables, len(tables)))
        raise _Taken


def _simulator_takes(built: Built, tables: bytes) -> None:
    (built.folder / "system.bin").write_bytes(tables)
    try:
        _Taker(built)
    except _Taken:
        pass
    except K5Error as refused:
        raise Broken(f"the simulator refuses what the builder made: {refused}") from None


def _scenario() -> Callable[[bytes], None]:
    """A scenario is refused with FILE:LINE, or bound to its system."""
    from k5.scenario.load import ScenarioFile
    from k5.scenario.plan import bind
    from k5.scenario.warm import Machines

    folder = _scratch()
    (folder / "demo.toml").write_text("")  # each system is taken for the demo
    path = folder / "fuzzed.toml"
    warm = Machines().get(builder.build(builder.find("demo")), 0)

    def call(data: bytes) -> None:
        path.write_bytes(data)
        try:
            file = ScenarioFile(path)
            for variant in file.variants()[:VARIANTS]:
                file.label(variant)
                bind(file.scenario(variant), warm.names)
        except K5Error as refused:
            _names_the_file(refused, path.name)
            raise

    return call


def _log() -> Callable[[bytes], None]:
    """Any bytes are records, damage, or both; each record has a line for people and machines."""
    decoder = Decoder(builder.build(builder.find("demo")))

    def show(event: Event) -> None:
        line = decoder.line(event)
        line.human(True)
        json.loads(line.json())
        again = stream.decode(stream.encode(event)[:-1])
        if again != event:
            raise Broken(f"{event} comes back as {again}")

    def call(data: bytes) -> None:
        reader = stream.Decoder()
        piece = 1 + len(data) % 61  # records arrive in pieces
        covered = 0
        for at in range(0, len(data), piece):
            for found in reader.feed(data[at : at + piece]):
                if isinstance(found, Event):
                    show(found)
                else:
                    covered = _check_damage(found, covered, len(data))
        for damage in reader.close():
            covered = _check_damage(damage, covered, len(data))

    return call


def _check_damage(damage: stream.Damage, covered: int, size: int) -> int:
    """Damage lies in the stream, behind the damage before it."""
    end = damage.offset + damage.bytes
    if damage.offset < covered or damage.bytes <= 0 or end > size or not str(damage):
        raise Broken(f"{damage!r} of {size} bytes, after {covered}")
    return end


def _elf() -> Callable[[bytes], None]:
    """Every question about a file has an answer or a refusal that names it."""
    path = _scratch() / "fuzzed.elf"
    text, ram = 0x0020_8000, 0x2820_4000
    place = TaskPlace(
        text=Placed("t.text", text, 4096, layout.READ | layout.EXECUTE, "text"),
        ram=Placed("t.ram", ram, 4096, layout.READ | layout.WRITE, "ram"),
        main_stack=512,
        stacks={},
        others=[],
    )

    def ask(file: ElfFile) -> None:
        for symbol in file.symbols:
            file.bytes_at(symbol.value, symbol.bytes)
            file.string_at(symbol.value)
        file.section_sizes  # noqa: B018
        for line_id in (0, 1, len(file.raw)):
            found = logtext.lookup(file, line_id)
            if found:
                logtext.render(file, found[1], [text, 1, 2**32 - 1])
        file.offset_of(file.entry, 4)

    def call(data: bytes) -> None:
        path.write_bytes(data)
        for arch in archs.ARCHS.values():
            try:
                ask(ElfFile(path))
                taskelf.check(path, "t", place, arch)
            except K5Error as refused:
                _names_the_file(refused, path.name)

    return call


def _recording() -> Callable[[bytes], None]:
    """A recording is refused with FILE:LINE, or plays: whatever comes of it is no crash."""
    built = builder.build(builder.find("shell"))
    path, build = _scratch() / "fuzzed.k5rec", identity.of(built)
    machine = Machine(built)

    def call(data: bytes) -> None:
        path.write_bytes(_summed(data))
        try:
            found = recording.load(path)
            machine.reboot()
            machine.history_stop()
            replace(found, system=built.name, board=built.board, build=build, seed=0).play(machine)
        except K5Error as refused:
            if not str(refused).startswith("simulator: "):
                _names_the_file(refused, path.name)
            raise
        machine.run(until_tick=min(found.end.now, REPLAYED_TICKS))

    return call


def _summed(data: bytes) -> bytes:
    """With right sums in all lines that have one: there is more to look at than those."""
    before, lines = recording.FIRST_SUM, []
    for line in data.decode(errors="replace").splitlines(keepends=True):
        body, mark, _ = line.rpartition(',"sum":"')
        if mark:
            before = recording.line_sum(before, body + "}")
            line = f'{body}{mark}{before}"}}\n'
        lines.append(line)
    return "".join(lines).encode()


def _python(name: str, title: str, burst: int, share: float, function: Function) -> Target:
    return Target(name, title, burst, share, function.run, function.repeat, function.keep)


def _c(name: str, title: str, burst: int, share: float, program: Program) -> Target:
    return Target(name, title, burst, share, program.run, program.repeat, program.keep)


_SCENARIO_WORDS = """
scenario system boards engines seeds until limit host_limit ends guest_errors deadlock parameters do
expect never latency name at after delay each every times jitter send to baud damage press release
drive level set value raise lower kill code reset for log task regex fault serial text pin becomes led
button line register access trace nth within at_least at_most in_order frequency duty tolerance is
memory device offset screen differing from most percentile any high low open on off changed raised
halted running none allowed power watchdog read write foo bar rogue alarm demo.toml hosted qemu
"1ms" "20us" "2s" "1kHz" "25%" ${a} [[ ]] { } = true [] "" nan -1 0x
""".split()
_WORDS = tuple(word.encode() for word in _DESCRIPTION_WORDS)
_SCENARIO = tuple(word.encode() for word in _SCENARIO_WORDS)
_RECORDING = tuple(f'"{word}"'.encode() for word in (*journal.WHATS, "mark", "end", "tick", "name", "value",
                   "data", "field", "usart1", "PC13", "worker", "power")) + (b":-1", b":99999", b":99999999999999999999", b"00ff")
_FORMATS = (b"%s", b"%08x", b"%-5d", b"%%", b"%p", b"\0", b".k5log", b"\x7fELF")

TARGETS = {
    target.name: target
    for target in (
        _c("kernel", "calls, interrupts, time, faults and restarts into the native kernel",
           5_000, 0.26, Program("kernel", "tests/unit", "unit_fuzz_kernel")),
        _c("tables", "boot tables: what the simulator takes must boot and run",
           5_000, 0.15, Program("tables", "tests/fuzz", "fuzz_tables")),
        _c("elf", "task files, as the simulator loads them",
           5_000, 0.1, Program("elf", "tests/fuzz", "fuzz_elf")),
        _c("board", "boards, and what happens to their devices",
           1_000, 0.1, Program("board", "tests/fuzz", "fuzz_board")),
        _python("description", "system descriptions, to the tables made of them", 400, 0.1,
                Function("description", ("sysdesc", "system", "layout", "schema", "tomlindex",
                                         "blob", "builder", "graph"),
                         _description, words=_WORDS, is_text=True)),
        _python("scenario", "scenarios, to the machine that runs them", 400, 0.05,
                Function("scenario",
                         tuple(f"scenario/{name}" for name in (
                             "load", "reader", "stimuli", "expectations", "sense", "parameters",
                             "units", "plan", "match", "names", "states", "logs")),
                         _scenario, words=_SCENARIO, is_text=True)),
        _python("campaign", "campaign files, to the places of a system", 400, 0.05,
                Function("campaign", campaign.MODULES, campaign.prepare, words=campaign.WORDS,
                         is_text=True)),
        _python("elf-tools", "task files, as the tools read them", 400, 0.05,
                Function("elf-tools", ("elf", "taskelf", "logtext"), _elf, words=_FORMATS)),
        _python("recording", "recordings, to the machine that replays them", 400, 0.04,
                Function("recording", ("recording", "journal"), _recording, words=_RECORDING,
                         is_text=True)),
        _python("log", "event streams and their lines", 400, 0.05,
                Function("log", ("stream", "decode", "logtext", "faults"), _log)),
        _python("gdb", "packets of GDB, and what they do to a machine", 40, 0.05,
                Function("gdb", gdb.MODULES, gdb.prepare, words=gdb.WORDS, is_text=True)),
    )
}  # fmt: skip
