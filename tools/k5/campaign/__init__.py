"""Fault campaigns: what faults make of a system, and the evidence of it."""
