"""What any accepted database renders is accepted by PostgreSQL: every parameter, and the first start's SQL."""

import json
import re
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from components.postgres_ha.files.orders import carry_out
from components.postgres_ha.files.scram import verifier
from components.postgres_ha.files.sql import Server
from components.postgres_ha.owned import OWNED
from components.postgres_ha.parameters import TABLES, Parameter, parameters
from tests.live.app.postgres_server import POSTGRES_BIN, Postgres, running
from tests.rendered.parameter_table import QUERY
from tests.rendered.programs import JUDGED, POSTGRES, passes, program
from tests.rendered.texts import PLATFORMS, accepted, text
from tests.rendered.values import DATABASE

pytestmark = pytest.mark.live
MAJOR = 15
SHOWN_OTHERWISE = re.compile("tcp_|wal_compression")
"""As the kernel has it, and `pglz` for `on`."""
PASSWORD = 'it\'s a "$ecret"\\'

SANDBOX = {"images": {"source": "sandbox"}}


@JUDGED
@given(platform=st.sampled_from(sorted(PLATFORMS)), database=DATABASE)
def test_every_parameter_is_accepted(platform: str, database: dict[str, Any]) -> None:
    registered = accepted({**SANDBOX, "platform": PLATFORMS[platform], "databases": {"main": database}}, secrets={})
    wanted = json.loads(text(registered, "main-pg-settings-wanted"))["configuration"]["postgresql"]["parameters"]
    assert database.get("parameters", {}).keys() - {"shared_buffers"} <= wanted.keys()
    own = yaml.safe_load(text(registered, "main-pg-cluster"))["postgresql"]["parameters"]
    with tempfile.TemporaryDirectory() as data:
        Path(data, "postgresql.conf").touch()
        given = [word for name, value in (wanted | own).items() for word in ("-c", f"{name}={value}")]
        shown = passes(program(POSTGRES, "postgresql-15"), "-C", "max_connections", "-D", data, *given)
    assert int(shown) == database.get("max_connections", 100)


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with running() as postgres:
        yield postgres


def test_the_table_of_parameters_is_what_the_server_says(server: Postgres) -> None:
    with server.session() as run:
        rows = [row["row"] for row in run(QUERY)]
    assert rows == (TABLES / f"{MAJOR}.tsv").read_text().splitlines()


def test_the_server_reads_every_value_as_we_do(server: Postgres) -> None:
    """Of what a session may set: the bounds and more, with every unit."""
    with server.session() as run:
        for one in parameters(MAJOR).values():
            if one.context not in ("user", "superuser") or SHOWN_OTHERWISE.match(one.name):
                continue
            for written in filter(partial(_is_value, one), _texts(one)):
                (row,) = run(
                    f"SELECT set_config('{one.name}', '{written}', true),"
                    f" (SELECT setting FROM pg_settings WHERE name = '{one.name}') AS setting"
                )
                assert row["setting"] == str(one.value(written)), (one.name, written)


def test_the_server_takes_the_bounds_of_every_parameter(server: Postgres) -> None:
    known = [one for one in parameters(MAJOR).values() if one.context != "postmaster" and one.name.lower() not in OWNED]
    lines = [f"{one.name} = '{written}'\n" for one in known for written in _texts(one) if _is_value(one, written)]
    server.configure("".join(lines))
    with server.session() as run:
        judged = run("SELECT name, setting, error FROM pg_file_settings")
    faults = {(row["name"], row["setting"]) for row in judged if row["error"]}
    assert not faults
    assert len(judged) >= len(lines) > 300


def _texts(one: Parameter) -> tuple[str, ...]:
    if one.type in ("integer", "real"):
        units = {"kB": ("kB", "MB", "GB"), "8kB": ("kB", "MB"), "ms": ("us", "ms", "s", "min"), "s": ("s", "h")}
        return one.least, one.most, "1", "0.5", "3", *(f"3{unit}" for unit in units.get(one.unit, ()))
    return one.choices or ("on", "no", "TRUE", "0")


def _is_value(one: Parameter, written: str) -> bool:
    if one.type == "string":
        return False
    try:
        one.value(written)
    except ValueError:
        return False
    return True


@JUDGED
@given(database=DATABASE)
def test_the_first_start_makes_role_and_database(server: Postgres, database: dict[str, Any]) -> None:
    registered = accepted({"platform": PLATFORMS["swarm"], "databases": {"main": database}}, secrets={})
    wanted = json.loads(text(registered, "main-pg-settings-wanted"))
    owner, name = database.get("owner", "app"), database.get("database", "app")
    order = {"first": wanted["first"], "databases": {name: wanted["databases"][name]}}
    leader = Server("main-pg-0", "127.0.0.1", str(POSTGRES_BIN / "psql"), "chat", server.password)
    assert carry_out(leader, order | {"verifiers": {owner: verifier(owner, PASSWORD)}}) == {
        "done": [f"created role {owner}", f"created database {name}", f"closed database {name}"]
    }
    with server.session() as run:
        found = run(f"SELECT pg_get_userbyid(datdba) AS owner FROM pg_database WHERE datname = '{name}'")
        run(f'DROP DATABASE "{name}"')
        run(f'DROP ROLE "{owner}"')
    assert [row["owner"] for row in found] == [owner]
