"""Each rule: what passes, what fails, what is missing, on both platforms."""

import base64
from typing import Any

import pytest

from tests.policies.judged import faults
from tests.policies.resources import (
    BALANCER,
    BUDGET,
    CLAIM,
    DEPLOYMENT,
    SERVICE,
    STATEFUL_SET,
    balancer,
    budget,
    deployment,
    service,
    stateful_set,
)

PINNED = "image-is-pinned"
ENVIRONMENT = "no-secret-in-environment"
CONFIGURATION = "no-secret-in-configuration"
LIMITED = "memory-limit-is-set"
NOT_ROOT = "process-is-not-root"
EXCEPTION = "root-is-an-exception"
READ_ONLY = "root-file-system-is-read-only"
CHECKED = "health-is-checked"
TWO = "replicas-survive-one-host"
ON_VOLUME = "stateful-data-is-on-a-volume"
CONFIG_MAP = "kubernetes:core/v1:ConfigMap"
SERVICE_CONFIG = "docker:index/serviceConfig:ServiceConfig"


def violations(rule: str, resource_type: str, properties: dict[str, Any]) -> list[str]:
    """What the rule says of one resource."""
    return faults(rule, (resource_type, properties))


ON_WORKLOADS = [PINNED, ENVIRONMENT, LIMITED, NOT_ROOT, READ_ONLY, CHECKED, TWO]


@pytest.mark.parametrize("policy", ON_WORKLOADS, ids=str)
@pytest.mark.parametrize("rendered", [(DEPLOYMENT, deployment()), (SERVICE, service())], ids=["kubernetes", "swarm"])
def test_a_good_workload_passes(policy: str, rendered: tuple[str, dict[str, Any]]) -> None:
    assert violations(policy, *rendered) == []


FAILING = [
    (PINNED, deployment(image="registry.example.com/chat/web"), service(image="registry.example.com:5000/chat/web")),
    (PINNED, deployment(image="chat/web:latest"), service(image="chat/web:latest")),
    (
        ENVIRONMENT,
        deployment(env=[{"name": "DB_PASSWORD", "value": "hunter2"}]),
        service(env={"DB_PASSWORD": "hunter2"}),
    ),
    (
        ENVIRONMENT,
        deployment(env=[{"name": "HA_PLAIN_TEXTS", "value": "OTHER"}, {"name": "APP_KEY", "value": "hunter2"}]),
        service(env={"HA_PLAIN_TEXTS": "OTHER", "APP_KEY": "hunter2"}),
    ),
    (ENVIRONMENT, deployment(args=["--requirepass", "hunter2"]), service(args=["--requirepass", "hunter2"])),
    (
        ENVIRONMENT,
        deployment(env=[{"name": "BROKER", "value": "redis://u:hunter2@h"}]),
        service(env={"BROKER": "redis://u:hunter2@h"}),
    ),
    (NOT_ROOT, deployment(securityContext={"runAsUser": 0}), service(user="0:0")),
    (NOT_ROOT, deployment(securityContext=None), service(user=None)),
    (NOT_ROOT, deployment(securityContext={"runAsUser": 0}), service(user="root")),
    (READ_ONLY, deployment(securityContext={"runAsUser": 1}), service(readOnly=False)),
    (CHECKED, deployment(readinessProbe=None), service(healthcheck=None)),
    (TWO, deployment(replicas=1), service(replicas=1)),
]


@pytest.mark.parametrize(("policy", "on_kubernetes", "on_swarm"), FAILING)
def test_a_bad_workload_is_reported_on_both_platforms(
    policy: str, on_kubernetes: dict[str, Any], on_swarm: dict[str, Any]
) -> None:
    for resource_type, properties in ((DEPLOYMENT, on_kubernetes), (SERVICE, on_swarm)):
        found = violations(policy, resource_type, properties)
        assert len(found) == 1, f"{policy} on {resource_type}"
        assert "hunter2" not in found[0], "a violation never shows a value"


def test_root_that_the_stack_file_allows_is_another_policys() -> None:
    on_kubernetes = deployment(securityContext={"runAsUser": 0, "readOnlyRootFilesystem": True})
    on_kubernetes["spec"]["template"]["metadata"]["annotations"] = {"ha-platform/allow-root": "true"}
    on_swarm = service(user="0:0", labels=[{"label": "ha-platform.allow-root", "value": "true"}])
    for kind, root in ((DEPLOYMENT, on_kubernetes), (SERVICE, on_swarm)):
        assert violations(NOT_ROOT, kind, root) == []
        (said,) = violations(EXCEPTION, kind, root)
        assert "runs as root, as `security.allow_root` says" in said
    for kind, other in ((DEPLOYMENT, deployment()), (SERVICE, service()), (SERVICE, service(user="0:0"))):
        assert violations(EXCEPTION, kind, other) == [], "another user, or a root that nobody allowed"
    unnamed = service(user=None, labels=[{"label": "ha-platform.allow-root", "value": "true"}])
    assert len(violations(NOT_ROOT, SERVICE, unnamed)) == 1, "whoever the image's user is"


