"""A server of GDB's remote serial protocol for simulated machines.

packets.py: framing. registers.py: what GDB is told of the CPUs. threads.py, memory.py:
the machine as GDB sees it. motion.py: forward; reverse.py: back. monitor.py: `monitor`
commands. session.py: one client's packets. server.py: who may connect, and how.
"""
