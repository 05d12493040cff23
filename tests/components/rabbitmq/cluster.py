"""The nodes of a broker as they are rendered, run as real processes on loopback."""

import base64
import json
import os
import shutil
import signal
import ssl
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pika

from components.rabbitmq.nodes import DIRECTORY
from components.rabbitmq.ports import AMQP_PORT, AMQPS_PORT, DISTRIBUTION_PORT, METRICS_PORT
from composition.compose import compose
from composition.read import StackInput, check
from drills.waiting import wait_for
from tests.components.certificates import Authority
from tests.live import trixie
from tests.loopback import free_port, own_network
from tests.mock_engine import SECRET_MARK, render
from tests.stacks.fixtures import REPOSITORY, settings_of

STACK = REPOSITORY / "tests/stacks/ok/prod-on-swarm.yaml"
APP, PASSWORD = "ha_client", "generated-orders-ha-client"
"""The user that no stack names, and its password as the mock engine makes it."""
HOST = "prod-orders-rabbitmq"
"""The name of all nodes."""
START_SECONDS = 240
COUNT = 3


class Cluster:
    """The nodes of the broker `orders`. Node n has the address `<network>.<n + 1>`.

    They share the machine's loopback: each has a port of its own among nodes, and one epmd knows all of them.
    """

    def __init__(self, directory: Path, settings: dict[str, Any]) -> None:
        self.count = int(settings["members"])
        self.authority = Authority.new()
        self._directory = directory
        self._network = own_network()
        self._programs = trixie.rabbitmq()
        # Below those that the kernel hands out: a node that starts again must find its own free.
        self._epmd = str(free_port())
        self._distribution = [DISTRIBUTION_PORT + ordinal for ordinal in range(self.count)]
        self._rotation: tuple[dict[str, Any], dict[str, str]] | None = None
        self._running: dict[int, subprocess.Popen[bytes]] = {}
        self._env: dict[int, dict[str, str]] = {}
        self.change(settings)

    def change(self, settings: dict[str, Any]) -> None:
        """The files and variables of these settings, for the next start of each node."""
        found = _rendered(settings)
        if "orders-rabbitmq-rotated-wanted" in found:
            wanted = json.loads(found["orders-rabbitmq-rotated-wanted"]["dataRaw"])
            secret = _secret(found, "orders-rabbitmq-rotated-password")
            self._rotation = (
                wanted,
                {"password": secret, "script": found["orders-rabbitmq-rotated-retire"]["dataRaw"]},
            )
        spec = found["orders-rabbitmq-0"]["taskSpec"]["containerSpec"]
        for ordinal in range(self.count):
            self._prepare(ordinal, found, spec["env"])

    def start(self, *ordinals: int) -> None:
        """Runs the start script with the rendered variables and files, in an empty /tmp, as a new container has it.
        Default: of every node."""
        for ordinal in ordinals or range(self.count):
            shutil.rmtree(self._tmp(ordinal), ignore_errors=True)
            self._tmp(ordinal).mkdir()
            with self.log(ordinal).open("ab") as log:
                self._running[ordinal] = subprocess.Popen(
                    ["sh", str(self._etc(ordinal) / "start.sh")],
                    cwd=self._directory,
                    env=self._env[ordinal],
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )

    def wait_ready(self, *ordinals: int) -> None:
        """As a platform asks: by the rendered check."""
        for ordinal in ordinals or range(self.count):
            wait_for(f"node {ordinal} is ready", partial(self._comes, ordinal), seconds=START_SECONDS, every=0.3)

    def ready(self, ordinal: int) -> bool:
        command = ["sh", str(self._etc(ordinal) / "ready.sh")]
        return subprocess.run(command, env=self._env[ordinal], capture_output=True, timeout=60).returncode == 0

    def retire(self, **told: Any) -> "subprocess.CompletedProcess[str]":
        """The job that ends a rotation, in a hurry."""
        assert self._rotation, "there is a rotation"
        wanted, files = self._rotation
        place = self._directory / "rotated"
        place.mkdir(exist_ok=True)
        (place / "ca.pem").write_text(self.authority.pem)
        wanted |= {"nodes": [self.address(ordinal) for ordinal in range(self.count)], "ca": "", "stop": 0} | told
        (place / "wanted.json").write_text(json.dumps(wanted))
        (place / "password").write_text(files["password"])
        (place / "retire_users.py").write_text(files["script"])
        return subprocess.run(
            [sys.executable, *(str(place / name) for name in ("retire_users.py", "wanted.json", "password"))],
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def kill(self, *ordinals: int) -> None:
        for ordinal in ordinals or list(self._running):
            process = self._running.pop(ordinal)
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def stop_one(self, ordinal: int, seconds: float = 120) -> None:
        """As a platform stops a container: the script alone is told. Returns when it has ended."""
        process = self._running.pop(ordinal)
        process.terminate()
        process.wait(seconds)

    def lose_volume(self, ordinal: int) -> None:
        shutil.rmtree(self._directory / f"volume-{ordinal}")

    def stop(self) -> None:
        self.kill()
        wait_for("epmd knows no node and ends", self._epmd_ends, seconds=300)

    def command(self, ordinal: int, program: str, *arguments: str) -> str:
        """What a command in the node's container prints. Raises CalledProcessError."""
        done = subprocess.run(
            [program, "--quiet", *arguments],
            env=self._env[ordinal],
            capture_output=True,
            text=True,
            timeout=180,
            check=True,
        )
        return done.stdout

    def log(self, ordinal: int) -> Path:
        return self._directory / f"log-{ordinal}"

    def address(self, ordinal: int) -> str:
        return f"{self._network}.{ordinal + 1}"

    def figures(self, ordinal: int, path: str = "/metrics") -> str:
        """Where a node's figures are."""
        return f"http://{self.address(ordinal)}:{METRICS_PORT}{path}"

    def connect(self, ordinal: int, user: str = APP, password: str = PASSWORD, vhost: str = "app") -> Any:
        """A client at one node."""
        return pika.BlockingConnection(
            pika.ConnectionParameters(
                self.address(ordinal),
                AMQP_PORT,
                vhost,
                pika.PlainCredentials(user, password),
                socket_timeout=10,
                blocked_connection_timeout=60,
            )
        )

    def connect_encrypted(self, ordinal: int, *, trust: str, host: str = HOST) -> Any:
        """The same by TLS: `trust` is the authority's certificate, `host` the name that the node has to have."""
        return pika.BlockingConnection(
            pika.ConnectionParameters(
                self.address(ordinal),
                AMQPS_PORT,
                "app",
                pika.PlainCredentials(APP, PASSWORD),
                socket_timeout=30,
                ssl_options=pika.SSLOptions(ssl.create_default_context(cadata=trust), host),
            )
        )

    def _epmd_ends(self) -> bool:
        done = subprocess.run(
            ["epmd", "-kill"], env=self._env[0], capture_output=True, text=True, timeout=60, check=False
        )
        return "Killed" in done.stdout or "cannot connect" in done.stdout + done.stderr

    def _comes(self, ordinal: int) -> bool:
        process = self._running[ordinal]
        assert process.poll() is None, self.log(ordinal).read_text(errors="replace")[-4000:]
        return self.ready(ordinal)

    def _etc(self, ordinal: int) -> Path:
        return self._directory / f"etc-{ordinal}"

    def _tmp(self, ordinal: int) -> Path:
        return self._directory / f"tmp-{ordinal}"

    def _prepare(self, ordinal: int, found: dict[str, Any], env: dict[str, str]) -> None:
        """Names become addresses, and every port that listens the node's own."""
        etc, tmp, own = self._etc(ordinal), self._tmp(ordinal), self.address(ordinal)
        etc.mkdir(parents=True, exist_ok=True)
        for suffix, name in (
            ("config", "rabbitmq.conf"),
            ("plugins", "enabled_plugins"),
            ("start", "start.sh"),
            ("ready", "ready.sh"),
            ("apply", "apply.erl"),
        ):
            (etc / name).write_text(self._own(found[f"orders-rabbitmq-{suffix}"]["dataRaw"], etc))
        config = etc / "rabbitmq.conf"
        text = config.read_text()
        for kind in ("tcp", "ssl"):
            text = text.replace(f"listeners.{kind}.default = ", f"listeners.{kind}.default = {own}:")
        config.write_text(
            f"{text}management.{'ssl' if 'management.ssl' in text else 'tcp'}.ip = {own}\nprometheus.tcp.ip = {own}\n"
        )
        certificate, key = self.authority.sign(HOST, etc)
        (etc / "ca.pem").write_text(self.authority.pem)
        (etc / "identity.pem").write_text(certificate.read_text() + key.read_text())
        (etc / "cookie").write_text(_secret(found, "orders-cookie"))
        (etc / "definitions.json").write_text(_secret(found, "orders-definitions"))
        given = {name: self._own(value.replace("/tmp", str(tmp)), etc) for name, value in env.items()}
        given |= {
            "PATH": ":".join([*map(str, self._programs), os.environ["PATH"]]),
            "HA_PROGRAMS": str(self._programs[0]),
            "HA_LISTEN": own,
            "RABBITMQ_NODENAME": self._node(ordinal),
            "RABBITMQ_USE_LONGNAME": "true",
            "RABBITMQ_MNESIA_BASE": str(self._directory / f"volume-{ordinal}" / "mnesia"),
            "RABBITMQ_DIST_PORT": str(self._distribution[ordinal]),
            "ERL_EPMD_PORT": self._epmd,
        }
        given["RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS"] += f" -kernel inet_dist_use_interface {{{own.replace('.', ',')}}}"
        self._env[ordinal] = given

    def _node(self, ordinal: int) -> str:
        return f"rabbit{ordinal}@{self.address(ordinal)}"

    def _own(self, text: str, etc: Path) -> str:
        for ordinal in range(self.count):
            text = text.replace(f"rabbit@prod-orders-rabbitmq-{ordinal}", self._node(ordinal))
        return text.replace(DIRECTORY, str(etc))


def _secret(found: dict[str, Any], name: str) -> str:
    """The value of a secret file."""
    data = found[name]["data"]
    return base64.b64decode(data[SECRET_MARK] if isinstance(data, dict) else data).decode()


def _rendered(settings: dict[str, Any]) -> dict[str, Any]:
    """Inputs of what the broker `orders` registers with these settings, by name."""
    document, _ = settings_of(STACK)
    document["brokers"] = {"orders": settings}
    document["images"] = {"source": "sandbox"}
    del document["monitoring"]["grafana"]  # the sandbox has none
    s3 = {"endpoint": "s3.example.com", "bucket": "backups", "key": "s3_key", "secret": "s3_secret"}
    document["repositories"] = {"offsite": {"s3": s3}}
    secrets: dict[str, Any] = {"s3_key": "k", "s3_secret": "s"}
    stack = check(document, source=STACK.name, secret_names=frozenset(secrets))
    found = render(lambda _: compose(StackInput(source=STACK.name, stack=stack, secrets=secrets), stack_name="prod"))
    return {one.name: one.inputs for one in found if one.name.startswith("orders-") and one.type.startswith("docker:")}
