"""Texts of a stack file as words of haproxy.cfg."""


def literal(text: str) -> str:
    """A word whose text HAProxy neither splits nor expands, where it would read a log format."""
    escaped = text.replace("%", "%%").replace("'", r"'\''")
    return f"'{escaped}'"
