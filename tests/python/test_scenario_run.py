"""The runner and the expectations, on a scripted machine: exact to the tick."""

from __future__ import annotations

from pathlib import Path

import pytest
from k5.errors import K5Error
from k5.forcing import LINE, PREEMPT, Force
from k5.stream import Event
from scenario_kit import HALT, LOG, PIN, SERIAL, ScriptedMachine, came, event, run


def log(time: int, number: int) -> Event:
    return event(time, LOG, 3, number)


def lines(*times: int) -> list[Event]:
    """Log lines `line 1`, `line 2`, ... at these times."""
    return [log(time, number) for number, time in enumerate(times, 1)]


def serial(time: int, text: str) -> list[Event]:
    return [event(time + n, SERIAL, 0, ord(c), 0) for n, c in enumerate(text)]


def edges(pin: int, *times: int) -> list[Event]:
    """Rising first."""
    return [event(time, PIN, pin, (n + 1) % 2, 1) for n, time in enumerate(times)]


# ---- stimuli


def test_stimulus_comes_at_its_tick_exactly(tmp_path: Path) -> None:
    text = '[[do]]\nat = "1.5ms"\npress = "b"\nfor = "2ms"\n[[never]]\nfault = "any"\n'
    ran, machine = run(tmp_path, text, lines(1, 2, 3))
    assert not ran.failures
    assert machine.calls == [(1500, "press", ("b",)), (3500, "release", ("b",))]


def test_stimulus_comes_before_its_instruction(tmp_path: Path) -> None:
    text = """
[[do]]
at_instruction = 1500
press = "b"
for = "2ms"
[[do]]
at_instruction = 777
preempt = "other"
[[do]]
at_instruction = 777
interrupt = "9"
[[do]]
at = "777us"
release = "c"
[[never]]
fault = "any"
"""
    ran, machine = run(tmp_path, text, lines(1, 600, 777, 900))
    assert not ran.failures
    assert machine.calls == [
        (777, "release", ("c",)),  # what happens at a time comes first
        (777, "force", (Force(PREEMPT, 1),)),
        (777, "force", (Force(LINE, 9),)),
        (1500, "press", ("b",)),
        (3500, "release", ("b",)),
    ]


def test_instruction_that_no_thread_came_to_is_a_failure(tmp_path: Path) -> None:
    text = '[[do]]\nat_instruction = 5000\nwake = "main"\n[[never]]\nfault = "any"\n'
    ran, machine = run(tmp_path, text, lines(1, 2), halts=True)
    assert machine.calls == []
    assert came(ran) == ["stimulus wake main was given: no thread came to instruction 5000"]


def test_what_cannot_be_forced_is_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: ScriptedMachine, force: Force) -> None:
        raise K5Error("simulator: another thread runs")

    monkeypatch.setattr(ScriptedMachine, "force", refuse, raising=False)
    text = '[[do]]\nat_instruction = 50\npreempt = "main"\n[[never]]\nfault = "any"\n'
    ran, _ = run(tmp_path, text, lines(1, 2))
    assert came(ran) == [
        "stimulus preempt main was given: not possible at instruction 50: another thread runs"
    ]


def test_stimulus_after_an_event_comes_with_it_or_later(tmp_path: Path) -> None:
    text = """
[[do]]
after = { log = "line 2" }
press = "b"
[[do]]
after = { log = "line", nth = 3 }
delay = "1ms"
kill = "t"
[[never]]
fault = "any"
"""
    _, machine = run(tmp_path, text, lines(100, 777, 5000))
    assert machine.calls == [(777, "press", ("b",)), (6000, "kill", ("t", 0))]


def test_stimulus_after_each_event(tmp_path: Path) -> None:
    text = '[[do]]\nafter = { log = "line" }\neach = true\ndelay = "10us"\nsend = "x"\nto = "uart"\n[[never]]\nfault = "any"\n'
    _, machine = run(tmp_path, text, lines(100, 200, 300))
    assert [tick for tick, *_ in machine.calls] == [110, 210, 310]


