"""Traces: read, filtered, summed up, drawn and written in the formats of other tools.

The one model of a trace is a sequence of decode.Line: events with all names
resolved, whether they come from a running system or from JSON lines.
"""
