"""What the README says of a killed `pulumi up`, to be run literally."""

from tests.stacks.fixtures import REPOSITORY


def commands(sign: str) -> str:
    """The lines of the section that have a sign in them; the stack is `mine`."""
    section = (REPOSITORY / "README.md").read_text().partition("### A killed `pulumi up`\n")[2]
    (found,) = (block for block in section.split("```")[1:4:2] if sign in block)
    return found
