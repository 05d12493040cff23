"""Services and the pods behind them."""

import re
from collections.abc import Iterator

from rules.rule import KUBERNETES, Rule
from views import Resource, Stack, WorkloadView
from views.plain import Unknown

_POD_NAME = "statefulset.kubernetes.io/pod-name"


def _pointless(stack: Stack) -> Iterator[str]:
    for service in stack.of_kind("Service"):
        selector = service.spec.get("selector")
        if not selector or service.spec.get("type") == "ExternalName":
            continue  # its endpoints are somebody else's
        name = service.object_name or service.name
        pods = [one for one in stack.workloads if _is_behind(service, one)]
        if not pods:
            yield f"{name}: the Service selects no pod of the stack."
            continue
        known = {port for pod in pods for container in pod.containers for port in container.ports}
        known |= {str(port) for pod in pods for container in pod.containers for port in container.ports.values()}
        for port in service.spec.get("ports") or []:
            target = port.get("targetPort", port.get("port"))
            if isinstance(target, int | str) and str(target) not in known:
                yield f"{name}: leads to port {target}, which its pods do not have."


def _is_behind(service: Resource, workload: WorkloadView) -> bool:
    if workload.platform != "kubernetes" or workload.namespace != service.namespace:
        return False
    wanted = dict(service.spec.get("selector") or {})
    member = wanted.pop(_POD_NAME, None)
    return _is_member(workload, member) and wanted.items() <= workload.labels.items()


def _is_member(workload: WorkloadView, name: str | None) -> bool:
    if name is None:
        return True
    found = re.fullmatch(r"(.+)-([0-9]+)", name)
    is_there = workload.replicas is None or (found is not None and int(found[2]) < workload.replicas)
    return found is not None and workload.kind == "members" and found[1] == workload.name and is_there


def _homeless(stack: Stack) -> Iterator[str]:
    services = {(one.namespace, one.object_name): one for one in stack.of_kind("Service")}
    for one in stack.workloads:
        if one.platform != "kubernetes" or one.kind != "members" or not one.ports:
            continue
        name = (one.properties.get("spec") or {}).get("serviceName")
        if isinstance(name, Unknown):
            continue
        service = services.get((one.namespace, str(name)))
        if service is None:
            yield f"{one.name}: its Service {name or '(none named)'} is not there."
        elif service.spec.get("clusterIP") not in ("None", {}):
            yield f"{one.name}: its Service {name} is not headless."
        elif not _is_behind(service, one):
            yield f"{one.name}: its Service {name} does not select its pods."


RULES = (
    Rule(
        name="service-finds-pods",
        says="Every Service selects pods, and leads to ports that they have.",
        why="Connections to it are refused, or wait until their timeout.",
        fix="Use the labels and the ports of the pods.",
        platforms=KUBERNETES,
        of_stack=_pointless,
    ),
    Rule(
        name="members-have-names",
        says="Every StatefulSet that others connect to names a headless Service that selects its pods.",
        why="Without it members have no names, and cannot find each other.",
        fix="Add a Service with `clusterIP: None`, and name it in `serviceName`.",
        platforms=KUBERNETES,
        of_stack=_homeless,
    ),
)
