"""Rendering of words on a Swarm of three nodes, for tests."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pulumi

from model import Container
from platforms.base import Refusal, Unsupported
from platforms.swarm.platform import SwarmPlatform
from platforms.swarm.settings import SwarmSettings
from tests.mock_engine import Recorded, render
from tests.platforms.words import Objects, Word, container, render_word

SETTINGS = SwarmSettings(kind="swarm", nodes=("host1", "host2", "host3"), entry="dns")
PLAIN = Callable[[Container], list[Word]]


def registered(make: PLAIN, settings: SwarmSettings = SETTINGS, objects_too: bool = False) -> list[Recorded]:
    """What the words that `make` gets from a plain container (no secrets) are rendered as."""

    def build(parent: pulumi.Resource) -> None:
        platform = SwarmPlatform(settings, stack="shop", data="keep")
        objects = Objects.make(platform, parent)
        app = container(objects)
        with platform.gathering():
            for word in make(app if objects_too else replace(app, secret_env={}, files=())):
                render_word(platform, word, parent)

    return render(build)


def services(make: PLAIN, settings: SwarmSettings = SETTINGS, objects_too: bool = False) -> dict[str, dict[str, Any]]:
    """The inputs of the rendered services, by service name."""
    return {
        one.inputs["name"]: one.inputs
        for one in registered(make, settings, objects_too)
        if one.type == "docker:index/service:Service"
    }


def refusals(make: PLAIN, settings: SwarmSettings = SETTINGS) -> tuple[Refusal, ...]:
    """What is refused of the words."""
    try:
        registered(make, settings)
    except Unsupported as refused:
        return refused.refusals
    return ()


def label(inputs: dict[str, Any], name: str) -> str | None:
    """A label of a service."""
    return next((one["value"] for one in inputs["labels"] if one["label"] == name), None)
