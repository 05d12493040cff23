"""Faults that a person can fix: one sentence, no traceback."""


class CommandError(Exception):
    """What failed and what to do."""
