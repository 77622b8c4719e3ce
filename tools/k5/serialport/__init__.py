"""Serial lines of a machine, connected to the world: stdio, a pty, TCP, a file.

spec.py reads `--serial`, end.py says what an end is, one module a kind has the
rest; link.py carries bytes between a line and its end.
"""
