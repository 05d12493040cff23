"""Programs of one Go module of ours, built once and cached by what they are built from."""

import fcntl
import hashlib
import platform
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sandbox.golang import toolchain
from sandbox.hosts.errors import HostError
from sandbox.hosts.profiles import cache_dir


@dataclass(frozen=True, kw_only=True)
class GoPrograms:
    """What `source`, a directory with go.mod and go.sum, builds."""

    said: str
    """For people: `Kubernetes`."""
    folder: str
    """Below the cache."""
    version: str
    """Of the module that matters, with its `v`."""
    source: Path
    packages: tuple[str, ...]
    """What `go build` is given. A program has the last part of its package as its name."""
    link_flags: str
    minutes: int
    """A cold build on two cores takes about so long."""

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(package.rpartition("/")[2] for package in self.packages)

    def directory(self) -> Path:
        """Where the built programs are, once `ensure` has returned."""
        digest = hashlib.sha256(platform.machine().encode())
        for path in sorted(p for p in self.source.rglob("*") if p.suffix in (".go", ".mod", ".sum")):
            digest.update(f"{path.relative_to(self.source)}\n".encode() + path.read_bytes())
        return cache_dir() / self.folder / f"{self.version}-{digest.hexdigest()[:12]}"

    def ensure(self) -> Path:
        """Build what the cache has not; returns the directory. Raises HostError when it cannot be built."""
        target = self.directory()
        with _alone(target):
            if not all((target / name).exists() for name in self.names):
                self._build(target)
        return target

    def _build(self, target: Path) -> None:
        what = f"{self.said} {self.version}"
        go = toolchain.find_go(toolchain.asked(self.source / "go.mod"), self.said)
        print(f"building {what} with {go} (about {self.minutes} minutes on 2 cores, once)", flush=True)
        started = time.monotonic()
        unfinished = _beside(target, "unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir()
        # One invocation, so that packages which several programs share are compiled once.
        argv = [go, "build", "-trimpath", "-buildvcs=false", "-ldflags", self.link_flags, "-o", f"{unfinished}/"]
        done = subprocess.run(
            [*argv, *self.packages],
            cwd=self.source,
            env=toolchain.environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            last = "\n  ".join(done.stderr.strip().splitlines()[-8:])
            raise HostError(f"building {what} in {self.source} failed; the last lines of go build:\n  {last}")
        shutil.rmtree(target, ignore_errors=True)
        unfinished.rename(target)
        print(f"built {what} in {time.monotonic() - started:.0f} s: {target}", flush=True)


def _beside(target: Path, what: str) -> Path:
    return target.with_name(f"{target.name}.{what}")


@contextmanager
def _alone(target: Path) -> Iterator[None]:
    """Two builds of the same thing wait for each other."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with _beside(target, "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
