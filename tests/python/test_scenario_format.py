"""Scenario files: what is read, and one message with file and line for each mistake."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path

import pytest
from conftest import ROOT
from k5.errors import K5Error
from k5.scenario import units
from k5.scenario.load import ScenarioFile, find, is_scenario
from k5.scenario.model import Scenario, Variant

HEAD = """\
[scenario]
system = "small.toml"
until = "100ms"
"""
NEVER = """
[[never]]
fault = "any"
"""


def write(folder: Path, text: str) -> Path:
    (folder / "small.toml").write_text("")
    path = folder / "a.toml"
    path.write_text(text)
    return path


def loaded(folder: Path, text: str) -> Scenario:
    file = ScenarioFile(write(folder, text))
    return file.scenario(file.variants()[0])


def mistakes(folder: Path, text: str) -> list[str]:
    """The messages, without the folder."""
    with pytest.raises(K5Error) as caught:
        ScenarioFile(write(folder, text)).check()
    return [message.replace(f"{folder}/", "") for message in caught.value.messages]


# Line 1 is [scenario]; what is added to HEAD begins at line 4.
MISTAKES = [
    # keys
    ('[[expect]]\nlgo = "x"', "a.toml:5: unknown key 'lgo' in [[expect]] (did you mean 'log'?)"),
    ('[[exepct]]\nlog = "x"', "unknown key 'exepct' in this file (did you mean 'expect'?)"),
    ('[[do]]\nat = "1ms"\npres = "b"', "unknown key 'pres' in [[do]] (did you mean 'press'?)"),
    ('[[do]]\nafter = { lgo = "x" }\npress = "b"', "'lgo' in after of [[do]] (did you mean 'log'?)"),
    ("[[expect]]\nlog = 3", 'a.toml:5: log must be a string, not 3'),
    # units
    ('[[do]]\nat = "20"\npress = "b"', 'a.toml:5: at = "20" has no unit (known: ns, us, ms, s, min)'),
    ('[[do]]\nat = "20m"\npress = "b"', "has the unknown unit 'm' (did you mean 'ms'?)"),
    ("[[do]]\nat = 20\npress = \"b\"", 'at = 20 must be a text with a unit, like "20ms"'),
    ('[[expect]]\nlog = "x"\nwithin = "soon"', '"soon" is no quantity; write "500us"'),
    ('[[expect]]\nlog = "x"\nwithin = "0ms"', "must be more than nothing"),
    ('[[expect]]\npin = "P"\nfrequency = "1ms"', "has the unknown unit 'ms'"),
    ('[[expect]]\npin = "P"\nduty = "120%"', "is more than 100%"),
    ('[[expect]]\npin = "P"\nduty = "0%"', "has no edges"),
    # stimuli
    ('[[do]]\npress = "b"', "a.toml:4: when? it needs at, after, every, at_instruction or reached"),
    ('[[do]]\nat_instruction = 5\nat = "1ms"\npress = "b"',
     "a.toml:6: at_instruction and at exclude each other"),
    ('[[do]]\nat_instruction = 5\njitter = "1ms"\npress = "b"',
     "at_instruction and jitter exclude each other"),
    ('[[do]]\nat_instruction = -1\npress = "b"', "at_instruction must be a number from 0 on"),
    ('[[do]]\nat_instruction = [5]\npress = "b"', "or two like [1000, 2000], not [5]"),
    ('[[do]]\nat_instruction = [9, 5]\npress = "b"', "a.toml:5: 5 lies before 9"),
    ('[[do]]\nat_instruction = 5\nreached = { task = "a", function = "f" }\npress = "b"',
     "a.toml:6: at_instruction and reached exclude each other"),
    ('[[do]]\nreached = { task = "a" }\npress = "b"', "where? it needs function or line"),
    ('[[do]]\nreached = { task = "a", line = "f.c" }\npress = "b"', 'line = "f.c" must be like "main.c:42"'),
    ('[[do]]\nreached = { function = "f" }\npress = "b"', "reached of [[do]] needs the key 'task'"),
    # faults
    ('[[fault]]\nat = "1ms"', "a.toml:4: it needs a model: register, register-stuck"),
    ('[[fault]]\nat = "1ms"\nmodel = "regster"', "a.toml:6: no fault model 'regster' (did you mean 'register'?)"),
    ('[[fault]]\nat = "1ms"\nmodel = "register"\nbit = 1', "a.toml:4: register needs register"),
    ('[[fault]]\nat = "1ms"\nmodel = "register"\nregister = "r1"',
     "a.toml:4: which bits? it needs bit, bits or mask"),
    ('[[fault]]\nat = "1ms"\nmodel = "register"\nregister = "r1"\nbit = 1\nmask = 2',
     "a.toml:9: bit and mask exclude each other"),
    ('[[fault]]\nat = "1ms"\nmodel = "opcode"\nbit = 64', "a.toml:7: bit: 64 is no number of a bit"),
    ('[[fault]]\nat = "1ms"\nmodel = "opcode"\nbits = []', "a.toml:7: bits is empty"),
    ('[[fault]]\nat = "1ms"\nmodel = "opcode"\nbits = ["x"]', "a.toml:7: bits: 'x' is no number of a bit"),
    ('[[fault]]\nat = "1ms"\nmodel = "opcode"\nmask = 0', "a.toml:7: mask = 0x0 names no bits"),
    ('[[fault]]\nat = "1ms"\nmodel = "skip"\nbit = 1', "a.toml:7: bit says nothing of skip (what does: nothing)"),
    ('[[fault]]\nat = "1ms"\nmodel = "skip"\nbti = 1', "a.toml:7: unknown key 'bti' in [[fault]] (did you mean 'bit'?)"),
    ('[[fault]]\nat = "1ms"\nmodel = "power"\nfor = "1ms"', "a.toml:7: power does not last (what does: register-stuck"),
    ('[[fault]]\nat = "1ms"\nmodel = "memory"\nmemory = 5\nbit = 1', "a.toml:7: memory must be a text, not 5"),
    ('[[fault]]\nat = "1ms"\nmodel = "line-late"\nline = "u"\nlate = "0ms"', "a.toml:8: late = \"0ms\" must be more"),
    ('[[fault]]\nat = "1ms"\nmodel = "line-late"\nline = "u"\nlate = "5"', "has no unit"),
    ('[[fault]]\nat = "1ms"\nmodel = "pin-stuck"\npin = "P"\nlevel = "hi"', "a.toml:8: level = 'hi': \"high\" or \"low\""),
    ('[[fault]]\nat = "1ms"\nmodel = "message"\nthread = "a"\nword = 4\nbit = 1', "a.toml:8: word = 4: 0 to 3"),
    ('[[fault]]\nat = "1ms"\nmodel = "value"\nset = "x"\nvalue = 1', "must name a device and its value"),
    ('[[fault]]\nmodel = "power"', "a.toml:4: when? it needs at, after, every, at_instruction or reached"),
    ('[[do]]\nat = "1ms"\npreempt = "t"', "a.toml:6: preempt is something that happens between two"),
    ('[[do]]\nat_instruction = 5\nlate = "t"', "late needs by"),
    ('[[do]]\nat_instruction = 5\nlate = "t"\nby = "0ms"', "must be more than nothing"),
    ('[[do]]\nat_instruction = 5\nwake = "t"\nby = "1ms"', "by goes with late, not with wake"),
    ('[[do]]\nat_instruction = 5\nwake = "t"\nfor = "1ms"', "for goes with press, drive or raise"),
    ('[[do]]\nat = "1ms"', "what happens? it needs send, press"),
    ('[[do]]\nat = "1ms"\npress = "b"\nkill = "t"', "press and kill exclude each other"),
    ('[[do]]\nat = "1ms"\nsend = "x"', "send needs to"),
    ('[[do]]\nat = "1ms"\nset = "s.v"', "set needs value"),
    ('[[do]]\nat = "1ms"\nset = "sensor"\nvalue = 1', "must name a device and its value"),
    ('[[do]]\nat = "1ms"\ndrive = "P"\nlevel = "hihg"', "level = \"hihg\" (did you mean 'high'?)"),
    ('[[do]]\nat = "1ms"\npress = "b"\nbaud = 9600', "baud goes with send, not with press"),
    ('[[do]]\nat = "1ms"\nsend = ""\nto = "u"', "send: 0 bytes; from 1 to 4096 may wait"),
    ('[[do]]\nat = "1ms"\nafter = { log = "x" }\npress = "b"', "at and after exclude each other"),
    ('[[do]]\nat = "1ms"\ndelay = "1ms"\npress = "b"', "delay goes with after"),
    ('[[do]]\nat = "1ms"\neach = true\npress = "b"', "each goes with after"),
    ('[[do]]\nat = "1ms"\ntimes = 2\npress = "b"', "times goes with every"),
    ('[[do]]\nat = "1ms"\nreset = "powre"', "reset = \"powre\" (did you mean 'power'?)"),
    # events
    ('[[expect]]\nlog = "x"\nfault = "any"', "log and fault are two events; name one"),
    ('[[expect]]\ntask = "foo"', "no event is named: it needs log, fault"),
    ('[[expect]]\nfault = "any"\nlevel = "ERROR"', "level says nothing of fault (what does: task)"),
    ('[[expect]]\nlog = "("\nregex = true', "no regular expression"),
    ('[[expect]]\nlog = ""', 'log = "" is every log line'),
    ('[[expect]]\nserial = "u"', "serial needs text"),
    ('[[expect]]\npin = "P"', "pin needs becomes (an event), is (a state), frequency or duty"),
    ('[[expect]]\npin = "P"\nbecomes = "hi"', "becomes = \"hi\" (did you mean 'high'?)"),
    ('[[expect]]\nled = "L"\nbecomes = "high"', 'becomes = "high" (known: changed, off, on)'),
    ('[[expect]]\nreset = "pwr"', "reset = \"pwr\" (did you mean 'power'?)"),
    ('[[expect]]\nlog = "x"\nafter = { do = "pres" }', "no [[do]] is named 'pres'"),
    ('[[expect]]\nin_order = [{ log = "x" }]', "in_order has 1 events; it takes two or more"),
    # states
    ('[[expect]]\nmemory = "foo.x"', "memory needs is: what it is"),
    ('[[expect]]\nmemory = "x"\nis = 3', 'must name a task and its variable, like "foo.count"'),
    ('[[expect]]\nmemory = "foo.x"\nis = 1.5', "is = 1.5 must be a number, a list of them, or a text"),
    ('[[expect]]\npin = "P"\nis = "on"', 'is = "on": a pin is high or low'),
    ('[[expect]]\ndevice = "flash"\noffset = 0\nis = "4"', "must be bytes in hexadecimal"),
    ('[[expect]]\ndevice = "flash"\nis = "44"', "needs the key 'offset'"),
    # what can never be
    ('[[expect]]\nlog = "x"\nwithin = "200ms"', "a.toml:6: 200 ms never comes: it ends at until = 100 ms"),
    ('[[expect]]\npin = "P"\nis = "low"\nat = "101ms"', "101 ms never comes"),
    ('[[do]]\nat = "100ms"\npress = "b"', "100 ms never comes"),
    ('[[do]]\nevery = "1s"\npress = "b"', "a.toml:5: 1 s never comes"),
    ('[[do]]\nat = "90ms"\nfor = "20ms"\npress = "b"', "110 ms never comes"),
    ('[[expect]]\nlog = "x"\nat_least = 3\nat_most = 2', "at_least = 3 and at_most = 2 contradict"),
    ('[[expect]]\nlog = "x"\ntimes = 3\nat_most = 3', "times is exact"),
    ('[[expect]]\nfault = "DATA"\ntask = "a"\n[[never]]\nfault = "any"',
     "a.toml:4: it can never be met: [[never]] in line 7 contradicts it"),
    ('[[expect]]\nlog = "abc"\n[[never]]\nlog = "b"', "it can never be met"),
    ('[[expect]]\nin_order = [{ log = "a" }, { fault = "DATA" }]\n[[never]]\nfault = "any"',
     "it can never be met"),
    ('[[expect]]\npin = "P"\nis = "low"\nat = "1ms"\n[[expect]]\npin = "P"\nis = "high"\nat = "1ms"',
     "it can never be met: [[expect]] in line 4 contradicts it"),
    ('[[do]]\nname = "a"\nafter = { do = "a" }\npress = "b"', "'a' would wait for itself"),
    ('[[do]]\nname = "a"\nat = "1ms"\npress = "b"\n[[do]]\nname = "a"\nat = "2ms"\npress = "b"',
     "a.toml:9: two [[do]] are named 'a'"),
    ("", "nothing is expected"),
    # latency
    ('[[latency]]\nfrom = { log = "a" }\nto = { log = "b" }', "needs the key 'most'"),
    ('[[latency]]\nfrom = { log = "a" }\nto = { log = "b" }\nmost = "1ms"\npercentile = 101',
     "percentile = 101 must be a number above 0, up to 100"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message"), MISTAKES, ids=[m[:50] for _, m in MISTAKES])
def test_each_mistake_is_one_message_with_its_line(
    tmp_path: Path, text: str, message: str
) -> None:
    found = mistakes(tmp_path, HEAD + text + "\n")
    assert len(found) == 1
    assert message in found[0]
    assert found[0].startswith("a.toml:")


HEADS = [
    ('system = "none.toml"', "a.toml:2: system: none.toml: no such file"),
    ('sytem = "small.toml"', "unknown key 'sytem' in [scenario] (did you mean 'system'?)"),
    ('system = "small.toml"\nboards = ["stm32"]', "unknown board 'stm32' (did you mean 'stm32l5'?)"),
    ('system = "small.toml"\nboard = "stm32l5"', "(did you mean 'boards'?)"),
    ('system = "small.toml"\nengines = ["qmu"]', "unknown engine 'qmu' (did you mean 'qemu'?)"),
    ('system = "small.toml"\nboards = []', "boards is empty"),
    ('system = "small.toml"\nseeds = 0', "seeds = 0: how many"),
    ('system = "small.toml"\nseeds = [1, 1]', "seed 1 is there twice"),
    ('system = "small.toml"\nseeds = [-1]', "seed -1 is no number from 0"),
    ('system = "small.toml"\nuntil = "1s"\nlimit = "2s"', "until and limit exclude each other"),
    ('system = "small.toml"\nends = "halt"', "ends = \"halt\" (did you mean 'halted'?)"),
]


@pytest.mark.parametrize(("head", "message"), HEADS, ids=[m[:50] for _, m in HEADS])
def test_mistake_in_settings(tmp_path: Path, head: str, message: str) -> None:
    found = mistakes(tmp_path, f"[scenario]\n{head}\n{NEVER.replace('any', 'DATA')}[[expect]]\nlog = 'x'\n")  # fmt: skip
    assert len(found) == 1
    assert message in found[0].replace(str(tmp_path) + "/", "")


def test_all_mistakes_are_shown_at_once(tmp_path: Path) -> None:
    text = HEAD + '[[do]]\nat = "5"\npress = "b"\n[[expect]]\nlgo = "x"\n[[never]]\nfault = 3\n'
    assert len(mistakes(tmp_path, text)) == 3


def test_scenario_without_an_end_is_refused(tmp_path: Path) -> None:
    head = '[scenario]\nsystem = "small.toml"\n'
    assert "say until in [scenario]" in mistakes(tmp_path, head + NEVER)[0]
    text = head + '[[do]]\nevery = "1ms"\npress = "b"\n[[expect]]\nlog = "x"\n'
    assert "it goes on for ever: say times" in mistakes(tmp_path, text)[0]
    text = head + '[[expect]]\npin = "P"\nduty = "50%"\n'
    assert "for how long? say within" in mistakes(tmp_path, text)[0]


def test_everything_is_read(tmp_path: Path) -> None:
    made = loaded(
        tmp_path,
        HEAD
        + """