def test_a_missing_memory_limit_is_reported() -> None:
    unlimited = service()
    del unlimited["taskSpec"]["resources"]
    assert violations(LIMITED, DEPLOYMENT, deployment(resources=None)) == ["web: no memory limit."]
    assert violations(LIMITED, SERVICE, unlimited) == ["dev-web: no memory limit."]


def test_an_image_with_a_digest_passes() -> None:
    assert violations(PINNED, SERVICE, service(image=f"chat/web@sha256:{'0' * 64}")) == []


def single(origin: str, *ports: str) -> list[tuple[str, dict[str, Any]]]:
    """One replica of the settings at `origin`, with ports of these names, on both platforms."""
    on_kubernetes = deployment(replicas=1, ports=[{"name": name, "containerPort": 9121.0} for name in ports])
    on_kubernetes["metadata"]["annotations"] = {"ha-platform/origin": origin}
    labels = {"ha-platform.origin": origin} | {f"ha-platform.port.{name}": "9121" for name in ports}
    labels |= {f"ha-platform.port.{name}.audience": "operators" for name in ports}
    given = [{"label": label, "value": value} for label, value in labels.items()]
    return [(DEPLOYMENT, on_kubernetes), (SERVICE, {**service(replicas=1), "labels": given})]


@pytest.mark.parametrize(
    ("origin", "ports", "outages"),
    [
        ("ha-platform:stack.caches.sessions", ("metrics",), 0),
        ("ha-platform:stack.caches.apps", ("metrics",), 0),
        ("ha-platform:stack.caches.sessions", ("redis", "metrics"), 1),
        ("ha-platform:stack.caches.sessions", (), 1),
        ("ha-platform:stack.caches.sessions.backups", ("copies",), 0),
        ("ha-platform:stack.apps.worker", ("metrics",), 1),  # it works on a queue
        ("ha-platform:stack.apps.worker.celery", ("metrics",), 0),
        ("", ("metrics",), 1),
    ],
)
def test_one_exporter_is_no_outage(origin: str, ports: tuple[str, ...], outages: int) -> None:
    for resource_type, properties in single(origin, *ports):
        assert len(violations(TWO, resource_type, properties)) == outages, resource_type


@pytest.mark.parametrize(
    ("clients", "faults"), [(("http",), 1), (("http", "traces"), 1), (("http", "https"), 0), (("mqtt",), 0)]
)
def test_an_entry_with_http_alone_is_seen_beside_other_ports(clients: tuple[str, ...], faults: int) -> None:
    labels = [{"label": f"ha-platform.port.{name}.audience", "value": "clients"} for name in clients]
    assert len(violations("public-entry-has-tls", SERVICE, {**service(), "labels": labels})) == faults


def test_a_job_is_no_single_replica() -> None:
    gate = {**service(replicas=1), "labels": [{"label": "ha-platform.job", "value": "true"}]}
    assert violations(TWO, SERVICE, gate) == []


def test_a_job_needs_no_health_check() -> None:
    assert violations(CHECKED, "kubernetes:batch/v1:Job", deployment(readinessProbe=None)) == []


def test_what_runs_by_the_clock_is_looked_at_as_a_job() -> None:
    by_the_clock = "kubernetes:batch/v1:CronJob"
    assert violations(LIMITED, by_the_clock, {"spec": {"jobTemplate": {"spec": {}}}}) == []
    for limits_of, reported in (({"memory": "1Gi"}, 0), ({}, 1)):
        job = {"spec": deployment(readinessProbe=None, resources={"limits": limits_of})["spec"]}
        cron_job = {"metadata": {"name": "tidy"}, "spec": {"schedule": "0 3 * * *", "jobTemplate": job}}
        assert len(violations(LIMITED, by_the_clock, cron_job)) == reported
        assert violations(CHECKED, by_the_clock, cron_job) == []


def test_a_stateful_set_without_a_claim_is_reported() -> None:
    assert violations(ON_VOLUME, STATEFUL_SET, stateful_set()) == []
    assert len(violations(ON_VOLUME, STATEFUL_SET, stateful_set(volume=False))) == 1


@pytest.mark.parametrize(
    "text",
    [
        "requirepass hunter2hunter2",
        "url: postgresql://app:hunter2@db/app",
        "-----BEGIN RSA PRIVATE KEY-----",
        "# für alle\nrequirepass hunter2hunter2",
    ],
)
def test_a_password_in_a_configuration_is_reported(text: str) -> None:
    encoded = base64.b64encode(text.encode()).decode()
    assert len(violations(CONFIGURATION, CONFIG_MAP, {"data": {"file": text}})) == 1
    assert len(violations(CONFIGURATION, SERVICE_CONFIG, {"data": encoded})) == 1
    assert len(violations(CONFIGURATION, SERVICE_CONFIG, {"dataRaw": text})) == 1
    assert violations(CONFIGURATION, CONFIG_MAP, {"data": {"file": "maxmemory 64mb"}}) == []


