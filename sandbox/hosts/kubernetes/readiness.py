"""Wait for what daemons bring about, and say which one ended or is late."""

import http.client
import ssl
import urllib.request
from collections.abc import Callable
from pathlib import Path

from sandbox.hosts.errors import HostError
from sandbox.hosts.host import Host
from sandbox.hosts.waiting import wait_until


def wait_for(host: Host, what: str, condition: Callable[[], bool], seconds: float, *daemons: str) -> None:
    """Return once `condition()` holds; HostError after `seconds`, and at once when one of the daemons ended."""

    def holds() -> bool:
        for name in daemons:
            if not host.runs(name):
                raise HostError(f"{host.profile.name}: {name} ended: {host.last_log(name)} ({_log(host, name)})")
        return condition()

    try:
        wait_until(holds, what, seconds, every=0.2)
    except TimeoutError as error:
        logs = ", ".join(_log(host, name) for name in daemons)
        raise HostError(f"{host.profile.name}: {error}; see {logs}") from None


def succeeds(action: Callable[[], object]) -> Callable[[], bool]:
    """The condition that `action` raises no HostError."""

    def succeeded() -> bool:
        try:
            action()
        except HostError:
            return False
        return True

    return succeeded


def answers(url: str, authority: Path) -> Callable[[], bool]:
    """The condition that the URL answers 200; an https server must be signed by `authority`."""
    context = ssl.create_default_context(cafile=authority)

    def answered() -> bool:
        try:
            with urllib.request.urlopen(url, timeout=2, context=context) as answer:
                return bool(answer.status == 200)
        except (OSError, http.client.HTTPException):
            return False

    return answered


def _log(host: Host, name: str) -> str:
    return str(host.directory / f"logs/{name}.log")
