"""The Kubernetes kinds this project uses, with what pulumi-kubernetes 4.34 knows of each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sandbox.engine.values import Path

_IDENTITY: tuple[Path, ...] = (("metadata", "name"), ("metadata", "namespace"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind. A change at or below a path of `replace` needs a new object."""

    api_version: str
    kind: str
    plural: str
    namespaced: bool = True
    replace: tuple[Path, ...] = ()

    @property
    def type(self) -> str:
        """The Pulumi type token."""
        group, _, version = self.api_version.rpartition("/")
        return f"kubernetes:{group or 'core'}/{version}:{self.kind}"

    @property
    def replacing(self) -> tuple[Path, ...]:
        return _IDENTITY + self.replace

    def collection(self, namespace: str | None) -> str:
        """The URL path of all objects of this kind (in `namespace`)."""
        root = "/api" if "/" not in self.api_version else "/apis"
        scope = f"/namespaces/{namespace}" if self.namespaced and namespace else ""
        return f"{root}/{self.api_version}{scope}/{self.plural}"


def _spec(*fields: str) -> tuple[Path, ...]:
    return tuple(("spec", field) for field in fields)


_SELECTOR = _spec("selector")
_ROLE: tuple[Path, ...] = (("roleRef",),)


def _all() -> Iterator[Kind]:
    yield Kind(api_version="v1", kind="Namespace", plural="namespaces", namespaced=False)
    yield Kind(api_version="v1", kind="Service", plural="services", replace=_spec("clusterIP"))
    yield Kind(api_version="v1", kind="ServiceAccount", plural="serviceaccounts")
    yield Kind(api_version="v1", kind="ConfigMap", plural="configmaps", replace=(("binaryData",), ("data",)))
    yield Kind(api_version="v1", kind="Secret", plural="secrets", replace=(("type",), ("stringData",), ("data",)))
    yield Kind(
        api_version="v1",
        kind="PersistentVolumeClaim",
        plural="persistentvolumeclaims",
        replace=_spec("accessModes", "selector", "storageClassName", "volumeName"),
    )
    yield Kind(api_version="apps/v1", kind="Deployment", plural="deployments", replace=_SELECTOR)
    yield Kind(api_version="apps/v1", kind="DaemonSet", plural="daemonsets", replace=_SELECTOR)
    yield Kind(
        api_version="apps/v1",
        kind="StatefulSet",
        plural="statefulsets",
        replace=_spec("podManagementPolicy", "revisionHistoryLimit", "selector", "serviceName", "volumeClaimTemplates"),
    )
    yield Kind(
        api_version="batch/v1",
        kind="Job",
        plural="jobs",
        replace=_spec("completions", "parallelism", "selector", "template"),
    )
    yield Kind(api_version="batch/v1", kind="CronJob", plural="cronjobs")
    yield Kind(api_version="policy/v1", kind="PodDisruptionBudget", plural="poddisruptionbudgets")
    yield Kind(api_version="autoscaling/v2", kind="HorizontalPodAutoscaler", plural="horizontalpodautoscalers")
    yield Kind(api_version="networking.k8s.io/v1", kind="NetworkPolicy", plural="networkpolicies")
    yield Kind(api_version="networking.k8s.io/v1", kind="Ingress", plural="ingresses")
    # Custom resources, which a cluster knows by their definitions.
    gateways = "gateway.networking.k8s.io/v1"
    yield Kind(api_version=gateways, kind="Gateway", plural="gateways")
    yield Kind(api_version=gateways, kind="HTTPRoute", plural="httproutes")
    yield Kind(api_version="keda.sh/v1alpha1", kind="ScaledObject", plural="scaledobjects")
    yield Kind(api_version="scheduling.k8s.io/v1", kind="PriorityClass", plural="priorityclasses", namespaced=False)
    rbac = "rbac.authorization.k8s.io/v1"
    yield Kind(api_version=rbac, kind="Role", plural="roles")
    yield Kind(api_version=rbac, kind="RoleBinding", plural="rolebindings", replace=_ROLE)


KINDS: dict[str, Kind] = {kind.type: kind for kind in _all()}
SECRET = "kubernetes:core/v1:Secret"
