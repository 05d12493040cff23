"""What any accepted database renders is accepted by PostgreSQL: every parameter, and the first start's SQL."""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests.live.app.postgres_server import Postgres
from tests.rendered.programs import JUDGED, POSTGRES, passes, program
from tests.rendered.texts import PLATFORMS, accepted, text
from tests.rendered.values import DATABASE

pytestmark = pytest.mark.live
PASSWORD = 'it\'s a "$ecret"\\'


@JUDGED
@given(platform=st.sampled_from(sorted(PLATFORMS)), database=DATABASE)
def test_every_parameter_is_accepted(platform: str, database: dict[str, Any]) -> None:
    registered = accepted({"platform": PLATFORMS[platform], "databases": {"main": database}}, secrets={})
    wanted = json.loads(text(registered, "main-pg-settings-wanted"))["configuration"]["postgresql"]["parameters"]
    own = yaml.safe_load(text(registered, "main-pg-cluster"))["postgresql"]["parameters"]
    with tempfile.TemporaryDirectory() as data:
        Path(data, "postgresql.conf").touch()
        given = [word for name, value in (wanted | own).items() for word in ("-c", f"{name}={value}")]
        shown = passes(program(POSTGRES, "postgresql-15"), "-C", "max_connections", "-D", data, *given)
    assert int(shown) == database.get("max_connections", 100)


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    program(POSTGRES, "postgresql-15")
    with tempfile.TemporaryDirectory() as place:
        shutil.chown(place, "postgres")
        postgres = Postgres(Path(place))
        postgres.start()
        yield postgres
        postgres.crash()


@JUDGED
@given(database=DATABASE)
def test_the_first_start_makes_role_and_database(server: Postgres, database: dict[str, Any]) -> None:
    registered = accepted({"platform": PLATFORMS["swarm"], "databases": {"main": database}}, secrets={})
    owner, name = database.get("owner", "app"), database.get("database", "app")
    with tempfile.TemporaryDirectory() as place:
        Path(place, "owner_password").write_text(PASSWORD)
        script = text(registered, "main-pg-bootstrap").replace("/etc/ha-patroni/bootstrap", place)
        done = subprocess.run(
            ["sh", "-s", server.url],
            input=script,
            env={"PATH": os.environ["PATH"], "HA_OWNER": owner, "HA_DATABASE": name},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    with server.session() as run:
        found = run(f"SELECT pg_get_userbyid(datdba) AS owner FROM pg_database WHERE datname = '{name}'")
        run(f'DROP DATABASE "{name}"')
        run(f'DROP ROLE "{owner}"')
    assert [row["owner"] for row in found] == [owner]
