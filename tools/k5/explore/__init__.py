"""Exploration: a scenario under other timings than its own (docs/exploration.md).

    schedule.py  what is forced, and at which instruction
    course.py    a run of the scenario that can be forked, and told from others by its key
    window.py    where something may be forced
    search.py    tries one schedule after the other, and leaves out what it has seen
    reduce.py    the shortest schedule, and of those the earliest
    write.py     a scenario that repeats it
    result.py    what is said of it all
"""