def test_numbers_come_as_floats_from_the_engine() -> None:
    rendered = deployment(securityContext={"runAsUser": 65534.0})
    assert violations(NOT_ROOT, DEPLOYMENT, rendered) == []
    assert violations(NOT_ROOT, DEPLOYMENT, deployment(securityContext={"runAsUser": 0.0})) == ["web: runs as 0."]


def test_resources_that_run_nothing_are_left_alone() -> None:
    assert violations(PINNED, "random:index/randomPassword:RandomPassword", {"length": 32}) == []


BUDGETS = [
    (budget(maxUnavailable=1), 3, 0),
    (budget(maxUnavailable=0), 3, 1),
    (budget(minAvailable=3), 3, 1),
    (budget(minAvailable=2), 3, 0),
    (budget(minAvailable="100%"), 3, 1),
    (budget(maxUnavailable="10%"), 3, 0),
    (budget(selector={"app": "nobody"}, maxUnavailable=1), 3, 1),
    (budget(minAvailable=1), 1, 1),
]


@pytest.mark.parametrize(("rendered", "replicas", "expected"), BUDGETS)
def test_a_budget_must_let_a_pod_go(rendered: dict[str, Any], replicas: int, expected: int) -> None:
    resources = [(DEPLOYMENT, deployment(replicas=replicas)), (BUDGET, rendered)]
    assert len(faults("disruption-budget-can-be-met", *resources)) == expected


BALANCERS = [
    (balancer("http"), 8080.0, []),
    (
        balancer("http"),
        9093.0,
        ["web-public: port 443 leads to Alertmanager (9093)."],
    ),
    (
        balancer(9090.0),
        8080.0,
        ["web-public: port 443 leads to Prometheus (9090)."],
    ),
    (balancer("http", type="ClusterIP"), 9093.0, []),
    (balancer("http", selector={"app": "other"}), 9093.0, []),
]


@pytest.mark.parametrize(("rendered", "container_port", "expected"), BALANCERS)
def test_a_balancer_leads_to_no_port_for_operators(
    rendered: dict[str, Any], container_port: float, expected: list[str]
) -> None:
    pods = deployment(ports=[{"name": "http", "containerPort": container_port}])
    assert faults("operators-ports-are-not-public", (BALANCER, rendered), (DEPLOYMENT, pods)) == expected


def claim(*modes: str) -> dict[str, Any]:
    return {"metadata": {"name": "files"}, "spec": {"accessModes": list(modes)}}


def with_claim(replicas: int) -> dict[str, Any]:
    document = deployment(replicas=replicas)
    document["spec"]["template"]["spec"]["volumes"] = [{"persistentVolumeClaim": {"claimName": "files"}}]
    return document


def with_mount(replicas: int, **options: Any) -> dict[str, Any]:
    return service(replicas=replicas, mounts=[{"type": "volume", "source": "files", "volumeOptions": options}])


NFS = {"driverName": "local", "driverOptions": {"type": "nfs"}}
ONE_NODE = "web: its replicas do not share files across hosts: the claim is for one node."
EACH_HOST = "dev-web: its replicas do not share files across hosts: each host makes one of its own."


@pytest.mark.parametrize(
    ("rendered", "expected"),
    [
        ([(CLAIM, claim("ReadWriteMany")), (DEPLOYMENT, with_claim(3))], []),
        ([(CLAIM, claim("ReadWriteOnce")), (DEPLOYMENT, with_claim(3))], [ONE_NODE]),
        ([(CLAIM, claim("ReadWriteOnce")), (DEPLOYMENT, with_claim(1))], []),
        ([(DEPLOYMENT, with_claim(3))], []),
        ([(SERVICE, with_mount(3, **NFS))], []),
        ([(SERVICE, with_mount(3, driverOptions={"type": "nfs", "o": "addr=a,bind"}))], [EACH_HOST]),
        ([(SERVICE, with_mount(3, driverOptions={"type": "none", "o": "bind", "device": "/srv"}))], [EACH_HOST]),
        ([(SERVICE, with_mount(3, driverName="server"))], []),
        ([(SERVICE, with_mount(3, driverName="local"))], [EACH_HOST]),
        ([(SERVICE, with_mount(3))], [EACH_HOST]),
        ([(SERVICE, with_mount(1))], []),
    ],
)
def test_replicas_see_the_same_files(rendered: list[tuple[str, dict[str, Any]]], expected: list[str]) -> None:
    assert faults("replicas-see-the-same-files", *rendered) == expected


def test_a_service_with_a_shared_volume_is_no_member() -> None:
    single = with_mount(1, **NFS)
    assert violations(TWO, SERVICE, single) == ["dev-web: one replica; losing its host is an outage."]
