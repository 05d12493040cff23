"""A value for each key of a balancer, and further ones that an engine may take differently."""

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from components.load_balancer.traffic import Balancer
from composition.reference_types import models_in
from tests.components.load_balancer.stacks import TLS

_ROUTE: dict[str, list[Any]] = {
    "app": ["chat"],
    "port": ["admin"],
    "shift": [
        {"to": "next", "percent": 25},
        {"to": "chat", "port": "admin", "percent": 5, "cookie": "A-b", "same_site": "strict", "ttl": "24h"},
        {"to": "next", "percent": 0},
        {"to": "next", "percent": 100},
    ],
    "path": ["/v1.0"],
    "host": ["a.test"],
    "rewrite": ["/", "/v2"],
    "closed": [["/metrics"]],
    "balance": ["round_robin", "least_conn", "source"],
    "sticky": [{"cookie": "A", "same_site": "strict", "ttl": "2h"}],
    "check": [{"path": "/up"}, {"host": "a.test"}, {"interval": "2s", "timeout": "500ms"}, {"fall": 3}, {"rise": 2}],
    "ejection": [{"errors": 5}],
    "retries": [
        {"attempts": 2, "methods": ["GET"]},
        None,
        {"on": ["connect_failure", "empty_response", "response_timeout", 502, 503, 504]},
        {"on": ["connect_failure", 503]},
    ],
    "rate_limit": [{"requests": 60, "period": "1m"}, {"requests": 100, "period": "1h"}],
    "cors": [
        {"origins": ["https://a.test"], "methods": ["GET"], "headers": ["X-A"], "credentials": True, "max_age": "1h"},
        {"origins": ["*"]},
    ],
    "headers.request": [{"set": {"X-A": "a"}, "remove": ["X-B"]}, {"add": {"X-A": "a"}}],
    "headers.response": [{"set": {"X-A": "a"}, "add": {"X-C": "c"}, "remove": ["X-B"]}, {"remove": ["Server"]}],
    "max_body": ["10Mi"],
    "max_per_replica": [8],
    "timeouts.connect": ["500ms", "30s"],
    "timeouts.response": ["2m"],
    "timeouts.stream": ["1h"],
    "timeouts.queue": ["1s"],
}
_TCP: dict[str, list[Any]] = {
    "listen": [1883],
    "app": ["chat"],
    "port": ["mqtt"],
    "balance": ["round_robin", "least_conn", "source"],
    "sources": [["10.0.0.0/8"]],
    "check": [{"interval": "2s", "timeout": "500ms", "fall": 3, "rise": 2}],
    "timeouts": [{"connect": "500ms", "idle": "2h"}],
    "max_connections": [100],
}
_OWN: dict[str, list[Any]] = {
    "image": ["registry.example.com/mirror/proxy:1.0"],
    "replicas": [3],
    "size": ["large"],
    "resources": [{"cpu_request": "1", "cpu_limit": "2", "memory_request": "1Gi", "memory_limit": "2Gi"}],
    "listen.http": [8080],
    "listen.https": [443],
    "tls": [{"min_version": "1.3"}, {"redirect": False}],
    "status.port": [9000],
    "longest_stream": ["10m"],
    "stop_delay": ["10s"],
    "max_connections": [1_000, 100_000],
    "trusted_proxies": [["10.0.0.0/8"]],
    "cloud_balancer": [{"annotations": {"example.com/a": "b"}}, {"sources": ["10.0.0.0/8"]}],
    "require_https": [True],
    "front.annotations": [{"example.com/a": "b"}],
    "front.tls": [{"issuer": "letsencrypt", "issuer_kind": "Issuer"}, {"certificate": "cert", "private_key": "key"}],
    "limits.headers": ["64Ki"],
    "timeouts.request": ["20s"],
    "timeouts.keep_alive": ["2m"],
}
RESERVED = {"routes[].forward_auth"}


def samples() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Each field, and settings with each of its values: valid in the vocabulary, whatever an engine makes of them."""
    base: dict[str, Any] = {"listen": {"http": 80}, "longest_stream": "6h"}
    chat = {"app": "chat"}
    for field, values in _OWN.items():
        own = base | TLS if field in ("tls", "listen.https") else base
        own |= {"trusted_proxies": ["10.0.0.0/8"]} if field == "require_https" else {}
        yield field, [_with(own | {"routes": [chat]}, field, value) for value in values]
    for field, values in _ROUTE.items():
        api = chat | {"path": "/api"}
        yield f"routes[].{field}", [base | {"routes": [_with(api, field, value)]} for value in values]
    for field, values in _TCP.items():
        routes = [_with(chat | {"listen": 1883}, field, value) for value in values]
        yield f"tcp.<name>.{field}", [base | {"routes": [chat], "tcp": {"mqtt": route}} for route in routes]


def fields() -> set[str]:
    """Every key, to its last part."""
    return {*_fields(Balancer, "")} - RESERVED


def _with(settings: dict[str, Any], field: str, value: Any) -> dict[str, Any]:
    """A map is put over the one that is there."""
    name, _, rest = field.partition(".")
    there = settings.get(name, {})
    if rest:
        return settings | {name: _with(there, rest, value)}
    return settings | {name: there | value if isinstance(there, dict) and isinstance(value, dict) else value}


def _fields(model: type[BaseModel], path: str) -> Iterator[str]:
    for name, field in model.model_fields.items():
        inner = [one for one in models_in(field.annotation) if one.__module__.startswith("components.load_balancer")]
        step = {"routes": "[]", "tcp": ".<name>"}.get(name, "")
        if not inner:
            yield f"{path}{name}"
        for one in inner:
            yield from _fields(one, f"{path}{name}{step}.")
