"""Faults that a person can mend: one sentence, no traceback."""


class CommandError(Exception):
    """What failed and what to do."""
