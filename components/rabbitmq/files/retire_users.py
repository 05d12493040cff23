"""The end of a rotation, when every client was replaced: `retire_users.py WANTED PASSWORD`, a JSON file and a password.

Waits until nobody is connected to the cluster by a user that was replaced, for a while; then says to all nodes that the
rotation has ended, and takes those users away. One that somebody uses stays, and this ends with who it is. What it does
may be done again.
"""

import base64
import json
import ssl
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import quote

POLL_SECONDS = 1
ANSWER_SECONDS = 10
SHOWN = 5
ENDED = "ha_rotated"
"""The parameter that all nodes know: the last counter whose users are gone. `apply.erl` reads it."""
USER = "ha_rotation"


class Failed(Exception):
    """It was not done: one sentence for a person."""


class NotYet(Exception):
    """Why it cannot go on at this moment."""


class Retirement:
    """`stop`: how long what is being replaced may still run, seen or not. `quiet` is for how many seconds nobody may be
    seen in the end, `users` are former user -> the one in its place, `counter` is that of the former ones."""

    def __init__(self, wanted: dict[str, Any], password: str) -> None:
        self._origin: str = wanted["origin"]
        self._nodes: list[str] = wanted["nodes"]
        self._port: int = wanted["port"]
        self._users: dict[str, str] = wanted["users"]
        self._counter: int = wanted["counter"]
        self._quiet: float = wanted["quiet"]
        self._seconds: float = wanted["seconds"]
        self._login = "Basic " + base64.b64encode(f"{USER}:{password}".encode()).decode()
        self._scheme = "https" if wanted["ca"] else "http"
        handlers: list[Any] = [urllib.request.ProxyHandler({})]
        if wanted["ca"]:
            handlers.append(urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=wanted["ca"])))
        self._opener = urllib.request.build_opener(*handlers)
        self._stopped = time.monotonic() + wanted["stop"]
        self._seen = time.monotonic()
        """When a former user was there last, or the cluster did not say."""

    def apply(self) -> None:
        """Raises Failed."""
        end, reason = time.monotonic() + self._seconds, "no node was asked"
        while time.monotonic() < end:
            try:
                self._step()
            except (NotYet, OSError, ValueError) as not_yet:
                reason = str(not_yet)
                time.sleep(POLL_SECONDS)
                continue
            print(f"{self._origin}: the former passwords are refused", flush=True)
            return
        raise Failed(
            f"{self._origin}.rotate: the former passwords still hold, after {self._seconds} s: {reason}. Clients of "
            "the stack have the new ones. Replace or end who has an old one, then `up` again"
        )

    def _step(self) -> None:
        try:
            node = self._whole()
            known = {one["name"] for one in self.ask(node, "users")}
            if missing := sorted({*self._users.values()} - known):
                raise NotYet(f"{missing[0]} is not there, and nobody else may be taken away before it is")
            former = sorted(known & self._users.keys())
            used = [
                f"{user} from {one['name'].partition(' ')[0]}"
                for user in former
                for one in self.ask(node, f"connections/username/{quote(user, safe='')}")
            ]
        except (NotYet, OSError, ValueError):
            self._seen = time.monotonic()
            raise
        if used:
            self._seen = time.monotonic()
            more = f", and {len(used) - SHOWN} more" if len(used) > SHOWN else ""
            raise NotYet(f"connected: {', '.join(sorted(used)[:SHOWN])}{more}")
        if former and (left := max(self._stopped, self._seen + self._quiet) - time.monotonic()) > 0:
            raise NotYet(f"nobody uses {', '.join(former)}, which has to hold for {left:.0f} s more")
        # First of all: a node that starts now does not bring them back.
        self.ask(node, f"global-parameters/{ENDED}", method="PUT", body={"name": ENDED, "value": self._counter})
        for user in former:
            self.ask(node, f"users/{quote(user, safe='')}", method="DELETE")
            print(f"{self._origin}: took {user} away", flush=True)

    def _whole(self) -> str:
        """A node that answers, when all of them run: one that is away may have clients."""
        why = ""
        for node in self._nodes:
            try:
                running = sum(bool(one["running"]) for one in self.ask(node, "nodes"))
            except (OSError, ValueError, NotYet) as error:
                why = f"{node} does not answer ({error})"
                continue
            if running < len(self._nodes):
                raise NotYet(f"{running} of {len(self._nodes)} nodes run")
            return node
        raise NotYet(why)

    def ask(self, node: str, path: str, *, method: str = "GET", body: Any = None) -> Any:
        """What a node answers. Raises OSError and ValueError, and NotYet where it refuses."""
        request = urllib.request.Request(
            f"{self._scheme}://{node}:{self._port}/api/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": self._login, "Content-Type": "application/json"},
        )
        try:
            with self._opener.open(request, timeout=ANSWER_SECONDS) as answer:
                text = answer.read()
        except urllib.error.HTTPError as error:
            raise NotYet(f"{method} {path}: {error.code}") from None
        return json.loads(text) if text else None


def main(wanted: str, password: str) -> int:
    """0 when the former passwords are refused."""
    try:
        Retirement(json.loads(Path(wanted).read_text()), Path(password).read_text()).apply()
    except Failed as failure:
        print(failure, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
