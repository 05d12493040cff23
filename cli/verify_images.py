"""Whether the images that a stack pulls are what its components take them for."""

import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from cli import sandbox
from cli.clients import answering, docker_client
from cli.operations import Operations
from cli.progress import say
from components.kind import ImageNeed
from composition.kinds import components
from composition.stack import Stack
from settings.images import ImagePin

_SECONDS = 60
"""The longest that a program may take to print its version."""
_VOLUME = "ha-platform-verify-images"
_LOOK = """
echo "is $(id -u):$(id -g)"
for program in $PROGRAMS; do command -v "$program" >/dev/null || echo "lacks $program"; done
if [ -n "$DATA" ] && ! touch "$DATA/.verify-images"; then echo "unwritable"; fi
[ -z "$VERSION" ] || { $VERSION 2>&1 && echo "version ok"; } || echo "fails"
"""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One pin of a stack, and what its components want of the image."""

    pin: ImagePin
    version: tuple[str, ...] = ()
    programs: frozenset[str] = frozenset()
    keeps_data: bool = False


@dataclass(kw_only=True)
class Found:
    """What was found: the digest under which the registry has it, and everything that is not as it should be."""

    digest: str = ""
    version: str = ""
    problems: list[str] = field(default_factory=list)


def verify_images(stack: Stack, on: Operations) -> bool:
    """Pull each pinned image of the stack, and run it as its components would. Says what was found; False: a fault."""
    hosts, sound = on.docker(), True
    if hosts.sandbox:
        sandbox.start(on)
    with answering(hosts):
        client = docker_client(hosts)
        for name, asked in asked_of(stack).items():
            found = verified(client, asked)
            sound = sound and not found.problems
            say(f"  {name}: {asked.pin.ref}")
            for problem in found.problems:
                say(f"    FAULT: {problem}", style="red")
            if not found.problems:
                pinned = "pinned" if asked.pin.digest else "not pinned by it"
                say(f"    ok: {found.version or 'runs as its user'}; digest {found.digest} ({pinned})")
    return sound


def asked_of(stack: Stack) -> dict[str, Asked]:
    """The pins that the stack's components take, by name."""
    asked: dict[str, Asked] = {}
    for kind, part in components(stack):
        needs = (*kind.images(part.settings), *(ImageNeed(name) for name in kind.refs(part.settings)))
        for need in needs:
            pin = stack.images.pin(need.pin)
            if pin is None:
                continue  # an application's own reference
            known = asked.get(need.pin, Asked(pin=pin))
            asked[need.pin] = Asked(
                pin=pin,
                version=known.version or need.version,
                programs=known.programs | {*need.programs},
                keeps_data=known.keeps_data or need.keeps_data,
            )
    return asked


def verified(client: Any, asked: Asked) -> Found:
    """Pull and run one image; `client` is a docker.APIClient."""
    import docker

    found, pin = Found(), asked.pin
    try:
        for line in client.pull(pin.ref, stream=True, decode=True):
            if "error" in line:
                found.problems.append(f"cannot be pulled: {line['error']}")
                return found
        found.digest = _digest(client.inspect_image(pin.ref))
        said = _run(client, asked)
    except docker.errors.APIError as error:
        found.problems.append(f"cannot be pulled or started: {error.explanation or error}{_tagged(client, pin)}")
        return found
    lines = said.splitlines()
    found.problems += list(_problems(asked, lines))
    if "version ok" in lines:
        found.version = next(
            line for line in lines if not line.startswith("is ") and any(letter.isdigit() for letter in line)
        )
    return found


def _problems(asked: Asked, lines: list[str]) -> Iterator[str]:
    pin = asked.pin
    if f"is {pin.uid}:{pin.gid}" not in lines:
        yield f"did not run `sh` as {pin.uid}:{pin.gid}; it said: {' / '.join(lines[-3:]) or 'nothing'}"
        return
    for line in lines:
        if line.startswith("lacks "):
            yield f"{line} (on PATH{f' or in {pin.bin_dir}' if pin.bin_dir else ''})"
    if "unwritable" in lines:
        yield f"user {pin.uid} cannot write a new volume on {pin.data_dir}: the image does not own that directory"
    if "fails" in lines:
        yield f"`{shlex.join(asked.version)}` fails: {' / '.join(lines[1:-1][-3:])}"


def _run(client: Any, asked: Asked) -> str:
    """What a container prints that runs as the platforms run it: read-only root, no capabilities, the pinned user."""
    pin = asked.pin
    data = pin.data_dir if asked.keeps_data else None
    path = ":".join(filter(None, (pin.bin_dir, "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")))
    tools = {pin.http_probe.replace("python", "python3"), *asked.programs, *asked.version[:1]}
    script = f'PATH="$PATH:{path}"\n{_LOOK}'
    container = client.create_container(
        pin.ref,
        entrypoint=["sh", "-c", script],
        user=f"{pin.uid}:{pin.gid}",
        environment={
            "PROGRAMS": " ".join(sorted(tools)),
            "DATA": data or "",
            "VERSION": shlex.join(asked.version),
        },
        volumes=[data] if data else None,
        host_config=client.create_host_config(
            read_only=True,
            cap_drop=["ALL"],
            security_opt=["no-new-privileges"],
            network_mode="none",
            tmpfs={"/tmp": "mode=1777"},
            binds={_VOLUME: {"bind": data, "mode": "rw"}} if data else None,
        ),
    )["Id"]
    try:
        client.start(container)
        client.wait(container, timeout=_SECONDS)
        text: bytes = client.logs(container)
        return text.decode(errors="replace")
    finally:
        client.remove_container(container, force=True)
        if data:
            client.remove_volume(_VOLUME, force=True)


def _tagged(client: Any, pin: ImagePin) -> str:
    """What the registry has under the tag of a pin with a digest."""
    import docker

    try:
        tagged = client.inspect_distribution(pin.ref.partition("@")[0])["Descriptor"]["digest"] if pin.digest else None
    except docker.errors.APIError:
        return ""  # the pull has said why
    return f"; the tag is {tagged} there" if tagged not in (None, pin.digest) else ""


def _digest(image: dict[str, Any]) -> str:
    return next((known.partition("@")[2] for known in image.get("RepoDigests") or ()), "")
