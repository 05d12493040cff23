"""A new engine is a folder and a line of the table: nothing else knows one."""

from pathlib import Path
from typing import get_args

import pytest

from components.load_balancer.engines import ENGINES
from components.load_balancer.kind import BALANCERS
from components.load_balancer.settings import EngineName, LoadBalancerSettings
from settings.images import ImagesSettings
from tests.architecture.modules import below, files, imports
from tests.components.load_balancer.stacks import balancer

ROOM = Path("components/load_balancer")
TABLE = ROOM / "engines.py"


def test_the_table_alone_knows_engines() -> None:
    rooms = [f"components.load_balancer.{name}" for name in ENGINES]
    where = {
        path
        for path in files(str(ROOM))
        if not any(path.is_relative_to(ROOM / name) for name in ENGINES)
        and any(below(module, room) for module in imports(path) for room in rooms)
    }
    assert where == {TABLE}


def test_a_stack_needs_the_image_of_its_engine() -> None:
    for name, engine in ENGINES.items():
        settings = LoadBalancerSettings.model_validate(balancer(engine=name))
        assert [need.pin for need in BALANCERS.images(settings)] == [engine.pin]


def test_settings_take_their_engines_from_the_table() -> None:
    assert get_args(EngineName) == (*ENGINES,)


@pytest.mark.parametrize("source", ["upstream", "sandbox"])
def test_every_engine_has_a_pin(source: str) -> None:
    images = ImagesSettings.model_validate({"source": source})
    assert all(images.pin(engine.pin) for engine in ENGINES.values())
