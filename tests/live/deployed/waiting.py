"""Waiting for a condition, with a deadline: as drills wait."""

from drills.waiting import wait_for

__all__ = ["wait_for"]
