"""What is asked of an application that is not the sample one."""

from typing import Any

import pytest

from cli.answer import _check_path


@pytest.mark.parametrize(
    ("route", "app", "asked"),
    [
        ({}, {}, "/health"),
        ({}, {"probes": {"health": "/api/health"}}, "/api/health"),
        ({"check": None}, {"probes": {"interval": "5s"}}, "/health"),
        ({"check": {"path": "/up"}}, {"probes": {"health": "/api/health"}}, "/up"),
    ],
)
def test_the_path_is_that_of_the_balancers_check(route: dict[str, Any], app: dict[str, Any], asked: str) -> None:
    assert _check_path(route, app) == asked
