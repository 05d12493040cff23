"""What an application uses: one flat map, however it is written."""

from typing import Any

import pytest
from pydantic import ValidationError

from components.app_tier.settings import AppTierSettings
from components.app_tier.uses import Use, each_use

APP: dict[str, Any] = {"image": "registry.example.com/x/web:1", "command": ["run"], "port": 8000}


def used(uses: object) -> dict[str, Use]:
    return each_use(AppTierSettings.model_validate({**APP, "uses": uses}).uses)


@pytest.mark.parametrize(
    "written",
    [
        {"main": "DATABASE", "sessions": "REDIS"},
        {"main": {"prefix": "DATABASE"}, "sessions": {"prefix": "REDIS", "inject": "files"}},
        {"databases": {"main": "DATABASE"}, "caches": {"sessions": "REDIS"}},
        {"databases": {"main": "DATABASE"}, "sessions": "REDIS"},
    ],
)
def test_every_way_to_write_it_is_the_same_map(written: object) -> None:
    assert used(written) == {"main": Use(prefix="DATABASE"), "sessions": Use(prefix="REDIS")}


def test_the_grouped_form_says_for_all_how_secrets_arrive() -> None:
    assert used({"databases": {"main": "DATABASE"}, "inject": "variables"}) == {
        "main": Use(prefix="DATABASE", inject="variables")
    }


def test_a_component_may_be_named_like_a_group() -> None:
    assert set(used({"databases": "DATABASE", "caches": {"prefix": "REDIS"}})) == {"databases", "caches"}


@pytest.mark.parametrize("written", [{"main": "database"}, {"main": 1}, {"main": {"prefx": "DATABASE"}}, ["main"]])
def test_what_is_not_a_use_is_refused(written: object) -> None:
    with pytest.raises(ValidationError):
        used(written)
