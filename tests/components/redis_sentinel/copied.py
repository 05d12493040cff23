"""A replication group with copies, as it is rendered, on loopback: the members, the copier and its server."""

import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx

from components.copies.copier import PORT
from drills.waiting import wait_for
from tests.components.redis_sentinel.redis_members import STACK, Group, rendered, secret
from tests.mock_engine import Recorded
from tests.s3_server import S3Server
from tests.stacks.fixtures import settings_of

TRIAL, COPIER = 9, 10
"""The numbers of their addresses."""
_LIBRARY = {
    "components/copies/files": ("clock", "copies_agent", "copies_metrics", "copies_repository", "copies_target"),
    "components/redis_sentinel/files": ("copies_source", "feed", "resp"),
}


class CopiedGroup(Group):
    """`sessions` with `backups`."""

    def __init__(self, directory: Path, settings: dict[str, Any], server: S3Server) -> None:
        self._server = server
        self._others: dict[str, subprocess.Popen[bytes]] = {}
        super().__init__(directory, settings)
        (directory / "s3_ca.pem").write_text(server.ca)

    def recorded(self, settings: dict[str, Any]) -> list[Recorded]:
        document, _ = settings_of(STACK)
        document["images"] = {"source": "sandbox"}
        del document["monitoring"]["grafana"]  # the sandbox has none
        document["repositories"] = {"offsite": self._server.repository}
        document["caches"]["sessions"] = settings | {"backups": {"repository": "offsite", "keep": 2}}
        return rendered(document, self._server.secrets)

    def addresses(self, text: str) -> str:
        text = text.replace("prod-sessions-copies-trial", self.address(TRIAL))
        return super().addresses(text.replace("prod-sessions-copies", self.address(COPIER)))

    def certified(self) -> tuple[int, ...]:
        return (*super().certified(), TRIAL, COPIER)

    def start_copier(self) -> None:
        """With the server on trial; returns when it answers."""
        place = self.directory / "trial"
        place.mkdir(exist_ok=True)
        text = self.found["sessions-copies-trial-config"]["dataRaw"]
        text = text.replace("bind * -::*", f"bind {self.address(TRIAL)}").replace("/etc/ha-redis", str(place))
        (place / "trial.conf").write_text(text.replace("dir /tmp", f"dir {place}"))
        (place / "auth.conf").write_text(secret(self.found, "sessions-copies-trial-auth"))
        self._identities(place)
        self._starts("trial", ["redis-server", str(place / "trial.conf")])
        place = self.directory / "copier"
        (place / "source").mkdir(parents=True, exist_ok=True)
        for folder, names in _LIBRARY.items():
            (place / "lib" / folder).mkdir(parents=True, exist_ok=True)
            for name in names:
                text = self.found[f"sessions-copies-{name.replace('_', '-')}"]["dataRaw"]
                (place / "lib" / folder / f"{name}.py").write_text(text)
        agent = json.loads(self.found["sessions-copies-agent"]["dataRaw"]) | {"listen": self.address(COPIER)}
        (place / "agent.json").write_text(json.dumps(agent))
        source = json.loads(self.addresses(self.found["sessions-copies-source"]["dataRaw"]))
        (place / "source/source.json").write_text(json.dumps(source | {"listen": self.address(COPIER)}))
        (place / "source/secrets.json").write_text(secret(self.found, "sessions-copies-source-secrets"))
        self._identities(place / "source")
        configuration = secret(self.found, "sessions-copies-pgbackrest")
        configuration = configuration.replace("/tmp/pgbackrest", f"{place}/lock").replace("/etc/ha-copies", str(place))
        (place / "pgbackrest.conf").write_text(configuration)
        (place / "passphrase").write_text(secret(self.found, "sessions-copies-passphrase"))
        (place / "password").write_text(secret(self.found, "sessions-copies-password"))
        (place / "repo1-ca.pem").write_text(self._server.ca)
        self._starts(
            "copier",
            [sys.executable, "-m", "components.copies.files.copies_agent", str(place),
             "components.redis_sentinel.files.copies_source"],
            PYTHONPATH=str(place / "lib"), PGBACKREST_CONFIG=str(place / "pgbackrest.conf"),
        )  # fmt: skip
        wait_for("the copier answers", self._answers, seconds=300)

    def copies(self) -> dict[str, Any]:
        """What the copier says."""
        found: dict[str, Any] = json.loads(self.order("list")[1])
        return found

    def metrics(self) -> dict[str, float]:
        """By series, without labels."""
        lines = (line.rpartition(" ") for line in self._get("/metrics").text.splitlines())
        return {name.partition("{")[0]: float(value) for name, _, value in lines}

    def order(self, *words: str) -> tuple[int, str]:
        """As a person's command gives it: exit code, and the last line."""
        place = self.directory / "orders"
        (lib := place / "lib/components/copies/files").mkdir(parents=True, exist_ok=True)
        (lib / "copies_orders.py").write_text(self.found["sessions-copies-orders-copies-orders"]["dataRaw"])
        (place / "orders.json").write_text(self.addresses(self.found["sessions-copies-orders-told"]["dataRaw"]))
        (place / "password").write_text(secret(self.found, "sessions-copies-password"))
        done = subprocess.run(
            [sys.executable, "-m", "components.copies.files.copies_orders", str(place), *words],
            cwd=place, env={"PATH": os.environ["PATH"], "PYTHONPATH": str(place / "lib")},
            capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
        return done.returncode, (done.stdout.strip().splitlines() or [done.stderr])[-1]

    def stop(self) -> None:
        for process in self._others.values():
            process.terminate()
            process.wait(60)
        super().stop()

    def _starts(self, name: str, command: list[str], **variables: str) -> None:
        with (self.directory / f"{name}.log").open("ab") as log:
            env = {"PATH": os.environ["PATH"], **variables}
            self._others[name] = subprocess.Popen(command, env=env, cwd=self.directory, stdout=log, stderr=log)

    def _identities(self, place: Path) -> None:
        if self.ca:
            (place / "ca.pem").write_text(self.ca.read_text())
            (place / "identity.pem").write_text(self.certificate("sessions-copies-identity"))

    def _get(self, path: str) -> httpx.Response:
        return httpx.get(f"http://{self.address(COPIER)}:{PORT}{path}", timeout=60, trust_env=False)

    def _answers(self) -> bool:
        with suppress(httpx.HTTPError):
            return self._get("/health").status_code == 200
        return False
