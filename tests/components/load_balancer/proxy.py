"""A real proxy on loopback that runs the very text the component deploys."""

import csv
import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

import httpx

from components.contracts import Backend
from components.load_balancer.engines import ENGINES
from components.load_balancer.place import Place
from components.load_balancer.settings import LoadBalancerSettings
from components.load_balancer.traffic import Route
from drills import waiting
from model import Endpoint
from tests.components.load_balancer.dns_server import DnsServer
from tests.components.load_balancer.programs import running
from tests.loopback import free_ports


class Serving(Protocol):
    """A replica, as far as DNS and the proxy know it."""

    @property
    def address(self) -> str: ...

    @property
    def port(self) -> int: ...


def wait_for(condition: Callable[[], bool], what: str, seconds: float = 300) -> None:
    """Poll until `condition` holds; AssertionError naming `what` when it does not in time."""
    waiting.wait_for(what, condition, seconds=seconds, every=0.02)


class Proxy:
    """Use as a context: it starts with all replicas of every app up, and ends with the process gone.

    `settings` are of any engine, which `engine` chooses. `apps` maps an application to its replicas (all on one port,
    `ports` are others by name); DNS offers them as `tasks.<app>`. `by`: another program than this machine's.
    """

    def __init__(
        self,
        directory: Path,
        settings: Mapping[str, Any],
        apps: Mapping[str, Sequence[Serving]],
        *,
        ports: Mapping[str, Mapping[str, int]] | None = None,
        certificate: Path | None = None,
        engine: str = "haproxy",
        by: Sequence[str] = (),
    ) -> None:
        self._by = by
        self.engine = engine
        self.settings = LoadBalancerSettings.model_validate({"engine": engine, **settings})
        self._engine = ENGINES[engine]
        self._apps = apps
        self._ports = ports or {}
        self._directory = directory
        self._stop = self._engine.stop(self.settings)
        self._dns = DnsServer()
        http, https, self._status = free_ports(3)
        self.url = f"http://127.0.0.1:{http}"
        self.https_url = f"https://127.0.0.1:{https}"
        self.status_url = f"http://127.0.0.1:{self._status}"
        self.place = Place(
            bind_address="127.0.0.1",
            http_port=http,
            https_port=https,
            status_port=self._status,
            first_tcp_port=free_ports(len(self.settings.tcp) + 1)[0],
            config_file=str(directory / "config"),
            certificate_file=str(certificate),
            runtime_directory=str(directory),
            nameservers=(self._dns.nameserver,),
        )
        self.client = httpx.Client(base_url=self.url, timeout=60)

    def __enter__(self) -> "Proxy":
        self._dns.__enter__()
        for app, replicas in self._apps.items():
            self.offer(app, replicas)
        backends = {
            app: Backend(
                endpoint=Endpoint(host=app, replicas_host=f"tasks.{app}"),
                port=replicas[0].port,
                ports=self._ports.get(app, {}),
                health_path="/health",
                health_port=replicas[0].port,
                max_replicas=len(replicas) + 1,
            )
            for app, replicas in self._apps.items()
        }
        config = Path(self.place.config_file)
        config.write_text(self._engine.config("edge", self.settings, backends, place=self.place))
        with self._log.open("w") as log:
            self.process = subprocess.Popen(
                running(self.engine, config, self._by), stdout=log, stderr=subprocess.STDOUT
            )
        wait_for(self._answers, f"{self.engine} answers ({self._log.read_text()})")
        if self.checks:
            for side in {side for route in self.settings.routes for side in route.answering}:
                name = side.app if side.key == "app" else f"shift_{side.app}"
                self.wait_until_up(name, len(self._apps[side.app]))
            for name, passed_on in self.settings.tcp.items():
                self.wait_until_up(f"tcp_{name}", len(self._apps[passed_on.app]))
        else:
            for route in self.settings.routes:
                for number in (0, 99) if route.shift else (0,):
                    wait_for(partial(self._leads_somewhere, route, number), f"{route.label} leads somewhere")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.client.close()
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(60)
        self._dns.__exit__(kind, error, at)

    @property
    def checks(self) -> bool:
        """Whether the engine asks replicas how they are, and says so on its status page."""
        return self.engine == "haproxy"

    @property
    def _log(self) -> Path:
        return self._directory / "log"

    def tcp_port(self, name: str) -> int:
        """Where the TCP route `name` listens."""
        return self.place.tcp_ports(self.settings.tcp)[name]

    def offer(self, app: str, replicas: Sequence[Serving]) -> None:
        """What DNS says from now on."""
        self._dns.records[f"tasks.{app}"] = [replica.address for replica in replicas]

    def up(self, app: str) -> int:
        """The least number of replicas up, over the routes of `app` (or the one TCP route `tcp_<name>`)."""
        rows = csv.DictReader(httpx.get(f"{self.status_url}/;csv", timeout=60).text.removeprefix("# ").splitlines())
        counts: dict[str, int] = {}
        for row in rows:
            proxy = row["pxname"]
            if proxy.startswith(app) and row["svname"] not in ("FRONTEND", "BACKEND"):
                counts[proxy] = counts.get(proxy, 0) + (row["status"].startswith("UP") and row["check_status"] != "INI")
        return min(counts.values())

    def wait_until_served(self, app: str, replicas: Sequence[Serving]) -> None:
        """Until exactly these replicas of `app`, which has the route `/`, get requests."""
        if self.checks:
            self.wait_until_up(app, len(replicas))
        wanted = {replica.address for replica in replicas}
        times = 4 * len(self._apps[app])
        wait_for(
            lambda: {self.client.get("/").json()["replica"] for _ in range(times)} == wanted, f"served by {wanted}"
        )

    def wait_until_up(self, app: str, count: int) -> None:
        """Until exactly `count` replicas of `app` pass their checks."""
        wait_for(lambda: self.up(app) == count, f"{count} replicas of {app} up")

    def drain(self) -> None:
        """The stop signal that the component sets."""
        os.kill(self.process.pid, signal.Signals[self._stop.signal])

    @property
    def stop_grace(self) -> int:
        """Seconds from the stop signal to the kill."""
        return self._stop.grace_seconds

    def _answers(self) -> bool:
        assert self.process.poll() is None, self._log.read_text()
        try:
            return httpx.get(f"{self.status_url}/healthz", timeout=60).status_code == 200
        except httpx.TransportError:
            return False

    def _leads_somewhere(self, route: Route, number: int) -> bool:
        """Whatever the answer is: replicas of this test count no HEAD, and this client has no other requests. `number`
        chooses the side where a route has two."""
        with httpx.Client(transport=httpx.HTTPTransport(local_address="127.0.0.99", verify=False)) as client:
            url = self.url if self.settings.listen.https is None else self.https_url
            headers = {"Host": route.host} if route.host else {}
            headers |= {"Cookie": f"{route.shift.cookie}={number}"} if route.shift else {}
            return client.head(f"{url}{route.path}", headers=headers).status_code != 502
