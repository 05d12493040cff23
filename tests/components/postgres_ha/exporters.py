"""The exporter as it is rendered, run on loopback beside servers that Patroni runs there."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import httpx

from drills.waiting import wait_for
from tests.components.postgres_ha.patroni_members import Patronis
from tests.live.trixie import postgres_exporter
from tests.loopback import free_port
from tests.rendered.texts import text

Series = dict[str, str]
_SAMPLE = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)$")


class Exporter:
    """Asks servers of `cluster` with the rendered command, files and role."""

    def __init__(self, directory: Path, cluster: Patronis) -> None:
        self._directory, self._cluster, self._port = directory, cluster, free_port()
        self._running: subprocess.Popen[bytes] | None = None

    def start(self, *, password: str = "exporter") -> None:
        """Returns when it answers."""
        spec = self._cluster.swarm["main-pg-exporter"]["taskSpec"]["containerSpec"]
        config = json.loads(text(self._cluster.found, "main-pg-exporter-config"))
        config["auth_modules"]["server"]["userpass"]["password"] = password
        config["auth_modules"]["server"]["options"]["sslrootcert"] = str(self._directory / "ca.pem")
        files = {"config.yml": json.dumps(config), "ca.pem": self._cluster.certificate("ca")}
        files["queries.yml"] = text(self._cluster.found, "main-pg-exporter-queries")
        for name, content in files.items():
            (self._directory / name).write_text(content)
        args = [part.replace("/etc/ha-exporter", str(self._directory)) for part in spec["args"]]
        args = [part.replace(":9187", f"127.0.0.1:{self._port}") for part in args]
        with (self._directory / "exporter.log").open("ab") as log:
            self._running = subprocess.Popen([*postgres_exporter(), *args], stdout=log, stderr=log)
        wait_for("the exporter answers", lambda: self._get("/").status_code == 200, seconds=300, every=0.1)

    def stop(self) -> None:
        if self._running:
            self._running.terminate()
            self._running.wait(60)
            self._running = None

    def scraped(self, ordinal: int) -> Series:
        """What one scrape of a server finds, and `up` as Prometheus adds it. A series -> its value, for 15 minutes."""
        return of_target(self.answer(ordinal), f"postgres-main-server-{ordinal}")

    def answer(self, ordinal: int) -> str:
        """The page of one scrape."""
        target = f"{self._cluster.address(ordinal)}:5432/postgres"
        answer = self._get("/probe", {"target": target, "auth_module": "server"})
        if answer.status_code != httpx.codes.OK:
            raise OSError(answer.text)
        return answer.text

    def _get(self, path: str, params: dict[str, Any] | None = None) -> httpx.Response:
        try:
            return httpx.get(f"http://127.0.0.1:{self._port}{path}", params=params, timeout=60, trust_env=False)
        except httpx.HTTPError as error:
            raise OSError(error) from None


def of_target(exposed: str, job: str) -> Series:
    """Series of a target's answer, as Prometheus labels them."""
    found = {f'up{{job="{job}"}}': "1x60"}
    for line in exposed.splitlines():
        if sample := _SAMPLE.match(line):
            labels = f",{sample[2]}" if sample[2] else ""
            found[f'{sample[1]}{{job="{job}"{labels}}}'] = f"{float(sample[3]):f}x60"
    return found
