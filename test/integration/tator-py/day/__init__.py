"""A working day with Tator's own Python client, in chapters; `run.py` plays them in order."""
