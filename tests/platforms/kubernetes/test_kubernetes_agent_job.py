"""Agents and jobs on Kubernetes."""

from dataclasses import replace
from typing import Any

from model import ConfigFile, File, HostPath, Origin, Secret, Security
from tests.platforms.kubernetes.words import agent, container, job, rendered

ROOT = HostPath(host_path="/", mount_path="/host")


def test_agents_live_where_host_paths_are_allowed_and_nothing_else_does() -> None:
    out = rendered(lambda platform, parent: platform.agent(agent(host_paths=(ROOT,)), parent=parent))
    assert out.resource("DaemonSet", "node").inputs["metadata"]["namespace"] == "ha-platform-test-agents"
    level = "pod-security.kubernetes.io/enforce"
    assert out.resource("Namespace", "agents-namespace").inputs["metadata"]["labels"][level] == "privileged"
    assert out.resource("Namespace", "namespace").inputs["metadata"]["labels"][level] == "restricted"
    assert ("NetworkPolicy", "agents-default-deny") in out


def test_without_agents_there_is_no_privileged_namespace() -> None:
    out = rendered(lambda platform, parent: platform.job(job(), parent=parent))
    assert out.names("Namespace") == {"namespace"}


def test_host_paths_are_read_only() -> None:
    out = rendered(lambda platform, parent: platform.agent(agent(host_paths=(ROOT,)), parent=parent))
    volume = out.pod("DaemonSet", "node")["volumes"][0]
    mount = out.container("DaemonSet", "node")["volumeMounts"][0]
    assert volume["hostPath"]["path"] == "/"
    assert (mount["name"], mount["mountPath"], mount["readOnly"]) == (volume["name"], "/host", True)


def test_an_agent_is_reached_by_the_same_names_as_any_word() -> None:
    def build(platform: Any, parent: Any) -> None:
        endpoint = platform.agent(agent(), parent=parent)
        assert endpoint.replicas_host == platform.replicas_host("node")
        assert endpoint.host == platform.host("node")

    out = rendered(build)
    alias = "node-replicas.ha-platform-test-agents.svc.cluster.local"
    assert {out.spec("Service", name)["externalName"] for name in ("node", "node-replicas")} == {alias}
    metadata = out.resource("Service", "node-agents").inputs["metadata"]
    assert (metadata["name"], metadata["namespace"]) == ("node-replicas", "ha-platform-test-agents")


def test_an_agents_files_are_copied_into_its_namespace_once() -> None:
    def build(platform: Any, parent: Any) -> None:
        secret = platform.secret(Secret(name="key", value="s"), parent=parent)
        config = platform.config_file(ConfigFile(name="conf", text="c"), parent=parent)
        files = (File(path="/etc/a/key", source=secret), File(path="/etc/a/conf", source=config))
        for name in ("node", "other"):
            platform.agent(
                agent(name=name, origin=Origin(key="agents", name=name), container=container(files=files)),
                parent=parent,
            )

    out = rendered(build)
    assert out.names("Secret") == {"key", "key-agents"}
    (volume,) = (one for one in out.pod("DaemonSet", "node")["volumes"] if "projected" in one)
    copies = {out.resource(kind, f"{name}-agents").outputs["metadata"]["name"]
              for kind, name in (("Secret", "key"), ("ConfigMap", "conf"))}  # fmt: skip
    assert {next(iter(source.values()))["name"] for source in volume["projected"]["sources"]} == copies


def test_an_agent_that_says_so_is_root_in_its_own_namespace() -> None:
    security = Security(capabilities=("SYS_PTRACE",), allow_root=True)
    root = container(image=replace(container().image, uid=0), security=security)
    out = rendered(lambda platform, parent: platform.agent(agent(container=root), parent=parent))
    context = out.pod("DaemonSet", "node")["securityContext"]
    assert (context["runAsUser"], context["runAsNonRoot"]) == (0, False)
    assert out.container("DaemonSet", "node")["securityContext"]["capabilities"] == {
        "drop": ["ALL"],
        "add": ["SYS_PTRACE"],
    }


def test_a_changed_job_runs_under_a_new_name() -> None:
    out = rendered(lambda platform, parent: platform.job(job(retries=4, deadline_seconds=77), parent=parent))
    assert "name" not in out.resource("Job", "migrate").inputs["metadata"]
    spec = out.spec("Job", "migrate")
    assert (spec["backoffLimit"], spec["activeDeadlineSeconds"]) == (4, 77)
    assert "ttlSecondsAfterFinished" not in spec
    assert spec["template"]["spec"]["restartPolicy"] == "Never"


def test_dependents_wait_for_the_job() -> None:
    def build(platform: Any, parent: Any) -> None:
        platform.agent(agent(depends_on=platform.job(job(), parent=parent)), parent=parent)

    out = rendered(build)
    assert "migrate" in out.resource("DaemonSet", "node").depends_on
