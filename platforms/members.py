"""What no platform does with the members of a store."""

from model import Members


def fewer(word: Members, before: int) -> str:
    """Why a store cannot get smaller: those that stay count the others as voters, and are no majority of them."""
    return (
        f"{word.origin}: {word.name} cannot go from {before} members to {word.count}: those that stay would still "
        f"count the others, and have no majority. Keep {before}, or move the data into a new store of {word.count}."
    )