[[do]]
name = "type"
after = { log = "ready", task = "shell", nth = 2 }
delay = "1.5ms"
send = "help\\r"
to = "uart1"
baud = 9600
damage = "parity"

[[do]]
every = "10ms"
times = 3
jitter = "1ms"
drive = "PA1"
level = "low"
for = "2ms"

[[expect]]
serial = "uart1"
text = "help"
after = { do = "type" }
within = "5ms"
times = 2

[[expect]]
pin = "PB4"
frequency = "1.5kHz"
duty = "25%"

[[expect]]
led = "red"
is = "off"
""",
    )
    typed, drive = made.stimuli
    assert typed.first.after and typed.first.after.nth == 2
    assert typed.first.delay == 1_500_000
    assert (typed.action.subject, typed.action.baud, typed.action.damage) == ("help\r", 9600, "parity")
    assert (drive.first.at, drive.every, drive.times) == (10_000_000, 10_000_000, 3)
    assert (drive.action.level, drive.lasts, drive.jitter) == (0, 2_000_000, 1_000_000)
    (count,) = made.counts
    assert (count.least, count.most, count.window.within) == (2, 2, 5_000_000)
    (wave,) = made.waves
    assert (wave.hz, wave.duty, wave.tolerance) == (1500, Fraction(1, 4), Fraction(1, 100))
    (state,) = made.states
    assert (state.value, state.moment.at) == (0, None)


def test_parameters_and_seeds_multiply(tmp_path: Path) -> None:
    text = """\
