"""What no platform can do is refused by both, by the same field and for the same reason."""

from collections.abc import Callable
from dataclasses import replace

import pulumi
import pytest

from model import File, HostPath, Port, PublicPort, Scratch, Stop, Volume
from platforms.base import Refusal, Unsupported
from tests.mock_engine import render
from tests.platforms.test_parity import PLATFORMS, platform_of
from tests.platforms.words import IMAGE, Objects, Word, render_word, words

Change = Callable[[Objects], Word]
SECRET = "one"


def container_of(case: str, **fields: object) -> Change:
    """The word `case` with other fields of its container."""

    def change(objects: Objects) -> Word:
        word = words(objects)[case]
        return replace(word, container=replace(word.container, **fields))  # type: ignore[arg-type, union-attr]

    return change


def word_of(case: str, **fields: object) -> Change:
    return lambda objects: replace(words(objects)[case], **fields)  # type: ignore[arg-type]


def files(*paths: str, **fields: object) -> Change:
    def change(objects: Objects) -> Word:
        given = tuple(File(path=path, source=objects.secret) for path in paths)
        return container_of("workload", files=given, **fields)(objects)

    return change


def secret_env(*variables: str, **fields: object) -> Change:
    def change(objects: Objects) -> Word:
        return container_of("workload", secret_env=dict.fromkeys(variables, objects.secret), **fields)(objects)

    return change


def scratch(*paths: str, **fields: object) -> Change:
    return container_of("workload", scratch=tuple(Scratch(path=path) for path in paths), **fields)


PUBLIC = PublicPort(port="http", published=80, audience="clients")

