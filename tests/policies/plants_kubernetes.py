"""Defects in stacks on Kubernetes."""

from typing import Any

from tests.policies.judged import Given
from tests.policies.plants import Change, Plant, adding, first, in_secret, in_text, on, pod, several, without

HARD, SOFT = "requiredDuringSchedulingIgnoredDuringExecution", "preferredDuringSchedulingIgnoredDuringExecution"


def container(workload: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = pod(workload)["containers"][0]
    return found


def of(kind: str, **changed: Any) -> Change:
    """Fields of the first container of the first Deployment, StatefulSet, ... of this kind."""
    return on(kind, lambda workload: container(workload).update(changed))


def in_pod(kind: str, **changed: Any) -> Change:
    return on(kind, lambda workload: pod(workload).update(changed))


def _without(*path: str) -> Change:
    def change(workload: dict[str, Any]) -> None:
        within = container(workload)
        for key in path[:-1]:
            within = within[key]
        del within[path[-1]]

    return on("Deployment", change)


def _init_container(workload: dict[str, Any]) -> None:
    pod(workload)["initContainers"] = [{**container(workload), "name": "first", "image": "busybox"}]


def _cron(**spec: Any) -> Change:
    """A CronJob made of the first Deployment's pods."""

    def planted(given: Given) -> bool:
        deployment = first(given, "Deployment")
        if deployment is None:
            return False
        template = {"metadata": {"labels": {"app": "cron"}}, "spec": pod(deployment)}
        limits = {"activeDeadlineSeconds": 60, "template": template}
        good = {"concurrencyPolicy": "Forbid", "startingDeadlineSeconds": 60, "jobTemplate": {"spec": limits}}
        merged = {key: value for key, value in {**good, **spec}.items() if value is not None}
        metadata = {"name": "cron", "namespace": deployment["metadata"]["namespace"]}
        given.append(("kubernetes:batch/v1:CronJob", "cron", {"metadata": metadata, "spec": merged}))
        return True

    return planted


def _cron_unlimited(given: Given) -> bool:
    deployment = first(given, "Deployment")
    if deployment is None or not _cron()(given):
        return False
    del container(deployment)["resources"]["limits"]["memory"]
    given[:] = [one for one in given if one[2] is not deployment]
    return True


def _claim_beside(workload: dict[str, Any]) -> None:
    pod(workload)["volumes"].append({"name": "beside", "emptyDir": {"sizeLimit": "1Gi"}})
    next(mount for mount in container(workload)["volumeMounts"] if mount["name"] == "data")["name"] = "beside"


def _softened(workload: dict[str, Any]) -> None:
    apart = pod(workload)["affinity"]["podAntiAffinity"]
    apart[SOFT] = [{"weight": 100, "podAffinityTerm": apart.pop(HARD)[0]}]


def _unspread(workload: dict[str, Any]) -> None:
    pod(workload).pop("affinity", None)
    pod(workload).pop("topologySpreadConstraints", None)


def _elsewhere(workload: dict[str, Any]) -> None:
    apart = pod(workload)["affinity"]["podAntiAffinity"]
    for term in [*apart.get(HARD, []), *(one["podAffinityTerm"] for one in apart.get(SOFT, []))]:
        term["labelSelector"] = {"matchLabels": {"app": "nothing"}}


def _spread_elsewhere(workload: dict[str, Any]) -> None:
    pod(workload)["topologySpreadConstraints"][0]["labelSelector"] = {"matchLabels": {"app": "nothing"}}


def _same_probe(workload: dict[str, Any]) -> None:
    container(workload)["livenessProbe"] = dict(container(workload)["readinessProbe"])


def _has_hard(workload: dict[str, Any]) -> bool:
    return several(workload) and HARD in pod(workload)["affinity"]["podAntiAffinity"]


def _has_claim(workload: dict[str, Any]) -> bool:
    return any(mount["name"] == "data" for mount in container(workload).get("volumeMounts", []))


def _votes(workload: dict[str, Any]) -> bool:
    ports = {port["name"] for port in container(workload).get("ports", [])}
    return bool(ports & {"peer", "sentinel", "amqp"})


def _spec(kind: str, **changed: Any) -> Change:
    return on(kind, lambda one: one["spec"].update(changed))


def _hard_path(path: str) -> Change:
    def change(workload: dict[str, Any]) -> None:
        pod(workload).setdefault("volumes", []).append({"name": "host", "hostPath": {"path": path}})
        container(workload).setdefault("volumeMounts", []).append(
            {"name": "host", "mountPath": "/host", "readOnly": True}
        )

    return on("Deployment", change)


def _shared_claim(given: Given) -> bool:
    workload = first(given, "Deployment", several)
    claim = first(given, "PersistentVolumeClaim")
    if workload is None or claim is None:
        return False
    reference = {"claimName": claim["metadata"]["name"]}
    pod(workload)["volumes"].append({"name": "shared", "persistentVolumeClaim": reference})
    return True


def _public_operators(given: Given) -> bool:
    service = first(given, "Service", lambda one: any(port["port"] in (8404, 9090) for port in one["spec"]["ports"]))
    if service is None:
        return False
    service["spec"]["type"] = "LoadBalancer"
    return True


def _http_alone(given: Given) -> bool:
    service = first(given, "Service")
    if service is None:
        return False
    service["spec"] |= {"type": "LoadBalancer", "ports": [{"port": 80, "targetPort": 8080}]}
    return True


def _scaler(given: Given, **changed: Any) -> bool:
    workload = first(given, "Deployment", several)
    if workload is None:
        return False
    spec = {"minReplicas": 2, "maxReplicas": 4, "scaleTargetRef": {"name": workload["metadata"]["name"]}, **changed}
    metadata = {"name": "scaler", "namespace": workload["metadata"]["namespace"]}
    given.append(("kubernetes:autoscaling/v2:HorizontalPodAutoscaler", "scaler", {"metadata": metadata, "spec": spec}))
    return True


def _by_keda(given: Given, **changed: Any) -> bool:
    workload = first(given, "Deployment", several)
    if workload is None:
        return False
    spec = {"minReplicaCount": 2, "maxReplicaCount": 4, "scaleTargetRef": {"name": workload["metadata"]["name"]}}
    metadata = {"name": "scaled", "namespace": workload["metadata"]["namespace"]}
    inputs = {"metadata": metadata, "spec": {**spec, "triggers": [], **changed}}
    given.append(("kubernetes:keda.sh/v1alpha1:ScaledObject", "scaled", inputs))
    return True


def _must_all_stay(budget: dict[str, Any]) -> None:
    budget["spec"].pop("maxUnavailable", None)
    budget["spec"]["minAvailable"] = "100%"


def _is_a_database(workload: dict[str, Any]) -> None:
    workload["metadata"]["annotations"] = {"ha-platform/origin": "ha-platform:stack.databases.x"}


def _selects_nothing(policy: dict[str, Any]) -> None:
    policy["spec"]["podSelector"] = {"matchLabels": {"app": "nothing"}}


def _open_policy(rule: dict[str, Any]) -> Change:
    return on("NetworkPolicy", lambda one: one["spec"].update(ingress=[rule]), lambda one: "ingress" in one["spec"])


def _with_addresses(given: Given) -> bool:
    """Every headless Service gets an address."""
    for type_, _name, properties in given:
        if type_.endswith(":Service") and properties["spec"].get("clusterIP") == "None":
            del properties["spec"]["clusterIP"]
    return first(given, "StatefulSet") is not None


RBAC = "kubernetes:rbac.authorization.k8s.io/v1"
SCRAPES, RULES, RECEIVERS = "scrape_configs:", "- alert:", "receivers:"
ALWAYS, NEVER = "expr: vector(1)", "expr: vector(1) > 2"
ROLE = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"}
SECURED = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}, "readOnlyRootFilesystem": True}
_PLANTS: tuple[tuple[str, str, Change], ...] = (
    ("image-is-pinned", "no tag", of("Deployment", image="docker.io/library/nginx")),
    ("image-is-pinned", "latest", of("StatefulSet", image="docker.io/library/nginx:latest")),
    ("image-is-pinned", "an init container without tag", on("Deployment", _init_container)),
    ("image-has-a-digest", "a tag without digest", of("DaemonSet", image="docker.io/prom/node-exporter:v1.0.0")),
    ("no-secret-in-environment", "POSTGRES_PASS",
     of("Deployment", env=[{"name": "POSTGRES_PASS", "value": "hunter2x"}])),
    ("no-secret-in-environment", "a key of AWS",
     of("Deployment", env=[{"name": "AWS_SECRET_ACCESS_KEY", "value": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}])),
    ("no-secret-in-environment", "an argument", of("StatefulSet", args=["--requirepass", "hunter2x"])),
    ("no-secret-in-configuration", "JSON",
     adding("kubernetes:core/v1:ConfigMap", {"data": {"a.json": '{"password": "hunter2x"}'}})),
    ("no-secret-in-configuration", "HAProxy",
     adding("kubernetes:core/v1:ConfigMap", {"data": {"a.cfg": "user ha insecure-password hunter2x\n"}})),
    ("no-secret-in-configuration", "binary",
     adding("kubernetes:core/v1:ConfigMap", {"binaryData": {"a": "cGFzc3dvcmQ6IGh1bnRlcjJ4Cg=="}})),
    ("memory-limit-is-set", "no limit", _without("resources", "limits", "memory")),
    ("memory-limit-is-set", "no limit in a CronJob", _cron_unlimited),
    ("requests-are-set", "nothing reserved", _without("resources")),
    ("ephemeral-storage-is-limited", "no limit", _without("resources", "limits", "ephemeral-storage")),
    ("scratch-is-limited", "an emptyDir without size",
     on("Deployment", lambda one: next(v for v in pod(one)["volumes"] if "emptyDir" in v)["emptyDir"].clear(),
        lambda one: any("emptyDir" in v for v in pod(one).get("volumes", [])))),
    ("process-is-not-root", "root", of("Deployment", securityContext={**SECURED, "runAsUser": 0})),
    ("root-file-system-is-read-only", "can be written",
     of("Deployment", securityContext={**SECURED, "readOnlyRootFilesystem": False})),
    ("no-privileged-container", "privileged", of("DaemonSet", securityContext={**SECURED, "privileged": True})),
    ("no-privileged-container", "may escalate", of("Deployment", securityContext={"capabilities": {"drop": ["ALL"]}})),
    ("capabilities-are-dropped", "the defaults", of("Deployment", securityContext={"allowPrivilegeEscalation": False})),
    ("capabilities-are-dropped", "one added",
     of("Deployment", securityContext={"capabilities": {"drop": ["ALL"], "add": ["SYS_ADMIN"]}})),
    ("host-is-out-of-reach", "its network", in_pod("Deployment", hostNetwork=True)),
    ("host-is-out-of-reach", "its processes", in_pod("DaemonSet", hostPID=True)),
    ("host-is-out-of-reach", "a path", _hard_path("/etc")),
    ("host-is-out-of-reach", "the socket", _hard_path("/var/run/docker.sock")),
    ("host-is-out-of-reach", "a port", of("Deployment", ports=[{"containerPort": 80, "hostPort": 80}])),
    ("seccomp-is-on", "unconfined", in_pod("Deployment", securityContext={"runAsUser": 1000})),
    ("no-token-is-mounted", "mounted", in_pod("StatefulSet", automountServiceAccountToken=True)),
    ("roles-are-narrow", "cluster-admin",
     adding(f"{RBAC}:ClusterRoleBinding", {"metadata": {"name": "a"}, "roleRef": ROLE})),
    ("roles-are-narrow", "all verbs",
     adding(f"{RBAC}:Role", {"rules": [{"verbs": ["*"], "resources": ["pods"]}]})),
    ("traffic-is-denied-by-default", "no NetworkPolicy", without("NetworkPolicy")),
    ("connections-are-named", "a policy that selects nothing",
     on("NetworkPolicy", _selects_nothing, lambda one: "ingress" in one["spec"])),
    ("no-allow-all-policy", "an empty rule", _open_policy({})),
    ("no-allow-all-policy", "all namespaces", _open_policy({"from": [{"namespaceSelector": {}}]})),
    ("no-allow-all-policy", "every address", _open_policy({"from": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]})),
    ("open-ports-are-entries", "a store's port",
     on("NetworkPolicy", lambda one: one["spec"].update(ingress=[{"ports": [{"port": 5432}]}]),
        lambda one: str(one.get("metadata", {}).get("name")).endswith(("-pg", "-redis")))),
    ("public-entry-has-tls", "HTTP alone", _http_alone),
    ("operators-ports-are-not-public", "behind a balancer", _public_operators),
    ("replicas-survive-one-host", "one replica", on("Deployment", lambda one: one["spec"].update(replicas=1), several)),
    ("members-survive-one-host", "a StatefulSet of one",
     on("StatefulSet", lambda one: one["spec"].update(replicas=1), several)),
    ("quorum-is-odd", "four members", on("StatefulSet", lambda one: one["spec"].update(replicas=4), _votes)),
    ("replicas-are-spread", "a Deployment with nothing", on("Deployment", _unspread, several)),
    ("replicas-are-spread", "a StatefulSet with nothing", on("StatefulSet", _unspread, several)),
    ("members-are-apart", "a preference alone", on("StatefulSet", _softened, _has_hard)),
    ("members-are-apart", "both write proxies on a node", on("Deployment", _softened, _has_hard)),
    ("spread-selects-pods", "an anti-affinity to nothing", on("StatefulSet", _elsewhere, _has_hard)),
    ("spread-selects-pods", "a spread of nothing", on("Deployment", _spread_elsewhere)),
    ("disruption-budget-is-there", "none", without("PodDisruptionBudget")),
    ("disruption-budget-can-be-met", "all must stay",
     on("PodDisruptionBudget", _must_all_stay)),
    ("disruption-budget-can-be-met", "it selects nothing",
     _spec("PodDisruptionBudget", selector={"matchLabels": {"app": "nothing"}})),
    ("health-is-checked", "none", _without("readinessProbe")),
    ("liveness-is-checked", "none", _without("livenessProbe")),
    ("liveness-is-not-readiness", "the same probe", on("Deployment", _same_probe)),
    ("probe-port-is-there", "an unknown name", of("StatefulSet", livenessProbe={"httpGet": {"port": "nothing"}})),
    ("probe-port-is-there", "an unknown number", of("Deployment", readinessProbe={"tcpSocket": {"port": 1}})),
    ("service-finds-pods", "another selector", _spec("Service", selector={"app": "nothing"})),
    ("service-finds-pods", "another port", _spec("Service", ports=[{"port": 80, "targetPort": "nothing"}])),
    ("members-have-names", "no such Service", _spec("StatefulSet", serviceName="nothing")),
    ("members-have-names", "one that is not headless", _with_addresses),
    ("update-keeps-serving", "Recreate",
     on("Deployment", lambda one: one["spec"].update(strategy={"type": "Recreate"}), several)),
    ("update-keeps-serving", "OnDelete", _spec("StatefulSet", updateStrategy={"type": "OnDelete"})),
    ("stop-is-graceful", "no time", in_pod("StatefulSet", terminationGracePeriodSeconds=0)),
    ("stop-is-graceful", "less than its preStop",
     of("Deployment", lifecycle={"preStop": {"sleep": {"seconds": 9999}}})),
    ("autoscaler-has-bounds", "down to one", lambda given: _scaler(given, minReplicas=1)),
    ("autoscaler-has-bounds", "no target", lambda given: _scaler(given, scaleTargetRef={"name": "nothing"})),
    ("autoscaler-has-bounds", "no room", lambda given: _scaler(given, maxReplicas=2)),
    ("autoscaler-has-bounds", "by KEDA down to nothing", lambda given: _by_keda(given, minReplicaCount=0)),
    ("autoscaler-has-bounds", "by KEDA no room", lambda given: _by_keda(given, maxReplicaCount=2)),
    ("autoscaler-has-bounds", "by KEDA no target", lambda given: _by_keda(given, scaleTargetRef={"name": "nothing"})),
    ("job-ends", "a Job without deadline", on("Job", lambda one: one["spec"].pop("activeDeadlineSeconds"))),
    ("job-ends", "a CronJob beside itself", _cron(concurrencyPolicy=None)),
    ("job-ends", "a CronJob without deadline", _cron(startingDeadlineSeconds=None)),
    ("references-are-there", "a ConfigMap", of("Deployment", envFrom=[{"configMapRef": {"name": "nothing"}}])),
    ("references-are-there", "all Secrets", without("Secret")),
    ("references-are-there", "an account", in_pod("Deployment", serviceAccountName="nothing")),
    ("references-are-there", "a PriorityClass", in_pod("StatefulSet", priorityClassName="nothing")),
    ("references-are-there", "a claim",
     on("Deployment", lambda one: pod(one)["volumes"].append({"persistentVolumeClaim": {"claimName": "nothing"}}))),
    ("stateful-data-is-on-a-volume", "none", on("StatefulSet", lambda one: one["spec"].pop("volumeClaimTemplates"))),
    ("data-is-under-the-volume", "an emptyDir beside the claim", on("StatefulSet", _claim_beside, _has_claim)),
    ("data-outlives-its-workload", "deleted with it",
     _spec("StatefulSet", persistentVolumeClaimRetentionPolicy={"whenDeleted": "Delete"})),
    ("data-outlives-its-workload", "a class that deletes",
     lambda given: adding("kubernetes:storage.k8s.io/v1:StorageClass", {"metadata": {"name": "fast"}})(given)
     and _spec("PersistentVolumeClaim", storageClassName="fast")(given)),
    ("replicas-see-the-same-files", "a claim for one node", _shared_claim),
    ("data-has-a-verified-backup", "no drill",
     on("StatefulSet", _is_a_database)),
    ("stores-are-scraped", "no scrape configuration", in_text("ConfigMap", "data", SCRAPES, SCRAPES, "off:")),
    ("stores-are-scraped", "one store left out", in_text("ConfigMap", "data", SCRAPES, "main-etcd-replicas", "x")),
    ("stores-have-alerts", "no rules", in_text("ConfigMap", "data", RULES, "component: main", "component: x")),
    ("alerts-reach-somebody", "no Alertmanager", in_text("ConfigMap", "data", SCRAPES, "alerting:", "off:")),
    ("alerts-reach-somebody", "no runbook", in_text("ConfigMap", "data", RULES, "runbook:", "book:")),
    ("alerts-reach-somebody", "no receiver", in_secret(RECEIVERS, "_configs:", "s:")),
    ("alerts-reach-somebody", "the dead-man alone", in_secret(RECEIVERS, r"receiver: \d+-\w+", "receiver: nobody")),
    ("silence-is-noticed", "nothing always fires", in_text("ConfigMap", "data", RULES, ALWAYS, NEVER)),
    ("silence-is-noticed", "it goes to nobody",
     in_secret(RECEIVERS, "receiver: dead-man", "receiver: nobody")),
    ("root-is-an-exception", "allowed",
     on("Deployment", lambda one: (
         one["spec"]["template"]["metadata"].update(annotations={"ha-platform/allow-root": "true"}),
         container(one)["securityContext"].update(runAsUser=0)))),
)  # fmt: skip


KUBERNETES = [
    Plant(rule=rule, platform="kubernetes", name=f"{rule}: {name}", change=change) for rule, name, change in _PLANTS
]