def test_stimulus_repeats_without_drift(tmp_path: Path) -> None:
    text = '[[do]]\nevery = "10ms"\ntimes = 3\ndrive = "PA1"\nlevel = "open"\n[[never]]\nfault = "any"\n'
    _, machine = run(tmp_path, text, [])
    assert machine.calls == [(10_000 * n, "drive", ("PA1", None)) for n in (1, 2, 3)]


def test_jitter_depends_on_the_seed_alone(tmp_path: Path) -> None:
    text = '[[do]]\nevery = "10ms"\ntimes = 5\njitter = "2ms"\npress = "b"\n[[never]]\nfault = "any"\n'
    ticks = [
        [tick for tick, *_ in run(tmp_path, text, [], seed=seed)[1].calls] for seed in (1, 1, 2)
    ]
    assert ticks[0] == ticks[1] != ticks[2]
    assert all(0 <= tick - 10_000 * n <= 2000 for n, tick in enumerate(ticks[0], 1))


def test_stimuli_of_one_tick_come_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = """
[[do]]
at = "2ms"
press = "a"
[[do]]
at = "1ms"
press = "b"
[[do]]
name = "c"
at = "2ms"
press = "c"
[[do]]
after = { do = "c" }
press = "d"
[[never]]
fault = "any"
"""
    _, machine = run(tmp_path, text, [])
    assert [(tick, args[0]) for tick, _, args in machine.calls] == [
        (1000, "b"), (2000, "a"), (2000, "c"), (2000, "d"),
    ]  # fmt: skip


def test_send_takes_speed_and_damage(tmp_path: Path) -> None:
    text = """
[[do]]
at = "1ms"
send = "a\\r"
to = "uart"
baud = 9600
damage = "parity"
[[do]]
at = "2ms"
send = "b"
to = "uart"
[[never]]
fault = "any"
"""
    _, machine = run(tmp_path, text, [])
    assert [call[1:] for call in machine.calls] == [
        ("serial_speed", ("uart", 9600)), ("serial_damage", ("uart", "parity")),
        ("send", ("uart", b"a\r")), ("serial_speed", ("uart", 0)), ("send", ("uart", b"b")),
    ]  # fmt: skip


def test_stimulus_that_is_never_given_is_a_failure(tmp_path: Path) -> None:
    text = '[[do]]\nafter = { log = "line 9" }\npress = "b"\n[[never]]\nfault = "any"\n'
    ran, _ = run(tmp_path, text, lines(1))
    assert came(ran) == ['stimulus press b was given: a log line with "line 9" did not come in time']


def test_machine_that_halted_waits_for_the_next_stimulus(tmp_path: Path) -> None:
    text = '[[do]]\nat = "50ms"\nreset = "pin"\n[[expect]]\nlog = "line 1"\n'
    ran, machine = run(tmp_path, text, lines(10), halts=True)
    assert machine.calls == [(50_000, "reset", ("pin",))]
    assert (ran.end, ran.failures) == ("halt", [])


# ---- the end


def test_run_goes_to_until_without_stopping_between(tmp_path: Path) -> None:
    ran, machine = run(tmp_path, '[[expect]]\nlog = "line 1"\n', lines(1, 2, 3))
    assert machine.stops == [100_000]
    assert (ran.end, ran.tick) == ("time", 100_000)


def test_without_until_it_ends_when_all_is_decided(tmp_path: Path) -> None:
    text = '[scenario]\nsystem = "small.toml"\n[[expect]]\nlog = "line 2"\n'
    ran, _ = run(tmp_path, text, lines(10, 777, 900))
    assert (ran.end, ran.tick, ran.failures) == ("decided", 777, [])


def test_without_until_a_missed_limit_ends_it(tmp_path: Path) -> None:
    text = '[scenario]\nsystem = "small.toml"\n[[expect]]\nlog = "line 2"\nwithin = "1ms"\n'
    ran, _ = run(tmp_path, text, lines(10, 1001))
    assert (ran.end, ran.tick) == ("decided", 1001)
    assert ran.failures[0].came == [
        "it did not come",
        "nearest miss: it came at 1.001 ms, 1 us too late",
    ]


