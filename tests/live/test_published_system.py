"""Dify, as `examples/` has it, with stand-ins for its images: every name that the file gives reaches what it says.

On the Swarm the README's program of another repository is deployed at the same time.
"""

import hashlib
import json
import re
import secrets
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import yaml

from drills.deployment import Deployment
from drills.engine import SandboxEngine
from drills.waiting import wait_for
from sandbox.hosts.swarm import SwarmCluster
from sandbox.images import ensure_images
from sandbox.images.build import reference
from tests.components.certificates import Authority
from tests.live.published import program as library
from tests.live.published.places import OnKubernetes, OnSwarm, Place
from tests.live.published.program import Program, going_up
from tests.live.published.stack import EXAMPLE, STACK, adapted

pytestmark = [pytest.mark.live, pytest.mark.once, pytest.mark.timeout(900, func_only=True)]

HOST = "dify.example.com"
DEBUGGING = 5003


@dataclass(frozen=True)
class System:
    """The deployed system, asked through its balancer by its own name."""

    place: Place
    deployment: Deployment
    trust: ssl.SSLContext
    given: dict[str, str]
    said: str
    """What `up` printed."""

    def ask(self, path: str, body: str | None = None) -> Any:
        """The JSON of an answer. It is waited for: other deployments may keep this machine's processors busy."""
        return wait_for(f"an answer of {path}", lambda: self._answer(path, body), seconds=180)

    def _answer(self, path: str, body: str | None) -> Any:
        """A ValueError for another status than 200, an OSError without one."""
        with httpx.Client(verify=self.trust, timeout=60) as client:
            try:
                answer = client.request(
                    "GET" if body is None else "POST",
                    f"https://{self.place.address}{path}",
                    content=body,
                    headers={"Host": HOST},
                    extensions={"sni_hostname": HOST},
                )
            except httpx.TransportError as error:
                raise OSError(str(error)) from error
        if answer.status_code != 200:
            raise ValueError(f"{path}: {answer.status_code} {answer.text}")
        return answer.json()


