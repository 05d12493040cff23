"""A server, and the part of the settings job that keeps roles, with the files that a stack renders."""

import asyncio
import functools
import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import asyncpg

from components.postgres_ha.files.orders import carry_out
from components.postgres_ha.files.scram import verifier
from components.postgres_ha.files.sql import Server
from tests.live.app.postgres_server import POSTGRES_BIN, Postgres
from tests.mock_engine import Recorded
from tests.rendered.texts import PLATFORMS, accepted, text


@functools.cache
def rendered(database: str) -> list[Recorded]:
    """Of a stack with this database."""
    return accepted({"platform": PLATFORMS["swarm"], "databases": {"main": json.loads(database)}}, secrets={})


class Cluster:
    """A server that carries out what a stack's job orders."""

    def __init__(self, server: Postgres) -> None:
        self._passwords: dict[str, str] = {}
        self.leader = Server("main-pg-0", "127.0.0.1", str(POSTGRES_BIN / "psql"), "postgres", server.password)

    def applied(self, roles: dict[str, Any], **more: Any) -> list[str]:
        """What the order changed. Raises ValueError with what could not be done."""
        found = rendered(json.dumps({"members": 1, "databases": {"analytics": {}}, "roles": roles, **more}))
        wanted = json.loads(text(found, "main-pg-settings-wanted"))
        passwords = json.loads(json.loads(text(found, "main-pg-settings-passwords"))["roles"])
        self._passwords |= {name: f"of-{name}" for name in passwords}
        order = {key: wanted[key] for key in ("first", "databases", "extensions", "logins") if key in wanted}
        order |= json.loads(text(found, "main-pg-settings-roles-wanted"))
        order["verifiers"] = {name: verifier(name, f"of-{name}") for name in passwords}
        outcome = carry_out(self.leader, order)
        if "failed" in outcome:
            raise ValueError(outcome["failed"])
        done: list[str] = outcome["done"]
        return done

    def schemas(self) -> list[str]:
        """Of the first database, quoted."""
        found = self.leader.query("SELECT quote_ident(nspname) FROM pg_namespace", database="app")
        return [name for name, _ in found]

    @contextmanager
    def connected(self, role: str) -> Iterator[None]:
        """While a client of this role stays connected."""
        port, word = os.environ["PGPORT"], self._passwords.get(role, f"of-{role}")
        loop = asyncio.new_event_loop()
        url = f"postgresql://{role}:{word}@127.0.0.1:{port}/app"
        connection = loop.run_until_complete(asyncpg.connect(url))
        try:
            yield
        finally:
            loop.run_until_complete(connection.close())
            loop.close()

    def as_role(self, role: str, sql: str, database: str = "app") -> str:
        """What the statement answers, or the reason why it does not."""
        done = subprocess.run(
            [
                str(POSTGRES_BIN / "psql"),
                "-XAtq",
                "-v",
                "ON_ERROR_STOP=1",
                "-h",
                "127.0.0.1",
                "-U",
                role,
                "-d",
                database,
            ],
            input=sql,
            env=os.environ | {"PGPASSWORD": self._passwords.get(role, f"of-{role}")},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        return (done.stdout or done.stderr).strip()
