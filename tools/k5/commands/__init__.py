"""One module per sub-command: its docstring is its help, main() its exit code."""
