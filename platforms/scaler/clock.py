"""In the image this file is `model/clock.py` itself."""

from model.clock import Clock, parse

__all__ = ["Clock", "parse"]
