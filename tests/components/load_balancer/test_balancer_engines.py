"""A new engine is a folder and a line of the table: nothing else knows one."""

from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest

from components.load_balancer.engines import ENGINES
from components.load_balancer.kind import BALANCERS
from components.load_balancer.settings import EngineName, LoadBalancerSettings
from components.load_balancer.traffic import Balancer
from settings.images import ImagesSettings
from settings.load import load
from tests.architecture.modules import below, files, imports
from tests.components.load_balancer import differences
from tests.components.load_balancer.samples import fields, samples
from tests.components.load_balancer.stacks import backend, balancer, config

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


def test_every_field_has_a_sample() -> None:
    known = {field for field, _ in samples()}
    assert {field for field in fields() if not any(_of(field, one) for one in known)} == set()
    assert {one for one in known if not any(_of(field, one) for field in fields())} == set()


def _of(field: str, known: str) -> bool:
    return field == known or field.startswith(f"{known}.")


def test_every_difference_is_of_a_field() -> None:
    known = {field for field, _ in samples()}
    assert {field for engine in ENGINES.values() for field in engine.differences} <= known


def test_the_table_of_differences_is_as_the_engines_say() -> None:
    assert differences.text() == differences.PATH.read_text(), "run `make golden`"


@pytest.mark.parametrize("name", ENGINES)
def test_what_an_engine_does_not_refuse_it_renders(name: str) -> None:
    """And what it refuses has a field that the stack file shows."""
    for field, values in samples():
        for each in values:
            refused = [one.field for one in ENGINES[name].refusals(Balancer.model_validate(each))]
            faults = load(LoadBalancerSettings, {"engine": name, **each}, root="edge").faults
            assert bool(refused) == bool(faults), field
            backends = {app: replace(backend(app), ports={"admin": 9000, "mqtt": 1883}) for app in ("chat", "next")}
            assert faults or config({"engine": name, **each}, backends=backends)


@pytest.mark.parametrize("source", ["upstream", "sandbox"])
def test_every_engine_has_a_pin(source: str) -> None:
    images = ImagesSettings.model_validate({"source": source})
    assert all(images.pin(engine.pin) for engine in ENGINES.values())