def test_look_beyond_the_end_judges_nothing_else(tmp_path: Path) -> None:
    text = (
        '[scenario]\nsystem = "small.toml"\n[[expect]]\nlog = "line 3"\nwithin = "1ms"\n'
        '[[never]]\nlog = "line 2"\n'
    )
    ran, _ = run(tmp_path, text, lines(10, 1100, 1200))
    assert came(ran) == [
        'a log line with "line 3" within 1 ms: it did not come; '
        "nearest miss: it came at 1.2 ms, 200 us too late"
    ]


def test_scenario_that_never_ends_is_stopped_and_says_so(tmp_path: Path) -> None:
    text = '[scenario]\nsystem = "small.toml"\nlimit = "20ms"\n[[expect]]\nlog = "line 9"\n'
    ran, _ = run(tmp_path, text, lines(10))
    assert ran.end == "limit"
    assert came(ran)[1] == (
        "it ends: it never ended, and was stopped at its limit of 20 ms of virtual time"
    )


def test_host_limit_stops_what_takes_too_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from k5.scenario import run as runner

    clock = iter(range(10**6))
    monkeypatch.setattr(runner.time, "monotonic", lambda: float(next(clock)))
    text = '[scenario]\nsystem = "small.toml"\nuntil = "100min"\nhost_limit = "3s"\n[[never]]\nfault = "any"\n'
    ran, _ = run(tmp_path, text, [])
    assert ran.end == "host"
    assert came(ran) == ["it ends: it was still running after 3 s of the host's time"]


@pytest.mark.parametrize(("ends", "halts", "good"), [
    ("halted", True, True), ("halted", False, False), ("running", True, False), ("running", False, True),
])  # fmt: skip
def test_how_it_ends(tmp_path: Path, ends: str, halts: bool, good: bool) -> None:
    text = f'[scenario]\nsystem = "small.toml"\nuntil = "1ms"\nends = "{ends}"\n'
    ran, _ = run(tmp_path, text, [event(5, HALT)] if halts else [], halts)
    assert (not ran.failures) is good


# ---- counts and windows


@pytest.mark.parametrize(
    ("window", "good"),
    [
        ('within = "5ms"', True),
        ('within = "4999us"', False),
        ('after = "5ms"', True),
        ('after = "5001us"', False),
        ('after = "1ms"\nwithin = "4ms"', True),
        ('after = "1ms"\nwithin = "3999us"', False),
        ('after = { log = "line 1" }\nwithin = "4ms"', True),
        ('after = { log = "line 1" }\nwithin = "3999us"', False),
        ('after = { log = "line 2" }', False),
        ('after = { log = "line", nth = 2 }', False),
    ],
)
def test_window_is_exact(tmp_path: Path, window: str, good: bool) -> None:
    """Line 2 comes at 5 ms, 4 ms after line 1."""
    ran, _ = run(tmp_path, f'[[expect]]\nlog = "line 2"\n{window}\n', lines(1000, 5000))
    assert (not ran.failures) is good


def test_near_miss_says_by_how_much(tmp_path: Path) -> None:
    text = '[[expect]]\nlog = "line 2"\nafter = { log = "line 1" }\nwithin = "3ms"\n'
    ran, _ = run(tmp_path, text, lines(1000, 5500))
    assert ran.failures[0].came == [
        "it did not come",
        "nearest miss: it came at 5.5 ms, 1.5 ms too late",
    ]


def test_events_of_one_tick_have_an_order(tmp_path: Path) -> None:
    text = '[[expect]]\nlog = "line 2"\nafter = { log = "line 1" }\nwithin = "1us"\n'
    assert not run(tmp_path, text, lines(7, 7))[0].failures
    text = text.replace("line 2", "line 0")
    ran, _ = run(tmp_path, text, [log(7, 0), log(7, 1)])
    assert ran.failures[0].came[1].endswith("just before what it must come after")


