"""A broker as a copier sees it: a copy is what applications have made in its virtual hosts, and no message.

Users, permissions and policies are the stack file's, and every node loads them by itself. Queues, exchanges and
bindings that applications declare are in no file; with all volumes lost, nobody else knows them.
"""

import base64
import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from components.copies.files.copies_repository import Broken, Copy, Failed

PARTS = {
    "exchanges": ("name", "type", "durable", "auto_delete", "internal", "arguments"),
    "queues": ("name", "durable", "auto_delete", "arguments"),
    "bindings": ("source", "destination", "destination_type", "routing_key", "arguments"),
}
"""What is copied of each; in this order it can be made again."""
ANSWER_SECONDS = 30
Json = dict[str, Any]


class Broker:
    """What `source.json` tells: the nodes, and the virtual hosts; `secrets.json`: the user's password."""

    def __init__(self, told: Mapping[str, Any], password: str, tls: ssl.SSLContext | None) -> None:
        self._nodes: list[str] = list(told["nodes"])
        self._port, self._vhosts = int(told["port"]), list(told["vhosts"])
        self._login = "Basic " + base64.b64encode(f"{told['user']}:{password}".encode()).decode()
        handlers: list[Any] = [urllib.request.ProxyHandler({})]
        if tls is not None:
            handlers.append(urllib.request.HTTPSHandler(context=tls))
        self._scheme = "http" if tls is None else "https"
        self._opener = urllib.request.build_opener(*handlers)
        self._loaded: Json = {}

    def take(self, write: Callable[[bytes], None]) -> Json:
        """From the first node that answers: all know the same."""
        node = self._node()
        found = {vhost: self._made_in(node, vhost) for vhost in self._vhosts}
        write(json.dumps(found, indent=1, sort_keys=True).encode())
        return {"from": node, "primary": False, "counts": counts(found)}

    def verify(self, copy: Copy, data: Iterator[bytes]) -> None:
        """Raises Broken where it has not what the node told."""
        self.load(copy, data)
        self.clear()

    def load(self, copy: Copy, data: Iterator[bytes]) -> None:
        """Read whole, and counted."""
        text = b"".join(data)
        try:
            found: Json = json.loads(text)
            counted = counts(found)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise Broken(f"it cannot be read: {error!r}") from None
        if counted != copy.facts["counts"]:
            raise Broken(f"it has {counted}, and the broker had {copy.facts['counts']}")
        self._loaded = found

    def held(self) -> str:
        """A restore adds what is missing, and takes nothing away."""
        return ""

    def restore(self, copy: Copy) -> str:
        """Raises Failed where something is there in another form: the rest is made."""
        node, wrong, made = self._node(), [], 0
        for vhost, found in self._loaded.items():
            if vhost not in self._vhosts:
                wrong.append(f"the broker has no virtual host {vhost} any more")
                continue
            for path, method, body in orders(vhost, found):
                try:
                    status, _ = self._ask(node, path, method=method, body=body)
                    made += method == "PUT" and status == 201  # a binding is always said to be new
                except Failed as failed:
                    wrong.append(str(failed))
        if wrong:
            raise Failed(f"{copy.label}: {made} queues and exchanges made, and not all: {'; '.join(wrong[:5])}")
        return f"{sum(counts(self._loaded).values())} definitions; {made} queues and exchanges were missing"

    def clear(self) -> None:
        """Nothing is kept."""
        self._loaded = {}

    def _made_in(self, node: str, vhost: str) -> Json:
        """Without what RabbitMQ makes itself, and what ends with a connection."""
        found = {}
        for part, keys in PARTS.items():
            _, told = self._ask(node, f"{part}/{quote(vhost, safe='')}?disable_stats=true&enable_queue_totals=false")
            found[part] = [
                {key: one[key] for key in keys}
                for one in told
                if not one.get("exclusive") and one.get("durable", True) and not _own(part, one)
            ]
        names = {one["name"] for one in found["queues"]}
        exchanges = {one["name"] for one in found["exchanges"]}
        found["bindings"] = [
            one
            for one in found["bindings"]
            if one["destination"] in (names if one["destination_type"] == "queue" else exchanges)
        ]
        return found

    def _node(self) -> str:
        why = ""
        for node in self._nodes:
            try:
                self._ask(node, "whoami")
                return node
            except (OSError, Failed) as error:
                why = f"{node}: {error}"
        raise Failed(f"no node answers: {why}")

    def _ask(self, node: str, path: str, *, method: str = "GET", body: Json | None = None) -> tuple[int, Any]:
        request = urllib.request.Request(
            f"{self._scheme}://{node}:{self._port}/api/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": self._login, "Content-Type": "application/json"},
        )
        try:
            with self._opener.open(request, timeout=ANSWER_SECONDS) as answer:
                text = answer.read()
                return answer.status, json.loads(text) if text else None
        except urllib.error.HTTPError as error:
            said = error.read().decode(errors="replace")[:200]
            raise Failed(f"{method} {path}: {error.code} {said}") from None


def of(place: Path) -> Broker:
    """As the files there say."""
    source = place / "source"
    told, secrets = (json.loads((source / f"{name}.json").read_text()) for name in ("source", "secrets"))
    tls = ssl.create_default_context(cafile=str(source / "ca.pem")) if told["tls"] else None
    return Broker(told, secrets["password"], tls)


def counts(found: Json) -> dict[str, int]:
    """Of each part, in all virtual hosts."""
    return {part: sum(len(one[part]) for one in found.values()) for part in PARTS}


def orders(vhost: str, found: Json) -> Iterator[tuple[str, str, Json]]:
    """Requests that make everything of a virtual host: path, method and body."""

    def place(*names: str) -> str:
        return "/".join(quote(name, safe="") for name in names)

    for part in ("exchanges", "queues"):
        for one in found[part]:
            body = {key: value for key, value in one.items() if key != "name"}
            yield f"{part}/{place(vhost, one['name'])}", "PUT", body
    for one in found["bindings"]:
        kind = "q" if one["destination_type"] == "queue" else "e"
        path = f"bindings/{place(vhost, 'e', one['source'], kind, one['destination'])}"
        yield path, "POST", {key: one[key] for key in ("routing_key", "arguments")}


def _own(part: str, one: Json) -> bool:
    """What is there in every virtual host."""
    name = str(one["source" if part == "bindings" else "name"])
    return part != "queues" and (not name or (part == "exchanges" and name.startswith("amq.")))