CASES: dict[str, tuple[Change, str, str]] = {
    "two secrets with one target": (files("/run/a/x", "/run/a/x"), "container.files", "two files have this path"),
    "one target, written twice": (files("/run/a/x", "/run//a/./x"), "container.files", "two files have this path"),
    "a file as a directory": (files("/run/a/x", "/run/a/x/y"), "container.files", "path of its directory"),
    "a file without a name": (files("/run/a/"), "container.files", "a file has a name"),
    "a relative file": (files("run/x"), "container.files", "is not an absolute path"),
    "a file in the root": (files("/x"), "container.files", "would be hidden"),
    "a file in /etc": (files("/etc/passwd"), "container.files", "would be hidden"),
    "a file that leads back": (files("/run/a/../x"), "container.files", "contains `..`"),
    "a file in /tmp": (files("/tmp/x"), "container.files", "/tmp is writable"),
    "a file of the kernel": (files("/proc/sys/x"), "container.files", "belongs to the kernel"),
    "a device as a file": (files("/dev/x"), "container.files", "belongs to the kernel"),
    "scratch on files": (
        files("/run/a/x", scratch=(Scratch(path="/run/a/"),)),
        "container.scratch",
        "at the same path",
    ),
    "scratch in files": (files("/run/a/x", scratch=(Scratch(path="/run/a/b"),)), "container.scratch", "nothing can be"),
    "scratch on variables": (scratch("/run/secret-env"), "container.scratch", "at the same path"),
    "scratch twice": (scratch("/var/a", "/var//a"), "container.scratch", "at the same path"),
    "scratch in the system": (scratch("/usr"), "container.scratch", "would be hidden"),
    "scratch in the root": (scratch("//"), "container.scratch", "would be hidden"),
    "scratch in the kernel": (scratch("/sys/fs"), "container.scratch", "belongs to the kernel"),
    "scratch with a colon": (scratch("/var/a:b"), "container.scratch", "without `:`"),
    "a relative scratch": (scratch("var"), "container.scratch", "is not an absolute path"),
    "more shared memory than memory": (
        container_of("workload", shm_bytes=2**30),
        "container.shm_bytes",
        "counts against the memory limit (134217728 bytes)",
    ),
    "scratch at /dev/shm": (scratch("/dev/shm"), "container.scratch", "`shm` is the size"),
    "a volume at the root": (
        word_of("members", volume=Volume(path="/", size_bytes=2**30)),
        "volume.path",
        "would be hidden",
    ),
    "a volume in /tmp": (
        word_of("members", volume=Volume(path="/tmp/", size_bytes=2**30)),
        "volume.path",
        "is writable",
    ),
    "a volume on scratch": (
        word_of("members", volume=Volume(path="/var/cache/app", size_bytes=2**30)),
        "container.scratch",
        "`volume.path` is mounted",
    ),
    "scratch in a host's directory": (
        word_of("agent", host_paths=(HostPath(host_path="/var", mount_path="/var/cache"),)),
        "container.scratch",
        "mounted read-only at /var/cache",
    ),
    "a host's root as the root": (
        word_of("agent", host_paths=(HostPath(host_path="/", mount_path="/"),)),
        "host_paths",
        "would be hidden",
    ),
    "a variable that no shell exports": (secret_env("a-b"), "container.secret_env", "cannot export"),
    "secret variables without a command": (secret_env("A", command=()), "container.secret_env", "must be given"),
    "a bad name of a variable": (container_of("workload", env={"A B": "x"}), "container.env", "cannot export"),
    "a variable twice": (container_of("workload", env={"API_KEY": "x"}), "container.env", "of `secret_env` too"),
    "a NUL in a variable": (container_of("workload", env={"A": "x\0y"}), "container.env", "NUL"),
    "a NUL in an argument": (container_of("workload", args=("x\0y",)), "container.args", "NUL"),
    "a signal that is none": (
        container_of("workload", stop=Stop(signal="SIGNOPE")),
        "container.stop.signal",
        "does not ask",
    ),
    "a signal that asks nobody": (
        container_of("job", stop=Stop(signal="SIGKILL")),
        "container.stop.signal",
        "does not ask",
    ),
    "an image of root": (
        container_of("workload", image=replace(IMAGE, uid=0)),
        "container.image",
        "runs as root; use an image that runs as a user, or say `security.allow_root`",
    ),
    "a job without a command": (
        container_of("job", command=(), secret_env={}),
        "container.command",
        "a job needs a command",
    ),
    "a published port of none": (
        word_of("workload", public_ports=(replace(PUBLIC, port="x"),)),
        "public_ports.x",
        "no port has this name; there are: http, metrics",
    ),
    "a port published twice": (
        word_of("workload", public_ports=(PUBLIC, replace(PUBLIC, port="metrics"))),
        "public_ports.metrics",
        "`http` is published there",
    ),
    "two ports alike": (
        word_of("workload", ports=(Port(name="http", number=8080), Port(name="http", number=8081))),
        "ports",
        "2 ports have this",
    ),
    "published members": (word_of("members", public_ports=(PUBLIC,)), "public_ports", "leads to one member"),
}


def refused(kind: str, change: Change) -> tuple[Refusal, ...]:
    def build(parent: pulumi.Resource) -> None:
        platform = platform_of(kind)
        with platform.gathering():
            render_word(platform, change(Objects.make(platform, parent)), parent)

    with pytest.raises(Unsupported) as caught:
        render(build)
    return caught.value.refusals


@pytest.mark.parametrize("case", CASES)
def test_both_refuse_the_same_field_for_the_same_reason(case: str) -> None:
    change, field, reason = CASES[case]
    swarm, kubernetes = (refused(kind, change) for kind in sorted(PLATFORMS, reverse=True))
    assert swarm == kubernetes
    assert any(one.field == field and reason in one.reason for one in swarm), swarm
    assert SECRET not in {one.got for one in swarm}


def test_paths_arrive_as_what_they_become() -> None:
    def targets(path: str, writable: str) -> list[set[str]]:
        found = []
        for kind in PLATFORMS:

            def build(parent: pulumi.Resource, kind: str = kind) -> None:
                platform = platform_of(kind)
                objects = Objects.make(platform, parent)
                word = files(f"{path}/secret", scratch=(Scratch(path=writable), Scratch(path="/tmp/")))(objects)
                with platform.gathering():
                    render_word(platform, word, parent)

            found.append({str(one.inputs) for one in render(build)})
        return found

    assert targets("/run//a/.", "/var//b/") == targets("/run/a", "/var/b")
