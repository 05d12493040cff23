"""What a stack with one database renders, and the processes of a member that runs."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from composition.compose import compose
from composition.read import StackInput, check
from tests.mock_engine import Recorded, render
from tests.rendered.texts import PLATFORMS

COUNT = 3


def below(pid: int) -> Iterator[int]:
    """A process and its children."""
    yield pid
    with suppress(FileNotFoundError):
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            yield from below(int(child))


def registered(kind: str, **main: Any) -> list[Recorded]:
    """What the stack renders on a platform."""
    document = {"platform": PLATFORMS[kind], "databases": {"main": {"members": COUNT, "volume": "500Gi", **main}}}
    stack = check(document, source="clone", secret_names=frozenset())
    return render(lambda _: compose(StackInput(source="clone", stack=stack, secrets={}), stack_name="prod"))
