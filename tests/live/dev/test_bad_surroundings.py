"""Surroundings in which nothing can be deployed: exit 1, one sentence that says what to do, and nothing changed."""

import datetime
import http.server
import os
import ssl
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from drills.commands import Run
from sandbox.hosts.swarm import SwarmCluster
from sandbox.hosts.waiting import wait_until
from tests.live.dev.belongings import on_swarm
from tests.live.dev.commands import Commands
from tests.live.dev.stacks import SMALL, Settings, StackFile
from tests.stacks.fixtures import BAD, DIRECTORY, REPOSITORY

pytestmark = [pytest.mark.live, pytest.mark.timeout(900, func_only=True)]

SOCKET = "unix:///nonexistent/docker.sock"
ON_KUBERNETES = DIRECTORY / "ok" / "dev-on-kubernetes.yaml"
NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
READS_EVERYTHING = ("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search")
"""The repository may be below a directory that only root reads; this changes nothing else."""


@pytest.fixture
def here(tmp_path: Path) -> Commands:
    """Commands whose state, sandbox and cache are in an empty directory."""
    directory = tmp_path / "own"
    return Commands(
        directory / "state", {"HA_SANDBOX": str(directory / "sandbox"), "HA_CACHE": str(directory / "cache")}
    )


def assert_refused(run: Run, commands: Commands, *words: str) -> None:
    """One sentence with the words, and no trace of a stack, a host or an image."""
    assert run.code == 1, run.text  # make itself turns every failure into 2
    sentences = [line for line in run.err.splitlines() if line.strip() and "nothing was changed" not in line]
    assert len(sentences) == 1, run.err
    assert "Traceback" not in run.text
    for word in words:
        assert word in sentences[0], run.err
    own = commands.state.parent
    made = {path.relative_to(own).as_posix() for path in own.rglob("*") if not path.is_dir()} if own.exists() else set()
    assert not {path for path in made if not path.endswith((".lock", "passphrase"))}, "nothing is made"


@pytest.mark.parametrize("host", ["tcp://127.0.0.1:1", SOCKET, "tcp://no-such-host.invalid:2375"])
def test_a_docker_host_that_does_not_answer(here: Commands, host: str) -> None:
    run = Commands(here.state, {**here.more, "HOST": host}).cli("up", "dev")
    assert_refused(run, here, host, "name another")


def test_a_docker_host_of_the_stack_file_that_does_not_answer(here: Commands, tmp_path: Path) -> None:
    settings: Settings = {**SMALL, "platform": {**SMALL["platform"], "host": SOCKET}}
    run = here.cli("up", "dev", stack_file=StackFile(tmp_path / "stack.yaml", settings).path)
    assert_refused(run, here, SOCKET, "name another")


def _on_kubernetes(directory: Path, kubeconfig: Path) -> Path:
    settings = yaml.safe_load(ON_KUBERNETES.read_text())["config"]["ha-platform:stack"]
    settings["platform"]["kubeconfig"] = str(kubeconfig)
    return StackFile(directory / "stack.yaml", settings).path


def _kubeconfig(path: Path, server: str, authority: str = "") -> Path:
    cluster = {"server": server, **({"certificate-authority": authority} if authority else {})}
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "c", "cluster": cluster}],
        "users": [{"name": "u", "user": {"token": "t"}}],
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "c",
    }
    path.write_text(yaml.safe_dump(document))
    return path


def test_a_cluster_that_does_not_answer(here: Commands, tmp_path: Path) -> None:
    kubeconfig = _kubeconfig(tmp_path / "config", "https://127.0.0.1:1")
    run = here.cli("up", "dev", stack_file=_on_kubernetes(tmp_path, kubeconfig))
    assert_refused(run, here, "127.0.0.1:1", "start the cluster, or set KUBECONFIG")


def test_a_kubeconfig_that_is_not_there(here: Commands, tmp_path: Path) -> None:
    missing = tmp_path / "config"
    run = here.cli("up", "dev", stack_file=_on_kubernetes(tmp_path, missing))
    assert run.code == 1
    assert "platform.kubeconfig: there is no such file; name a kubeconfig file that can be read" in run.err
    run = Commands(here.state, {**here.more, "KUBECONFIG": str(missing)}).cli("up", "dev", stack_file=ON_KUBERNETES)
    assert_refused(run, here, str(missing), "set KUBECONFIG")


@pytest.mark.parametrize("text", ["::: garbage", "{}", "\x00\x01", "a: [", "apiVersion: v1\nkind: Config\n"])
def test_a_kubeconfig_that_is_none(here: Commands, tmp_path: Path, text: str) -> None:
    kubeconfig = tmp_path / "config"
    kubeconfig.write_text(text)
    run = here.cli("up", "dev", stack_file=_on_kubernetes(tmp_path, kubeconfig))
    assert_refused(run, here, str(kubeconfig), "set KUBECONFIG")


