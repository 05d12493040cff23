"""What gives way where there is not room for all."""

from typing import Literal

Priority = Literal["low", "normal", "high"]
"""Among the applications of a stack; its stores come before them in any case."""
