"""Containers on Kubernetes: files, process, probes, stop, rights."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pytest

from model import ConfigFile, ExecCheck, File, Port, Probe, Probes, PublicPort, Scratch, Secret, Security, Stop
from platforms.base import Unsupported
from tests.mock_engine import SECRET_MARK
from tests.platforms.kubernetes.words import Rendered, agent, container, job, members, rendered, workload


def of(*, settings: dict[str, Any] | None = None, ports: Any = None, public: Any = (), **fields: Any) -> Rendered:
    word = {"container": container(**fields), "public_ports": public} | ({} if ports is None else {"ports": ports})
    return rendered(lambda platform, parent: platform.workload(workload(**word), parent=parent), **settings or {})


def with_files(*paths: str, secret_env: bool = False) -> Rendered:
    """Files at `paths`: a secret where the path says so."""

    def build(platform: Any, parent: Any) -> None:
        secret = platform.secret(Secret(name="key", value="value"), parent=parent)
        config = platform.config_file(ConfigFile(name="conf", text="text"), parent=parent)
        files = tuple(File(path=path, source=secret if "secret" in path else config) for path in paths)
        variables = {"API_KEY": secret} if secret_env else {}
        box = container(files=files, secret_env=variables, args=("--now",))
        platform.workload(workload(container=box), parent=parent)

    return rendered(build)


def mounted(out: Rendered) -> dict[str, list[dict[str, Any]]]:
    """The items of each projected volume, by mount path."""
    pod = out.pod("Deployment", "web")
    projected = {volume["name"]: volume["projected"]["sources"] for volume in pod["volumes"] if "projected" in volume}
    return {
        mount["mountPath"]: [
            item for one in projected[mount["name"]] for part in one.values() for item in part["items"]
        ]
        for mount in pod["containers"][0]["volumeMounts"]
        if mount["name"] in projected
    }


def test_files_of_one_directory_are_mounted_together_and_those_below_it_too() -> None:
    out = with_files("/etc/app/a.conf", "/etc/app/secret", "/etc/app/deep/b.conf", "/run/own/c")
    paths = {directory: [item["path"] for item in items] for directory, items in mounted(out).items()}
    assert paths == {"/etc/app": ["a.conf", "secret", "deep/b.conf"], "/run/own": ["c"]}


def test_secrets_are_readable_by_the_images_group_alone() -> None:
    out = with_files("/etc/app/a.conf", "/etc/app/secret")
    modes = {item["path"]: item["mode"] for item in mounted(out)["/etc/app"]}
    assert modes == {"a.conf": 0o444, "secret": 0o440}
    context = out.pod("Deployment", "web")["securityContext"]
    assert (context["runAsUser"], context["runAsGroup"], context["fsGroup"]) == (1001, 1002, 1002)


def test_a_changed_value_is_a_new_object() -> None:
    out = with_files("/etc/app/secret")
    secret = out.resource("Secret", "key")
    assert "name" not in secret.inputs["metadata"]
    assert secret.inputs["immutable"] is True
    assert secret.inputs["stringData"] == {SECRET_MARK: {"key": "value"}} or secret.inputs["stringData"] == {
        "key": {SECRET_MARK: "value"}
    }
    (volume,) = (one for one in out.pod("Deployment", "web")["volumes"] if "projected" in one)
    assert volume["projected"]["sources"][0]["secret"]["name"] == secret.outputs["metadata"]["name"]


def test_the_launcher_exports_the_files_and_no_variable_holds_the_value() -> None:
    out = with_files(secret_env=True)
    box = out.container("Deployment", "web")
    assert box["command"][-2:] == ["run", "--now"]
    assert "args" not in box
    assert "env" not in box
    assert [item["path"] for item in mounted(out)["/run/secret-env"]] == ["API_KEY"]


@pytest.mark.parametrize("which", ["startupProbe", "readinessProbe", "livenessProbe"])
def test_a_check_that_is_a_command_has_the_variables_too(tmp_path: Path, which: str) -> None:
    check = ExecCheck(command=("sh", "-c", r"""test "$API_KEY" = "it's a \$ecret" """))
    probes = Probes(ready=Probe(check=check), live=Probe(check=check))

    def command(secret_env: bool) -> list[str]:
        def build(platform: Any, parent: Any) -> None:
            secret = platform.secret(Secret(name="key", value="value"), parent=parent)
            box = container(secret_env={"API_KEY": secret} if secret_env else {})
            platform.workload(workload(container=box, probes=probes), parent=parent)

        words = rendered(build).container("Deployment", "web")[which]["exec"]["command"]
        return [word.replace("$$", "$") for word in words]  # as the kubelet does

    def passes() -> bool:
        here = [word.replace("/run/secret-env", str(tmp_path)) for word in command(secret_env=True)]
        return subprocess.run(here, check=False, capture_output=True, timeout=60).returncode == 0

    assert command(secret_env=False) == list(check.command), "nothing to export, no launcher"
    assert not passes(), "the secret is not there"
    (tmp_path / "API_KEY").write_text("another")
    assert not passes()
    (tmp_path / "API_KEY").write_text("it's a $ecret")
    assert passes()


def test_texts_are_literal_outside_of_members() -> None:
    box = of(args=("$(MEMBER_NAME)", "$$"), env={"A": "1", "B": "$(A)"}).container("Deployment", "web")
    assert box["args"] == ["$$(MEMBER_NAME)", "$$$$"]
    assert box["env"] == [{"name": "A", "value": "1"}, {"name": "B", "value": "$$(A)"}]


def test_probes_wait_for_the_start() -> None:
    box = of().container("Deployment", "web")
    assert box["startupProbe"]["periodSeconds"] * box["startupProbe"]["failureThreshold"] == 62
    assert box["startupProbe"]["tcpSocket"] == {"port": 8080}
    assert box["readinessProbe"] == {
        "httpGet": {"path": "/ready", "port": 8080},
        "periodSeconds": 2,
        "timeoutSeconds": 1,
        "failureThreshold": 4,
    }
    assert box["livenessProbe"]["failureThreshold"] == 6


def test_a_replica_serves_on_while_it_is_forgotten() -> None:
    pod = of(stop=Stop(grace_seconds=20), settings={"deregistration_delay": "7s"}).pod("Deployment", "web")
    assert pod["containers"][0]["lifecycle"] == {"preStop": {"sleep": {"seconds": 7}}}
    assert pod["terminationGracePeriodSeconds"] == 27


@pytest.mark.parametrize(
    ("entry", "audience", "seconds"),
    [
        ("load-balancer", "clients", 75),
        ("load-balancer", "operators", 5),
        ("node-port", "clients", 5),
        ("cluster-ip", "clients", 5),
    ],
)
def test_a_cloud_balancer_has_time_to_look_away(
    entry: str, audience: Literal["clients", "operators"], seconds: int
) -> None:
    port = Port(name="http", number=8080)
    public = PublicPort(port="http", published=30080, audience=audience)
    pod = of(ports=(port,), public=(public,), stop=Stop(grace_seconds=20), settings={"entry": entry}).pod(
        "Deployment", "web"
    )
    assert pod["containers"][0]["lifecycle"] == {"preStop": {"sleep": {"seconds": seconds}}}
    assert pod["terminationGracePeriodSeconds"] == 20 + seconds


def test_a_worker_without_ports_stops_at_once() -> None:
    pod = of(ports=(), stop=Stop(grace_seconds=20)).pod("Deployment", "web")
    assert "lifecycle" not in pod["containers"][0]
    assert pod["terminationGracePeriodSeconds"] == 20


def test_another_signal_is_sent_and_awaited_by_the_hook() -> None:
    hook = of(stop=Stop(signal="SIGUSR1")).container("Deployment", "web")["lifecycle"]["preStop"]["exec"]["command"]
    assert hook[:2] == ["sh", "-c"]
    assert hook[2].startswith("sleep 5; kill -s USR1 1; while kill -0 1;")


@pytest.mark.parametrize("read_only", [True, False])
def test_the_strict_profile_and_its_named_relaxations(read_only: bool) -> None:
    out = of(security=Security(read_only_root=read_only, capabilities=("NET_BIND_SERVICE",)))
    assert out.container("Deployment", "web")["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": read_only,
        "capabilities": {"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]},
    }
    pod = out.pod("Deployment", "web")["securityContext"]
    assert pod["runAsNonRoot"] is True
    assert pod["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["fsGroupChangePolicy"] == "OnRootMismatch"


def test_a_user_may_listen_on_a_declared_low_port() -> None:
    low = of(ports=(Port(name="http", number=80),)).pod("Deployment", "web")["securityContext"]
    assert low["sysctls"] == [{"name": "net.ipv4.ip_unprivileged_port_start", "value": "80"}]
    assert "sysctls" not in of().pod("Deployment", "web")["securityContext"]


def test_scratch_is_bounded_and_tmp_is_always_there() -> None:
    out = of(scratch=(Scratch(path="/run/app", size_bytes=2**20), Scratch(path="/cache", size_bytes=2**30)))
    volumes = {volume["name"]: volume["emptyDir"] for volume in out.pod("Deployment", "web")["volumes"]}
    by_path = {
        mount["mountPath"]: volumes[mount["name"]] for mount in out.container("Deployment", "web")["volumeMounts"]
    }
    assert by_path == {
        "/run/app": {"medium": "Memory", "sizeLimit": "1Mi"},
        "/cache": {"sizeLimit": "1Gi"},
        "/tmp": {"sizeLimit": "64Mi"},
    }


def test_own_tmp_replaces_the_usual_one() -> None:
    out = rendered(
        lambda platform, parent: platform.members(
            members(container=container(scratch=(Scratch(path="/tmp", size_bytes=2**30),))), parent=parent
        )
    )
    mounts = [mount["mountPath"] for mount in out.container("StatefulSet", "db")["volumeMounts"]]
    assert mounts.count("/tmp") == 1


def test_quantities_are_canonical() -> None:
    assert of().container("Deployment", "web")["resources"] == {
        "requests": {"cpu": "250m", "memory": "256Mi", "ephemeral-storage": "64Mi"},
        "limits": {"cpu": "1", "memory": "512Mi", "ephemeral-storage": "128Mi"},
    }


def test_dotted_names_are_looked_up_as_they_are() -> None:
    options = of().pod("Deployment", "web")["dnsConfig"]["options"]
    assert {"name": "ndots", "value": "1"} in options


def test_devices_are_extended_resources_with_equal_request_and_limit() -> None:
    resources = of(devices={"gpu": 2}).container("Deployment", "web")["resources"]
    assert {kind: amounts["nvidia.com/gpu"] for kind, amounts in resources.items()} == {"requests": "2", "limits": "2"}


@pytest.mark.parametrize("word", [workload, members, agent, job])
def test_a_device_is_what_the_cluster_calls_it(word: Callable[..., Any]) -> None:
    def build(platform: Any, parent: Any) -> None:
        getattr(platform, word.__name__)(word(container=container(devices={"gpu": 1, "tpu": 4})), parent=parent)

    out = rendered(build, devices={"gpu": "amd.com/gpu", "tpu": "google.com/tpu"})
    assert {"amd.com/gpu": "1", "google.com/tpu": "4"}.items() <= only_container(out)["resources"]["limits"].items()
    with pytest.raises(Unsupported, match="does not say which extended resource this is") as caught:
        rendered(build)
    assert [(one.path.rpartition("container.")[2], one.got) for one in caught.value.refusals] == [("devices", "tpu")]


def only_container(out: Rendered) -> Any:
    """The container of the one pod template."""
    (template,) = (one.inputs["spec"]["template"] for one in out.recorded if "template" in one.inputs.get("spec", {}))
    (found,) = template["spec"]["containers"]
    return found
