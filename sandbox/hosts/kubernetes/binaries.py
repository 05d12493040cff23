"""Kubernetes and its companions, built from their Go modules once and cached by what they are built from."""

import fcntl
import hashlib
import platform
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sandbox.hosts.errors import HostError
from sandbox.hosts.kubernetes import toolchain
from sandbox.hosts.profiles import cache_dir

VERSION = "v1.34.4"
"""The version of k8s.io/kubernetes in build/go.mod."""

_SOURCE = Path(__file__).with_name("build")
_OWN = ("coredns", "metrics-server", "pause", "volumes")
_UPSTREAM = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy", "kubectl")
NAMES = (*_UPSTREAM, *_OWN)


def directory() -> Path:
    """Where the built programs are, once `ensure` has returned."""
    digest = hashlib.sha256(platform.machine().encode())
    for path in sorted(p for p in _SOURCE.rglob("*") if p.suffix in (".go", ".mod", ".sum")):
        digest.update(f"{path.relative_to(_SOURCE)}\n".encode() + path.read_bytes())
    return cache_dir() / "kubernetes" / f"{VERSION}-{digest.hexdigest()[:12]}"


def ensure() -> Path:
    """Build what the cache has not; returns the directory. From cold this takes about six minutes on two cores."""
    target = directory()
    with _alone(target):
        if not all((target / name).exists() for name in NAMES):
            _build(target)
    return target


def _build(target: Path) -> None:
    go = toolchain.find_go()
    print(f"building Kubernetes {VERSION} with {go} (about 6 minutes on 2 cores, once)", flush=True)
    started = time.monotonic()
    unfinished = _beside(target, "unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir()
    # One invocation, so that packages which several programs share are compiled once.
    argv = [go, "build", "-trimpath", "-buildvcs=false", "-ldflags", _link_flags(), "-o", f"{unfinished}/"]
    packages = [*(f"k8s.io/kubernetes/cmd/{name}" for name in _UPSTREAM), *(f"./{name}" for name in _OWN)]
    done = subprocess.run(
        [*argv, *packages], cwd=_SOURCE, env=toolchain.environment(), capture_output=True, text=True, check=False
    )
    if done.returncode:
        last = "\n  ".join(done.stderr.strip().splitlines()[-8:])
        raise HostError(f"building Kubernetes {VERSION} in {_SOURCE} failed; the last lines of go build:\n  {last}")
    shutil.rmtree(target, ignore_errors=True)
    unfinished.rename(target)
    print(f"built Kubernetes {VERSION} in {time.monotonic() - started:.0f} s: {target}", flush=True)


def _beside(target: Path, what: str) -> Path:
    return target.with_name(f"{target.name}.{what}")


def _link_flags() -> str:
    """The version that `kubectl version` and the node report; modules carry none by themselves."""
    major, minor, _ = VERSION.lstrip("v").split(".")
    values = {"gitVersion": VERSION, "gitMajor": major, "gitMinor": minor, "gitTreeState": "archive"}
    libraries = ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
    return " ".join(["-s", "-w", *(f"-X {lib}.{key}={value}" for lib in libraries for key, value in values.items())])


@contextmanager
def _alone(target: Path) -> Iterator[None]:
    """Two builds of the same thing wait for each other."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with _beside(target, "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
