"""`make up` of the README: it answers, a change is applied, a bad image is not, and nothing is left at the end."""

import json
import re
import subprocess
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from drills.commands import Run
from sandbox.hosts import leftovers, processes
from sandbox.hosts.host import Host
from sandbox.hosts.swarm import SwarmCluster
from sandbox.hosts.waiting import wait_until
from tests.live.dev.belongings import on_swarm, volumes_of
from tests.live.dev.commands import Commands, processes_of
from tests.live.dev.conftest import PROFILE
from tests.live.dev.stacks import SMALL, TLS_PORT, Change, Settings, StackFile, development, with_tls
from tests.live.machine import Machine

pytestmark = [pytest.mark.live, pytest.mark.swarm, pytest.mark.timeout(1800, func_only=True)]

"""Hosts that are thrown away need no container to stop in order, which takes minutes on a busy machine."""


def _more_replicas(settings: Settings) -> None:
    settings["apps"]["web"]["replicas"] = 3


def _new_image(settings: Settings) -> None:
    settings["apps"]["web"]["image"] = "chat-v2"


def _new_config_line(settings: Settings) -> None:
    settings["balancers"]["edge"]["routes"][0]["rate_limit"] = {"requests": 600, "period": "1m"}


def _renamed_database(settings: Settings) -> None:
    settings["databases"]["primary"] = settings["databases"].pop("main")
    for app in settings["apps"].values():
        if "uses" in app:
            app["uses"] = {"primary" if name == "main" else name: prefix for name, prefix in app["uses"].items()}


@pytest.fixture(scope="module")
def first_up(commands: Commands) -> Run:
    return commands.make("up")


@pytest.fixture(scope="module")
def stack_file(directory: Path) -> StackFile:
    """A copy of Pulumi.dev.yaml for changes."""
    return StackFile(directory / "Pulumi.dev.yaml", development())


@pytest.fixture(scope="module")
def swarm(first_up: Run) -> SwarmCluster:
    assert first_up.code == 0, first_up.text
    return SwarmCluster(PROFILE)


def test_make_up_ends_with_a_streamed_answer(first_up: Run) -> None:
    assert first_up.code == 0, first_up.text
    assert "engine sandbox" in first_up.out
    assert re.search(r"http://10\.77\.0\.11:8080/", first_up.out), "the URL of the balancer"
    assert re.search(r"GET /chat\S* -> 200", first_up.out), "a real answer"
    assert '"done": true' in first_up.out, "streamed to its end"
    assert '"stored": true' in first_up.out, "and stored in the database"
    assert re.search(r"answered after \d+ s", first_up.out), "the duration"


def test_make_up_again_changes_nothing(swarm: SwarmCluster, commands: Commands) -> None:
    del swarm
    run = commands.make("up")
    assert run.code == 0, run.text
    assert "no changes" in run.out


@pytest.mark.parametrize(
    ("change", "named"),
    [
        pytest.param(_more_replicas, {"web": "update"}, id="replicas"),
        pytest.param(_new_image, {"web": "update", "web-migrate": "update"}, id="image"),
        pytest.param(_new_config_line, {"edge-config": "replace", "edge": "update"}, id="config line"),
    ],
)
def test_a_preview_names_just_what_changes(
    swarm: SwarmCluster, commands: Commands, stack_file: StackFile, change: Change, named: dict[str, str]
) -> None:
    del swarm
    run = commands.cli("preview", "dev", "--json", stack_file=stack_file.write(change))
    assert run.code == 0, run.text
    steps = [step for step in json.loads(run.out)["steps"] if step["op"] not in ("same", *_PARTS_OF_REPLACE)]
    assert {step["urn"].rsplit("::", 1)[-1]: step["op"] for step in steps} == named


_PARTS_OF_REPLACE = ("create-replacement", "delete-replaced")


@pytest.mark.parametrize("command", ["preview", "up"])
def test_a_store_does_not_get_another_name_by_accident(
    swarm: SwarmCluster, commands: Commands, stack_file: StackFile, command: str
) -> None:
    before = on_swarm(swarm.client(), "dev")
    run = commands.cli(command, "dev", stack_file=stack_file.write(_renamed_database))
    assert run.code == 1, run.text
    assert "stack.databases.main: is not in the stack file any more" in run.err
    assert "volume dev-main-pg-0 on host1" in run.err
    assert "databases.primary would start empty" in run.err
    assert on_swarm(swarm.client(), "dev") == before


def test_up_applies_a_change(swarm: SwarmCluster, commands: Commands, stack_file: StackFile) -> None:
    url = f"http://{swarm.hosts[0].address}:8080/health"
    assert httpx.get(url, timeout=60).headers["x-version"] == "1"

    def new_version(settings: Settings) -> None:
        settings["apps"]["web"] |= {"image": "chat-v2", "env": {}}

    run = commands.make("up", STACK="dev", STACK_FILE=str(stack_file.keep(new_version)))
    assert run.code == 0, run.text

    def only_new() -> bool:
        """A replica that drains answers until the proxies have noticed."""
        return {httpx.get(url, timeout=60).headers.get("x-version") for _ in range(6)} == {"2"}

    wait_until(only_new, "the new version alone answers", 180, every=0.5)


