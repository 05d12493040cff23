"""A server, and the part of the settings job that keeps roles, with the files that a stack renders."""

import functools
import importlib
import json
import os
import subprocess
from pathlib import Path
from typing import Any

from components.postgres_ha.files.apply_settings import Member
from tests.live.app.postgres_server import POSTGRES_BIN, Postgres
from tests.mock_engine import Recorded
from tests.rendered.texts import PLATFORMS, accepted, text


@functools.cache
def rendered(database: str) -> list[Recorded]:
    """Of a stack with this database."""
    return accepted({"platform": PLATFORMS["swarm"], "databases": {"main": json.loads(database)}}, secrets={})


class Cluster:
    """A server, and the job's part that keeps roles, with the files that the stack renders."""

    def __init__(self, server: Postgres, place: Path) -> None:
        self._server, self._place = server, place
        self._passwords = {"superuser": server.password}
        self.leader = Member("main-pg-0", "127.0.0.1", str(POSTGRES_BIN / "psql"), self._passwords)

    def applied(self, roles: dict[str, Any], **more: Any) -> list[str]:
        """What the job changed."""
        found = rendered(json.dumps({"members": 1, "databases": {"analytics": {}}, "roles": roles, **more}))
        for name in ("databases", "roles", "roles-wanted"):
            file = {"databases": "apply_databases.py", "roles": "apply_roles.py", "roles-wanted": "roles.json"}[name]
            (self._place / file).write_text(text(found, f"main-pg-settings-{name}"))
        wanted = json.loads(text(found, "main-pg-settings-wanted"))
        passwords = json.loads(json.loads(text(found, "main-pg-settings-passwords"))["roles"])
        self._passwords |= {name: f"of-{name}" for name in passwords}
        script = importlib.import_module("apply_databases")
        inside = {key: wanted[key] for key in ("databases", "extensions") if key in wanted}
        done: list[str] = script.create(self.leader, inside, {name: f"of-{name}" for name in passwords})
        return done

    def schemas(self) -> list[str]:
        """Of the first database, quoted."""
        found = self.leader.query("SELECT quote_ident(nspname) FROM pg_namespace", database="app")
        return [name for name, _ in found]

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
            timeout=30,
        )
        return (done.stdout or done.stderr).strip()
