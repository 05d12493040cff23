"""What READMEs say of the nodes is what the stacks promise."""

import re
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest

from composition.promises import HOSTS, NEEDED, promised
from composition.read import check
from tests.examples.example import EXAMPLES, Example

_ROW = re.compile(r"^\| [^|]*\| (\d+) \| (\d+) \| (\d+) \| ([^|]+) \|$", re.MULTILINE)


def rows() -> Iterator[Any]:
    """Example, `scaling.max`, `max_connections`, nodes, and what each of them needs."""
    for example in EXAMPLES:
        for most, connections, nodes, needed in _ROW.findall(example.readme.read_text()):
            yield pytest.param(
                example, int(most), int(connections), int(nodes), needed, id=f"{example.id}-{most}-{nodes}"
            )


ROWS = list(rows())


def test_there_are_sizes() -> None:
    assert len(ROWS) > 3


@pytest.mark.parametrize(("example", "most", "connections", "nodes", "needed"), ROWS)
def test_a_size_is_what_the_stack_promises(
    example: Example, most: int, connections: int, nodes: int, needed: str
) -> None:
    settings = deepcopy(example.settings())
    settings["platform"]["nodes"] = nodes
    settings["apps"]["api"]["scaling"]["max"] = most
    settings["databases"]["main"]["max_connections"] = connections
    stack = check(settings, source=example.path.name, secret_names=example.secrets())
    assert promised(stack)[HOSTS][NEEDED][NEEDED].startswith(f"{needed} on each ")