@pytest.mark.parametrize(
    ("how", "times", "good"),
    [
        ("times = 2", 2, True), ("times = 2", 1, False), ("times = 2", 3, False),
        ("at_least = 2", 3, True), ("at_least = 2", 1, False),
        ("at_most = 2", 1, True), ("at_most = 2", 3, False), ("at_most = 2", 0, False),
    ],
)  # fmt: skip
def test_how_often(tmp_path: Path, how: str, times: int, good: bool) -> None:
    ran, _ = run(tmp_path, f'[[expect]]\nlog = "line"\n{how}\n', lines(*range(1, times + 1)))
    assert (not ran.failures) is good


def test_once_too_often_names_the_time(tmp_path: Path) -> None:
    ran, _ = run(tmp_path, '[[expect]]\nlog = "line"\ntimes = 2\n', lines(10, 20, 30, 40))
    assert came(ran) == [
        'exactly 2 times a log line with "line": it came 4 times; once too often at 30 us'
    ]


def test_never_is_judged_in_its_window(tmp_path: Path) -> None:
    text = '[[never]]\nlog = "line"\nafter = "1ms"\nwithin = "1ms"\n'
    assert not run(tmp_path, text, lines(999, 2001))[0].failures
    ran, _ = run(tmp_path, text, lines(999, 1500))
    assert came(ran) == ['never a log line with "line" within 1 ms after 1 ms: it came at 1.5 ms']


def test_never_whose_window_never_opens_says_nothing_was_looked_at(tmp_path: Path) -> None:
    ran, _ = run(tmp_path, '[[never]]\nlog = "line"\nafter = { log = "line 9" }\n', lines(1))
    assert "so nothing was looked at" in came(ran)[0]


def test_order(tmp_path: Path) -> None:
    text = '[[expect]]\nin_order = [{ log = "line 1" }, { log = "line 3" }]\nwithin = "1ms"\n'
    assert not run(tmp_path, text, lines(1, 2, 3))[0].failures
    for script in ([log(1, 3), log(2, 1)], [log(1, 1), log(1001, 3)]):
        ran, _ = run(tmp_path, text, script)
        assert '2. did not come: a log line with "line 3"' in came(ran)[0]


# ---- serial lines, pins


def test_serial_text_is_met_by_its_last_character(tmp_path: Path) -> None:
    text = '[[expect]]\nserial = "uart"\ntext = "k5> "\nwithin = "%dus"\n'
    script = serial(100, "xk5k5> ")
    assert not run(tmp_path, text % 106, script)[0].failures
    assert run(tmp_path, text % 105, script)[0].failures


def test_serial_text_in_a_window_was_sent_in_it(tmp_path: Path) -> None:
    text = '[[expect]]\nserial = "uart"\ntext = "abc"\nafter = "102us"\n'
    assert run(tmp_path, text, serial(100, "abc"))[0].failures
    assert not run(tmp_path, text, serial(100, "ababc"))[0].failures


def test_serial_pattern_is_looked_for_in_a_line(tmp_path: Path) -> None:
    text = '[[expect]]\nserial = "uart"\ntext = "up \\\\d+ s$"\nregex = true\n'
    assert not run(tmp_path, text, serial(100, "up 12 s\r\n"))[0].failures
    assert run(tmp_path, text, serial(100, "up\n 12 s\n"))[0].failures


def test_led_edges_count_and_repeated_levels_do_not(tmp_path: Path) -> None:
    script = [event(t, PIN, 2, level, 1) for t, level in ((5, 0), (10, 1), (20, 1), (30, 0), (40, 1))]
    text = '[[expect]]\nled = "red"\nbecomes = "%s"\ntimes = %d\n'
    for becomes, times in (("on", 2), ("off", 1), ("changed", 3)):
        assert not run(tmp_path, text % (becomes, times), script)[0].failures


