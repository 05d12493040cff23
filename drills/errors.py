"""What a person has to do something about."""


class DrillError(Exception):
    """One or two sentences: what is wrong, and what to do."""
