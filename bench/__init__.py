"""Programs that measure; each prints a table. Run one with `python -m bench.NAME --help`."""
