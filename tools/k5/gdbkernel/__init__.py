"""The host's GDB on the native kernel: how it starts, and what it can print."""