@pytest.fixture(scope="module")
def program(swarm_dev: SwarmCluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    with going_up(swarm_dev, tmp_path_factory.mktemp("program")) as program:
        yield program


@pytest.fixture(
    scope="module",
    params=[
        pytest.param("swarm", marks=pytest.mark.swarm),
        pytest.param("kubernetes", marks=pytest.mark.kubernetes),
    ],
)
def place(request: pytest.FixtureRequest) -> Place:
    if request.param == "swarm":
        request.getfixturevalue("program")  # both stacks mostly wait: they do it together
        return OnSwarm(request.getfixturevalue("swarm_dev"))
    ensure_images()
    return OnKubernetes(request.getfixturevalue("kubernetes_cluster"))


@pytest.fixture(scope="module")
def system(place: Place, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """Deployed once, and removed."""
    directory = tmp_path_factory.mktemp(STACK)
    authority, given = Authority.new(), {name: secrets.token_hex(16) for name in EXAMPLE.secrets()}
    certificate, key = authority.sign(HOST, directory)
    given |= {"site_certificate": certificate.read_text(), "site_private_key": key.read_text()}
    given["slack_url"] = "https://hooks.example.com/services"
    given["dead_man_url"] = "https://watch.example.com/ping"
    (directory / f"Pulumi.{STACK}.yaml").write_text(yaml.safe_dump({"config": {"ha-platform:secrets": given}}))
    settings = adapted(place.platform, image=reference("chat"), client=place.client)
    deployment = Deployment(STACK, settings, [SandboxEngine(STACK, directory, place.environment)], directory)
    try:
        with place.going_up():
            said = deployment.up_ok(policies=True)
        system = System(place, deployment, ssl.create_default_context(cadata=authority.pem), given, said)
        system.ask("/")  # a node may take its time until it takes connections for its balancer's address
        yield system
    finally:
        with place.going_down():
            removed = deployment.destroy()
    assert removed.code == 0, removed.text


def test_a_workflow_passes_database_broker_worker_and_cache(system: System) -> None:
    answer = system.ask("/v1/workflows/run", "who is there")
    assert answer["answer"] == "WHO IS THERE"
    assert (answer["database"], answer["user"]) == ("dify", "dify")
    assert answer["worker"], "the worker took it from the broker, and answered through the cache"
    assert answer["nearest"] == answer["id"], "the vector that the worker stored"


def test_the_console_is_at_the_root_and_plain_http_leads_there(system: System) -> None:
    assert system.ask("/")["api"] == f"https://{HOST}"
    redirect = httpx.get(f"http://{system.place.address}/apps", headers={"Host": HOST}, timeout=60)
    assert (redirect.status_code // 100, redirect.headers["location"]) == (3, f"https://{HOST}/apps")


def test_given_keys_arrive_and_the_scheduler_runs(system: System) -> None:
    def ticked() -> Any:
        state = system.ask("/console/api/setup")
        return state if state["ticks"] > 1 else None

    state = wait_for("ticks of the scheduler", ticked, seconds=180)
    assert state["secret_key"] == hashlib.sha256(system.given["app_secret_key"].encode()).hexdigest()


def test_applications_call_each_other_with_a_generated_key(system: System) -> None:
    answer = system.ask("/console/api/plugin", "translator")
    daemon = answer["daemon"]
    assert (daemon["database"], daemon["user"]) == ("plugins", "plugins"), "a database and a role of its own"
    assert daemon["cached"] == "translator"
    assert daemon["api"], "it asked the API back"
    assert answer["refused"] == 401, "without the key"
    assert system.ask("/e/hook") == daemon["name"], "the balancer leads its webhooks to it"


def test_root_is_the_one_exception_and_reported(system: System) -> None:
    assert system.ask("/console/api/plugin", "")["daemon"]["uid"] == 0
    assert system.place.run_in("web", ["id", "-u"]).strip() == "1001"
    (line,) = (line for line in system.said.splitlines() if "root-is-an-exception" in line)
    assert "plugin-daemon" in line


def test_the_proxy_follows_its_configuration_file(system: System) -> None:
    statuses = {
        url: system.ask("/v1/fetch", url)
        for url in (
            f"http://{system.place.address}/",
            "http://127.0.0.1/",
            "http://192.0.2.1:8080/",
            "http://192.0.2.1/",
        )
    }
    *denied, allowed = statuses.values()
    assert denied == [403, 403, 403], statuses
    assert allowed == 503, "a public address is only silent here"


def test_connections_that_are_not_http_come_from_the_named_range_only(system: System) -> None:
    address = (system.place.address, DEBUGGING)
    with socket.create_connection(address, timeout=60) as connection:
        connection.sendall(b"hello\n")
        assert connection.recv(100).endswith(b": hello\n")
    from_elsewhere = (
        "import socket\n"
        "try:\n"
        f" connection = socket.create_connection({address}, timeout=60)\n"
        " connection.sendall(b'hello\\n')\n"
        " print(connection.recv(100) or 'closed')\n"
        "except (ConnectionResetError, BrokenPipeError):\n"  # by then or already here, but not refused
        " print('closed')\n"
        "except OSError as error:\n"
        " print(error)\n"
    )
    said = system.place.run_in("web", ["python3", "-c", from_elsewhere]).strip()
    assert said == "closed" or "refused" in said, "by the balancer, or by the cluster's network before it"


def test_the_volume_keeps_its_content_over_a_restart(system: System) -> None:
    before = system.ask("/console/api/plugin", "dictionary")["daemon"]
    restarted = system.deployment.command("restart", "plugin-daemon")
    assert restarted.code == 0, restarted.text
    after = system.ask("/console/api/plugin", "third")["daemon"]
    assert after["started"] > before["started"], "it is another process"
    assert after["plugins"] == before["plugins"] | {"third": after["name"]}


@pytest.mark.swarm
def test_the_readmes_program_runs(program: Program, swarm_dev: SwarmCluster) -> None:
    program.up.result()
    (database,) = json.loads(program.engine.run("outputs", library.STACK, "--json")).values()
    label = {"label": f"com.docker.swarm.service.name={library.PROJECT}-{library.STACK}-web"}
    replica, _ = swarm_dev.client().containers.list(filters=label)
    assert replica.exec_run(["printenv", "DATABASE_HOST"]).output.decode().strip() == database
    assert replica.exec_run(["python3", "-m", "app.migrate"]).exit_code == 0

    url = f"http://{swarm_dev.hosts[0].address}:{library.PORT}"
    chat = httpx.get(f"{url}/chat?prompt=hello&tokens=3&delay_ms=1", timeout=60).text
    assert '"stored": true' in chat, chat
    (exchange,) = re.findall(r'"id": "([0-9a-f]{32})"', chat)
    assert httpx.get(f"{url}/chat/{exchange}", timeout=60).json()["prompt"] == "hello", "as the database has it"
    assert "no changes" in program.engine.run("up", library.STACK)