def test_wave_within_tolerance(tmp_path: Path) -> None:
    wave = edges(0, *(time for n in range(20) for time in (1000 * n, 1000 * n + 250)))
    text = '[[expect]]\npin = "PA0"\nfrequency = "%s"\nduty = "%s"\nwithin = "20ms"\n'
    assert not run(tmp_path, text % ("1kHz", "25%"), wave)[0].failures
    ran, _ = run(tmp_path, text % ("1.1kHz", "25%"), wave)
    assert "it was 1000 Hz, in period 1 of 19, at 0 ms" in came(ran)[0]
    ran, _ = run(tmp_path, text % ("1kHz", "50%"), wave)
    assert "it was 25 % duty" in came(ran)[0]


def test_one_wrong_period_is_found(tmp_path: Path) -> None:
    times = [0, 500, 1000, 1500, 2100, 2600, 3000, 3500, 4000, 4100]
    ran, _ = run(tmp_path, '[[expect]]\npin = "PA0"\nfrequency = "1kHz"\nwithin = "5ms"\n', edges(0, *times))
    assert "it was 909.091 Hz, in period 2 of 4, at 1 ms" in came(ran)[0]


def test_wave_without_a_period_is_a_failure(tmp_path: Path) -> None:
    ran, _ = run(tmp_path, '[[expect]]\npin = "PA0"\nfrequency = "1kHz"\nwithin = "5ms"\n', edges(0, 1, 2))
    assert "2 edges: not one whole period" in came(ran)[0]


# ---- states


def test_state_at_a_time_is_looked_at_then(tmp_path: Path) -> None:
    text = '[[expect]]\nled = "red"\nis = "on"\nat = "5ms"\n'
    ran, machine = run(tmp_path, text, [])
    assert 5000 in machine.stops
    assert came(ran) == ["led red is on, at 5 ms: it is off"]


def test_state_whose_event_never_comes_is_a_failure(tmp_path: Path) -> None:
    text = '[[expect]]\nled = "red"\nis = "off"\nafter = { log = "line 9" }\n'
    ran, _ = run(tmp_path, text, [])
    assert "did not come in time" in came(ran)[0]
    text = text.replace("line 9", "line 1")
    assert not run(tmp_path, text, lines(5))[0].failures


# ---- latency


def latency(percentile: float = 100, least: int = 1) -> str:
    return (f'[[latency]]\nfrom = {{ log = "line 1" }}\nto = {{ log = "line 2" }}\nmost = "1ms"\n'
            f"percentile = {percentile}\nat_least = {least}\n")  # fmt: skip


def pairs(*took: int) -> list[Event]:
    return [e for n, t in enumerate(took) for e in (log(10_000 * n, 1), log(10_000 * n + t, 2))]


def test_latency_bound_is_exact(tmp_path: Path) -> None:
    assert not run(tmp_path, latency(), pairs(5, 1000))[0].failures
    ran, _ = run(tmp_path, latency(), pairs(5, 1001))
    assert ran.failures[0].came == ["1 of 2 took longer", "the longest 1.001 ms, begun at 10 ms"]


def test_percentile(tmp_path: Path) -> None:
    script = pairs(1001, 5, 5, 5)
    assert not run(tmp_path, latency(75), script)[0].failures
    assert run(tmp_path, latency(76), script)[0].failures


def test_latency_needs_samples(tmp_path: Path) -> None:
    ran, _ = run(tmp_path, latency(least=3), pairs(5, 5))
    assert "measured 2 times; at least 3 must be" in came(ran)[0]


def test_what_is_not_answered_has_taken_until_the_end(tmp_path: Path) -> None:
    ran, _ = run(tmp_path, latency(), [*pairs(5), log(50_000, 1)])
    assert "the longest 50 ms, begun at 50 ms" in came(ran)[0]
    assert "1 were not answered at the end" in came(ran)[0]


def test_one_answer_answers_all_before_it(tmp_path: Path) -> None:
    ran, _ = run(tmp_path, latency(least=2), [log(0, 1), log(600, 1), log(1100, 2)])
    assert "1 of 2 took longer" in came(ran)[0]
