"""Scenarios: a system, what happens to it, and what must be seen, as data (docs/scenarios.md).

    model.py       what a scenario is to all others: plain data
    load.py        from TOML to that, with the line of each mistake
    parameters.py  the values of ${name}, and the variants that they make
    names.py       what a built system and its board know: tasks, pins, log lines
    match.py       from the words of an event to a test of recorded events
    watch.py       expectations: what is fed with events and judges them
    run.py         one variant on an engine, exact to the tick
    report.py      what is said about a failure
    pool.py        many variants, on all cores
"""
