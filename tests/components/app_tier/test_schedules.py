"""What an application runs by the clock: the words, and what is refused."""

from typing import Any

import pytest
from pydantic import ValidationError

from components.app_tier.settings import AppTierSettings
from model import Origin, Schedule, Tier, Workload
from tests.components.app_tier.test_app_component import made

TIDY = {"command": ["tidy", "--all"], "at": "30 3 * * 1-5"}


def settings(schedule: dict[str, Any] = TIDY, **app: Any) -> AppTierSettings:
    return AppTierSettings.model_validate(
        {"image": "registry.example.com/web:1", "port": 8000, "schedules": {"tidy": schedule}, **app}
    )


def test_the_word() -> None:
    _, platform = made(schedules={"tidy": TIDY | {"time_zone": "Europe/Berlin", "deadline": 600, "history": 5}})
    word = platform.one(Schedule)
    assert (word.name, word.origin, word.tier) == (
        "web-tidy", Origin(key="apps", name="web").at("schedules", "tidy"), Tier.APP
    )  # fmt: skip
    assert (word.at, word.zone, word.deadline_seconds, word.history) == ("30 3 * * 1-5", "Europe/Berlin", 600, 5)
    assert word.start_within_seconds == 600
    assert word.hosts == ()


def test_it_runs_with_what_the_application_is_given() -> None:
    given = {"uses": {"main": "DATABASE"}, "secrets": {"api.key": "key"}, "env": {"MODE": "x"}}
    _, platform = made(schedules={"tidy": TIDY}, **given)
    word, app = platform.one(Schedule), platform.one(Workload)
    assert word.container.command == ("tidy", "--all")
    assert word.container.env == app.container.env
    assert word.container.files == app.container.files
    assert word.container.resources == app.container.resources
    assert word.depends_on


def test_it_has_resources_of_its_own_where_it_says_so() -> None:
    _, platform = made(schedules={"tidy": TIDY | {"size": "large"}})
    assert platform.one(Schedule).container.resources != platform.one(Workload).container.resources


def test_its_devices_and_port_are_the_applications_alone() -> None:
    _, platform = made(devices={"gpu": 1}, schedules={"tidy": TIDY})
    assert platform.one(Schedule).container.devices == {}


def test_monitoring_hears_of_each() -> None:
    component, _ = made(schedules={"tidy": TIDY, "vacuum": TIDY})
    observed = component.observability
    assert [target.job for target in observed.targets] == ["schedule-web-tidy", "schedule-web-vacuum"]
    names = {rule.name for rule in observed.rules}
    assert names == {
        f"Schedule_web_{each}{suffix}"
        for each in ("tidy", "vacuum")
        for suffix in ("Failed", "OverDeadline", "Missed", "Down")
    }
    assert {rule.severity for rule in observed.rules} == {"warning"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"at": "*/30 * * * *"}, r"due every 30m, and a run may take a `deadline` of 1h, so that it would overlap"),
        ({"at": "30 2 * * *", "time_zone": "Europe/Berlin"}, "due every 1h where the clock is set back"),
        ({"at": "0 3 * * 7"}, "from 0 to 6"),
        ({"at": "@daily"}, "five fields"),
        ({"at": "0 0 31 2 *"}, "no day of any year"),
        ({"time_zone": "Europe/Nowhere"}, "is not known here"),
        ({"time_zone": "TZ=UTC"}, "pattern"),
        ({"size": "small", "resources": {"cpu_request": 10, "cpu_limit": 100, "memory_request": 2**26,
                                         "memory_limit": 2**26}}, "not both"),
        ({"start_within": 5}, "greater than or equal to 30"),
        ({"history": 0}, "greater than or equal to 1"),
        ({"command": []}, "at least 1 item"),
    ],
)  # fmt: skip
def test_what_a_schedule_cannot_be(change: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        settings(TIDY | change)


def test_a_deadline_that_ends_before_the_next_run_is_taken() -> None:
    settings(TIDY | {"at": "*/30 * * * *", "deadline": 1799})


def test_an_image_without_python_is_refused() -> None:
    with pytest.raises(ValidationError, match="kept by a program of python3"):
        settings(http_tool="curl")


@pytest.mark.parametrize("name", ["a" * 20, "Tidy", "-tidy", "tidy-"])
def test_names_have_room_for_what_is_put_together_from_them(name: str) -> None:
    with pytest.raises(ValidationError):
        AppTierSettings.model_validate({"image": "registry.example.com/web:1", "port": 8000, "schedules": {name: TIDY}})
