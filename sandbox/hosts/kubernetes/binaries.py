"""Kubernetes and its companions, built from their Go modules."""

from pathlib import Path

from sandbox.golang.programs import GoPrograms

VERSION = "v1.34.4"
"""The version of k8s.io/kubernetes in build/go.mod."""

_OWN = ("coredns", "firewall", "metrics-server", "pause", "volumes")
_UPSTREAM = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy", "kubectl")


def _link_flags() -> str:
    """The version that `kubectl version` and the node report; modules carry none by themselves."""
    major, minor, _ = VERSION.lstrip("v").split(".")
    values = {"gitVersion": VERSION, "gitMajor": major, "gitMinor": minor, "gitTreeState": "archive"}
    libraries = ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
    return " ".join(["-s", "-w", *(f"-X {lib}.{key}={value}" for lib in libraries for key, value in values.items())])


PROGRAMS = GoPrograms(
    said="Kubernetes",
    folder="kubernetes",
    version=VERSION,
    source=Path(__file__).with_name("build"),
    packages=(*(f"k8s.io/kubernetes/cmd/{name}" for name in _UPSTREAM), *(f"./{name}" for name in _OWN)),
    link_flags=_link_flags(),
    minutes=6,
)