def test_make_status_shows_every_component_ready(swarm: SwarmCluster, commands: Commands) -> None:
    run = _settled_status(commands)
    assert run.code == 0, run.text
    names = {service.name for service in swarm.client().services.list()}
    assert names
    assert names == {name for name in re.findall(r"\bdev-[a-z0-9-]+", run.out) if name in names}
    counts = re.findall(r"\b(\d+)/(\d+)\b", run.out)
    assert len(counts) == len(names)
    assert all(ready == wanted != "0" for ready, wanted in counts), run.out


def _settled_status(commands: Commands) -> Run:
    """The status once the old replicas of the last change have ended: a Swarm counts them until then."""
    runs: list[Run] = []

    def settled() -> bool:
        runs.append(commands.make("status"))
        return all(ready == wanted for ready, wanted in re.findall(r"\b(\d+)/(\d+)\b", runs[-1].out))

    with suppress(TimeoutError):  # the caller says what is wrong
        wait_until(settled, "no old replica runs", 180, every=1)
    return runs[-1]


def test_a_count_by_hand_outlives_an_update(swarm: SwarmCluster, commands: Commands, stack_file: StackFile) -> None:
    def wanted() -> int:
        return int(swarm.client().services.get("dev-web").attrs["Spec"]["Mode"]["Replicated"]["Replicas"])

    file = str(stack_file.write())
    before = wanted()
    given = {"STACK": "dev", "STACK_FILE": file}
    run = commands.make("scale", APP="web", TO=str(before + 1), FOR="1h", **given)
    assert run.code == 0, run.text
    assert re.search(r"GET \S+ -> 200", run.out)
    assert wanted() == before + 1
    again = commands.make("up", **given)
    assert again.code == 0, again.text
    assert re.search(rf"web: {before + 1} replicas by hand until .* \(the stack file says {before}\)", again.text)
    assert "no changes" in again.out
    assert wanted() == before + 1
    ended = commands.make("scale", APP="web", FOR="0", **given)
    assert ended.code == 0, ended.text
    assert wanted() == before


def test_a_bad_image_keeps_the_old_version(swarm: SwarmCluster, commands: Commands, stack_file: StackFile) -> None:
    url = f"http://{swarm.hosts[0].address}:8080/health"

    def broken_on_purpose(settings: Settings) -> None:
        settings["apps"]["web"] |= {"image": "chat-bad", "rollout": {"deadline": "90s"}}
        settings["apps"]["web"]["migrations"]["command"] = ["true"]

    run = commands.make("up", STACK="dev", STACK_FILE=str(stack_file.write(broken_on_purpose)))
    assert run.code != 0, "up must fail"
    assert "this build is broken on purpose" in run.text, f"up says why:\n{run.text[-2000:]}"
    assert {httpx.get(url, timeout=60).headers.get("x-version") for _ in range(6)} == {"2"}
    again = commands.make("up", STACK="dev", STACK_FILE=str(stack_file.write()))
    assert again.code == 0, again.text


def test_down_keeps_the_host_while_another_stack_runs_there(
    swarm: SwarmCluster, commands: Commands, directory: Path
) -> None:
    client = swarm.client()
    file = StackFile(directory / "Pulumi.small.yaml", SMALL).keep(with_tls)
    _give_certificate(commands, file)
    started = commands.make("up", STACK="small", STACK_FILE=str(file))
    assert started.code == 0, started.text
    asked = rf"GET /chat\S* -> 200, answered by replica \S+ at 10\.77\.0\.11:{TLS_PORT} \(certificate not verified\)"
    assert re.search(asked, started.out), "plain HTTP is only redirected"
    assert on_swarm(client, "small") != set()
    assert volumes_of(client, "small") != []
    run = commands.make("down", STACK="small", STACK_FILE=str(file))
    assert run.code == 0, run.text
    assert "stays for stack dev" in run.out
    assert swarm.hosts[0].init(), "the host is kept"
    # A host still lists a network that is gone until its last container's end is cleared away.
    wait_until(lambda: on_swarm(client, "small") == set(), "nothing of the small stack is left", 180, every=0.5)
    assert volumes_of(client, "small") == [], "`data: delete` removes volumes"
    assert volumes_of(client, "dev") != []


def _give_certificate(commands: Commands, file: Path) -> None:
    key, certificate = file.with_name("key.pem"), file.with_name("certificate.pem")
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    subject = ["-subj", "/CN=app.example.com", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*made, *subject], check=True, capture_output=True, timeout=60)
    for name, path in (("site_certificate", certificate), ("site_private_key", key)):
        given = commands.cli("secret", "small", name, stack_file=file, text=path.read_text())
        assert given.code == 0, given.text


def test_make_down_leaves_nothing(swarm: SwarmCluster, commands: Commands, machine_before: Machine) -> None:
    namespaces = leftovers.namespaces([*swarm.hosts, Host(PROFILE, 0)])
    volumes = volumes_of(swarm.client(), "dev")
    run = commands.make("down")
    assert run.code == 0, run.text
    assert volumes
    assert all(f"volume {volume} goes with its host" in run.out for volume in volumes)
    assert leftovers.find(PROFILE, namespaces) == []
    assert processes.in_namespaces(namespaces) == []
    wait_until(lambda: not processes_of(commands.state), "the commands' own processes ended with them", 180)
    assert Machine.now(PROFILE) == machine_before
    assert "removed" in run.out
    again = commands.make("down")
    assert again.code == 0, again.text
