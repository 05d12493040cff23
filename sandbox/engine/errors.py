"""What the engine refuses or cannot do, in words for its user."""


class EngineError(Exception):
    """One clear sentence: what was refused or failed, why, and the fix. Shown without a traceback."""


class Aborted(Exception):
    """The run is ending: no further resource is registered."""
