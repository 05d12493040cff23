"""Kubernetes expands `$(NAME)` in variables, commands and arguments; the words mean only the members' own names."""

MEMBER_VARIABLES = ("MEMBER_NAME", "MEMBER_HOST", "MEMBER_ORDINAL")


def literal(text: str) -> str:
    """Text that Kubernetes leaves as the word has it: `$$` stands for `$`."""
    return text.replace("$", "$$")


def with_members(text: str) -> str:
    """Literal text, except for the variables of Members."""
    escaped = literal(text)
    for name in MEMBER_VARIABLES:
        escaped = escaped.replace(f"$$({name})", f"$({name})")
    return escaped
