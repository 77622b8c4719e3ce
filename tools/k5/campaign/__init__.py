"""Fault campaigns: what a fault in one task can and cannot do, tried out; docs/campaigns.md.

    model      what a campaign file says
    reader     reads it, strictly
    scout      the run without a fault: whether it passes, when things come, who runs
    space      places x bits x sites as numbers, and each number's trial
    golden     the library's golden run, trials in batches
    verdict    whether a scenario's expectations hold in the events of a trial
    classes    what an outcome is called: the one place that decides
    statistics how many samples, and how sure that makes
    store      the results: SQLite
    rig        one process's machine, and a chunk of trials in it
    pool       chunks on all cores; cluster: on a Dask cluster
    conduct    a campaign from its beginning, or from where it was stopped
    trial      one trial by itself
    export     CSV and JSON; report: a page for a browser
"""
