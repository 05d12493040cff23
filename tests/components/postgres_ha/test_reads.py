"""The read endpoint as it is rendered, and what applications get of it."""

from typing import Any

import pytest

from tests.mock_engine import Recorded
from tests.rendered.texts import PLATFORMS, accepted, text

PRESETS = ("libpq", "asyncpg", "sqlalchemy-psycopg", "sqlalchemy-asyncpg", "sqlalchemy-pg8000", "jdbc")


def registered(platform: str, uses: object = "DATABASE", **keys: Any) -> list[Recorded]:
    web = {"image": "registry.example.com/web:1.0", "port": 8000, "uses": {"main": uses}}
    return accepted({"platform": PLATFORMS[platform], "databases": {"main": keys}, "apps": {"web": web}}, secrets={})


def variables(platform: str, found: list[Recorded]) -> dict[str, str]:
    (app,) = (one for one in found if one.name == "web" and one.type.endswith(("/service:Service", ":Deployment")))
    if platform == "swarm":
        return dict(app.inputs["taskSpec"]["containerSpec"]["env"])
    (container,) = app.inputs["spec"]["template"]["spec"]["containers"]
    return {each["name"]: each.get("value", "") for each in container["env"]}


@pytest.mark.parametrize("platform", PLATFORMS)
def test_an_application_gets_a_second_address(platform: str) -> None:
    found = registered(platform, reads={})
    given = variables(platform, found)
    assert given["DATABASE_READ_HOST"].endswith(given["DATABASE_HOST"].replace("main-rw", "main-ro"))
    assert "main-ro" in given["DATABASE_READ_HOST"]
    assert given["DATABASE_READ_PORT"] == "5432"
    assert text(found, "main-read-url").endswith("/app?target_session_attrs=any")
    assert "@" + given["DATABASE_READ_HOST"] + ":5432" in text(found, "main-read-url")


@pytest.mark.parametrize("platform", PLATFORMS)
def test_without_it_nothing_is_there(platform: str) -> None:
    found = registered(platform)
    assert not [one.name for one in found if "main-ro" in one.name or "read-url" in one.name]
    assert "DATABASE_READ_HOST" not in variables(platform, found)


@pytest.mark.parametrize("preset", PRESETS)
def test_each_librarys_url_is_there_for_reads(preset: str) -> None:
    found = registered("swarm", {"prefix": "DATABASE", "preset": preset}, reads={})
    (url,) = (text(found, one.name) for one in found if one.name.startswith("web-database-read-url"))
    (writes,) = (text(found, one.name) for one in found if one.name.startswith("web-database-url"))
    assert "main-ro:5432" in url
    changed = url.replace("main-ro", "main-rw").replace("attrs=any", "attrs=read-write")
    assert changed.replace("Type=any", "Type=primary") == writes


@pytest.mark.parametrize("platform", PLATFORMS)
def test_who_serves_while_no_replica_is_near(platform: str) -> None:
    led = text(registered(platform, reads={"max_lag": "4Mi"}), "main-ro-config")
    assert "option httpchk OPTIONS /replica?lag=4096kB\n" in led
    assert "use_backend primary if { nbsrv(replicas) eq 0 }" in led
    assert "option httpchk OPTIONS /primary\n" in led
    alone = text(registered(platform, reads={"fallback": "none"}), "main-ro-config")
    assert "/primary" not in alone
    assert "use_backend" not in alone
