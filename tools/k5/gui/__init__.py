"""A board one can see: the window behind `./k5 run --gui` and the pictures of `--screenshot`.

    session.py   a machine with its pace, and what of it is shown (view.py)
    watch.py, activity.py, lamps.py, terminal.py, logbook.py
                 from events to what a person sees: who ran when, how bright a LED is, what a
                 serial line says; none of it knows SDL
    renderer.py, arrange.py, panels/, texts.py, theme.py
                 from a view to pixels; a surface is all that it needs, no display
    window.py, keys.py
                 the window: input, focus, frames
    shots.py     PNG frames without a window

Nothing outside of this package imports pygame or numpy, and only --gui and --screenshot
import this package.
"""
