"""Durations as Go programs print them."""


def go_duration(seconds: int) -> str:
    """`90` is `1m30s`, `300` is `5m`: the form in which Docker's API answers are read back, so that no refresh shows a
    difference."""
    hours, rest = divmod(seconds, 3600)
    minutes, left = divmod(rest, 60)
    parts = [f"{hours}h"] if hours else []
    if minutes or (hours and left):
        parts.append(f"{minutes}m")
    if left or not parts:
        parts.append(f"{left}s")
    return "".join(parts)