[scenario]
system = "small.toml"
boards = ["stm32l5", "virt-rv32"]
seeds = 3

[parameters]
text = ["a", "b"]
number = [7]

[[do]]
at = "1ms"
set = "sensor.${text}"
value = "${number}"

[[expect]]
log = "it is ${text}, ${number}"
"""
    file = ScenarioFile(write(tmp_path, text))
    file.check()
    assert len(file.variants()) == 2 * 2 * 3
    last = file.variants()[-1]
    assert file.label(last) == "board=virt-rv32 text=b seed=2"
    made = file.scenario(last)
    assert (made.stimuli[0].action.subject, made.stimuli[0].action.value) == ("sensor.b", 7)
    assert made.counts[0].pattern.text == "it is b, 7"
    (chosen,) = file.chosen("stm32l5", None, 9, {"text": "c"})
    assert chosen == Variant("stm32l5", "hosted", 9, (("text", "c"), ("number", 7)))
    with pytest.raises(K5Error, match=r"unknown parameter 'txet' \(did you mean 'text'\?\)"):
        file.chosen(None, None, None, {"txet": "c"})


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ("a = []", "parameter 'a' must be a list of values, not []"),
        ("a = 3", "parameter 'a' must be a list of values, not 3"),
        ("a = [1.5]", "takes texts, integers, true and false, not 1.5"),
        ("a = [1, 1]", "parameter 'a' has the same value twice"),
        ("'x y' = [1]", "'x y' is no name for a parameter"),
        ("b = [1]", "a.toml:5: parameter 'b' is never used"),
        ("aa = ['1']", "unknown parameter '${a}' (did you mean 'aa'?)"),
    ],
)
def test_mistake_in_parameters(tmp_path: Path, parameters: str, message: str) -> None:
    use = "" if message.startswith("a.toml:5") else '[[expect]]\nlog = "${a}"\n'
    if parameters.startswith("aa"):
        use += '[[expect]]\nlog = "${aa}"\n'
    text = f"{HEAD}[parameters]\n{parameters}\n{use}{NEVER}"
    assert any(message in found for found in mistakes(tmp_path, text))


def test_too_many_variants_are_refused(tmp_path: Path) -> None:
    text = HEAD.replace("until", "seeds = 10_000\nboards = ['stm32l5', 'fe310']\nuntil") + NEVER
    assert "it stands for 20000 runs" in mistakes(tmp_path, text)[0]


def test_qemu_refuses_what_it_cannot_do_by_line(tmp_path: Path) -> None:
    text = HEAD.replace("until", 'engines = ["hosted", "qemu"]\nuntil') + (
        '[[do]]\nat = "1ms"\npress = "user"\n[[expect]]\nled = "red"\nbecomes = "on"\n'
    )
    assert mistakes(tmp_path, text) == [
        "a.toml:5: QEMU cannot do this: stimulus: press user; run it with --engine hosted",
        "a.toml:9: QEMU cannot do this: event: led red on; run it with --engine hosted",
    ]


def test_files_are_found_by_their_table(tmp_path: Path) -> None:
    write(tmp_path, HEAD + NEVER)
    (tmp_path / "other.toml").write_text("# [scenario]\n[system]\n")
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "b.toml").write_text("  [ scenario ]\n")
    assert [path.name for path in find(tmp_path)] == ["a.toml", "b.toml"]
    assert not is_scenario(tmp_path / "none.toml")


def test_examples_of_the_docs_are_right(tmp_path: Path) -> None:
    """Each block by itself, in a scenario that has what it refers to."""
    text = (ROOT / "docs" / "scenarios.md").read_text()
    blocks = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    assert len(blocks) >= 6
    for block in blocks:
        if "[scenario]" in block:
            block = re.sub(r'(system|after) = ".*\.toml"', 'system = "small.toml"', block)
        else:
            block = HEAD + block + NEVER.replace("any", "BUS")
        ScenarioFile(write(tmp_path, block)).check()


@pytest.mark.parametrize(
    ("text", "ns"), [("20ms", 20_000_000), ("1.5us", 1500), ("2min", 120_000_000_000), ("0s", 0)]
)
def test_times_are_exact(text: str, ns: int) -> None:
    assert units.time_ns(text) == ns


@pytest.mark.parametrize(
    ("ns", "text"),
    [(0, "0 ms"), (1500, "1.5 us"), (5_046_000, "5.046 ms"), (10**10, "10 s"), (50, "0.05 us")],
)
def test_times_for_people(ns: int, text: str) -> None:
    assert units.shown(ns) == text
