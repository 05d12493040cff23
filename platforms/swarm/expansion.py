"""Swarm expands Go templates in variables and mounts (not in commands and arguments); the words mean their text."""


def literal(text: str) -> str:
    """Text that Swarm leaves as the word has it: the template `{{"{{"}}` becomes `{{`."""
    return text.replace("{{", '{{"{{"}}')
