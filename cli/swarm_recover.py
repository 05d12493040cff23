"""What a killed run created on a Swarm and did not record."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cli.clients import answering, docker_client
from cli.errors import CommandError
from cli.hosts import Hosts
from cli.kept import STACK_LABEL
from cli.killed import KilledRun, NotItsOwn, adopted
from cli.progress import say, warn
from cli.workloads import UPDATE_SECONDS
from settings.types import whole_seconds

_POLL_SECONDS = 0.5
_CLEARING_SECONDS = 60
"""What follows a container's own stop grace: the host reports, the Swarm forgets the task, the container is removed."""
_STEADY_SECONDS = 2.0
"""Without a health check a container runs from the moment it starts: it has to stay so."""
_FAILED = ("failed", "rejected")
_OVER = ("complete", "shutdown", "failed", "rejected", "remove", "orphaned")
"""A task in one of these states holds no container any more."""

Resource = dict[str, Any]


@dataclass(frozen=True)
class _Found:
    resource: Resource
    id: str


@dataclass(frozen=True)
class _Kind:
    """`find` lists the objects of a name, `remove` takes an id."""

    said: str
    find: Callable[[Any, str], list[dict[str, Any]]]
    remove: Callable[[Any, str], object]


_SERVICE = "docker:index/service:Service"
# Volumes are not among them: to create one that is there gives the same one, with its data.
_KINDS = {
    _SERVICE: _Kind("service", lambda api, name: api.services({"name": name}), lambda api, id: api.remove_service(id)),
    "docker:index/network:Network": _Kind(
        "network", lambda api, name: api.networks([name]), lambda api, id: api.remove_network(id)
    ),
    "docker:index/secret:Secret": _Kind(
        "secret", lambda api, name: api.secrets({"name": name}), lambda api, id: api.remove_secret(id)
    ),
    "docker:index/serviceConfig:ServiceConfig": _Kind(
        "config", lambda api, name: api.configs({"name": name}), lambda api, id: api.remove_config(id)
    ),
}


def take_up(killed: KilledRun, stack: str, hosts: Hosts) -> list[Resource]:
    """As `Operations.take_up`. A service that still starts is waited for, as its `up` would have: a database that makes
    its first files is not stopped. Networks, secrets and configs go, for nobody can use them yet."""
    with answering(hosts):
        api = docker_client(hosts)
        others: list[str] = []
        found = [one for resource in killed.created if (one := _find(api, resource, stack, killed, others))]
        if others and killed.adopt:
            raise NotItsOwn("\n".join(others))
        services = [one for one in found if one.resource["type"] == _SERVICE]
        new = [one for one in services if killed.adopt and one.resource["urn"] not in killed.live]
        kept = [one for one in new if _gets_ready(api, one)]
        # What the services use goes after them.
        for one in sorted((one for one in found if one not in kept), key=lambda one: one not in services):
            _remove(api, one)
    for one in kept:
        say(f"  service {one.resource['inputs']['name']}: ready, and adopted")
    return [adopted(one.resource, one.id, {"id": one.id}) for one in kept]


def _find(api: Any, resource: Resource, stack: str, killed: KilledRun, others: list[str]) -> _Found | None:
    """The object that a create made; not one that a state records, or that somebody else made."""
    kind, name = _KINDS.get(resource["type"]), resource["inputs"].get("name")
    if kind is None or not name:
        return None
    for each in kind.find(api, name):
        id, spec = each.get("ID") or each["Id"], each.get("Spec", each)
        if spec["Name"] != name or (resource["type"], id) in killed.known:
            continue
        if (spec.get("Labels") or {}).get(STACK_LABEL) != stack:
            others.append(f"{kind.said} {name} is there, and has not the label of stack {stack}.")
        elif killed.is_younger_than(datetime.fromisoformat(each.get("CreatedAt") or each["Created"])):
            others.append(f"{kind.said} {name} is older than the run that was killed while creating it.")
        else:
            return _Found(resource, id)
    return None


def _gets_ready(api: Any, service: _Found) -> bool:
    """Whether all replicas run, which for one with a health check means healthy. Waits until one fails."""
    inputs = service.resource["inputs"]
    wait = (inputs.get("convergeConfig") or {}).get("timeout")
    if not wait:
        return True  # nothing waits for it: one task on every host
    wanted = int(inputs["mode"]["replicated"]["replicas"])
    checked = inputs["taskSpec"]["containerSpec"].get("healthcheck")
    deadline = time.monotonic() + (whole_seconds(wait) or UPDATE_SECONDS)
    since: float | None = None
    while True:
        tasks = api.tasks({"service": service.id})
        live = [task for task in tasks if task["DesiredState"] == "running"]
        now = time.monotonic()
        if sum(task["Status"]["State"] == "running" for task in live) >= wanted:
            since = now if since is None else since
            if checked or now - since >= _STEADY_SECONDS:
                return True
            time.sleep(_POLL_SECONDS)
            continue
        since = None
        stuck = any(task["Status"]["State"] == "pending" and task["Status"].get("Err") for task in live)
        if stuck or any(task["Status"]["State"] in _FAILED for task in tasks) or now > deadline:
            return False
        time.sleep(_POLL_SECONDS)


def _remove(api: Any, one: _Found) -> None:
    """Removes the object; a service with all its containers, so that their ports are free. Volumes stay."""
    import docker

    kind, name = _KINDS[one.resource["type"]], one.resource["inputs"]["name"]
    try:
        kind.remove(api, one.id)
    except docker.errors.NotFound:
        return
    except docker.errors.APIError as error:
        if error.status_code >= 500:
            raise
        warn(f"{kind.said} {name} cannot be removed, and is left alone: {error.explanation}")
        return
    if one.resource["type"] == _SERVICE:
        grace = one.resource["inputs"]["taskSpec"]["containerSpec"].get("stopGracePeriod")
        until_ended(api, one.id, name, whole_seconds(grace) if grace else 0)
    say(f"  {kind.said} {name}: removed")


def until_ended(api: Any, service: str, name: str, grace_seconds: int) -> None:
    """Waits until no host that is up has a task of a service that was removed. Raises CommandError after a minute."""
    deadline = time.monotonic() + grace_seconds + _CLEARING_SECONDS
    while _held(api, api.tasks(), service):
        if time.monotonic() > deadline:
            raise CommandError(f"service {name} is removed, but a container of it still runs: see `docker ps`.")
        time.sleep(_POLL_SECONDS)


def _held(api: Any, tasks: Iterable[dict[str, Any]], service: str) -> bool:
    left = [one for one in tasks if one["ServiceID"] == service and one["Status"]["State"] not in _OVER]
    up = {node["ID"] for node in api.nodes() if node["Status"]["State"] == "ready"} if left else set()
    return any(one.get("NodeID") in up for one in left)