def _certificate(path: Path) -> Path:
    """A self-signed certificate for 127.0.0.1, with its key in the same file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    built = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    built = built.serial_number(x509.random_serial_number()).not_valid_before(now)
    signed = built.not_valid_after(now + datetime.timedelta(days=1)).sign(key, hashes.SHA256())
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(signed.public_bytes(serialization.Encoding.PEM) + private)
    return path


def test_a_kubeconfig_of_another_authority(here: Commands, tmp_path: Path) -> None:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_certificate(tmp_path / "server.pem"))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        url = f"https://127.0.0.1:{server.server_address[1]}"
        kubeconfig = _kubeconfig(tmp_path / "config", url, authority=str(_certificate(tmp_path / "other.pem")))
        run = here.cli("up", "dev", stack_file=_on_kubernetes(tmp_path, kubeconfig))
    finally:
        server.shutdown()
    assert_refused(run, here, "its certificate is not signed by the authority that was given", "set KUBECONFIG")


def test_without_root(here: Commands) -> None:
    here.state.mkdir(parents=True)
    for path in (here.state, here.state.parent, *here.state.parent.parents[:2]):
        path.chmod(0o777)
    command = [*NOBODY, *READS_EVERYTHING, sys.executable, "-m", "cli", "up", "dev"]
    done = subprocess.run(
        command, cwd=REPOSITORY, env=here.environment, capture_output=True, text=True, timeout=180, check=False
    )
    run = Run(code=done.returncode, out=done.stdout, err=done.stderr)
    assert_refused(run, here, "sandbox hosts need root", "use `sudo`, or set DOCKER_HOST")


def test_without_docker_and_apt(here: Commands, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    run = Commands(here.state, {**here.more, "PATH": str(empty)}).cli("up", "dev")
    assert_refused(run, here, "docker.io", "has no apt-get", "set DOCKER_HOST")


def test_a_preview_needs_no_host(here: Commands) -> None:
    run = here.make("preview", STACK_FILE=str(REPOSITORY / "Pulumi.dev.yaml"))
    assert run.code == 0, run.text
    assert len([line for line in run.out.splitlines() if "previewed without asking docker" in line]) == 1
    assert "to create" in run.out


def _preview_from(directory: Path, here: Commands, stack_file: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", "--no-print-directory", "-C", str(REPOSITORY), "preview", f"STACK_FILE={stack_file}"],
        cwd=directory,
        env={**here.environment, "PWD": str(directory)},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


def test_a_stack_file_is_previewed_from_anywhere(here: Commands, tmp_path: Path) -> None:
    StackFile(tmp_path / "mine.yaml", SMALL)
    done = _preview_from(tmp_path, here, "mine.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "docker:index/service:Service  web" in done.stdout


@pytest.mark.parametrize("path", BAD[:: len(BAD) // 3], ids=lambda path: path.stem)
def test_a_broken_stack_file_is_reported_from_anywhere(here: Commands, tmp_path: Path, path: Path) -> None:
    done = _preview_from(tmp_path, here, os.path.relpath(path, tmp_path))
    assert done.returncode == 2
    assert "Error 1" in done.stderr, "the command's own exit code, which make says and turns into 2"
    assert f"{path}: 1 fault, nothing was changed" in done.stderr
    assert f"ha-platform:stack.{path.stem.partition('--')[0]}" in done.stderr
    assert here.cli("preview", "dev", stack_file=path).code == 1


@pytest.mark.swarm
def test_a_published_port_in_use(swarm_dev: SwarmCluster, tmp_path: Path) -> None:
    commands, host, port = Commands(tmp_path / "own" / "state"), swarm_dev.hosts[0], 8181
    file = StackFile(tmp_path / "refused.yaml", SMALL)
    file.keep(lambda settings: settings["balancers"]["edge"].update(listen={"http": port}, status={"port": 8505}))
    # In the host's network alone: entering its processes takes a fork, and the kill below would miss the listener.
    line = ["nsenter", "-t", str(host.pid), "-n", "--", sys.executable, "-m", "http.server", str(port)]
    listener = subprocess.Popen(line, stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: host.listens(port), "the listener listens", 180)
        run = commands.cli("up", "refused", stack_file=file.path)
    finally:
        listener.kill()
        listener.wait()
    assert_refused(run, commands, f"port {port} (balancers.edge.listen.http) is taken", "choose another port")
    assert on_swarm(swarm_dev.client(), "refused") == set()
