"""The definitions that every node loads: who may log in, and what there is. They hold hashes, no passwords."""

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from components.rabbitmq.settings import RabbitSettings

EVERYTHING = {"configure": ".*", "write": ".*", "read": ".*"}
ROTATION = "ha_rotation"
"""Who takes users away that a rotation has replaced, where there is one: an administrator, in no virtual host."""
_HASHING = "rabbit_password_hashing_sha256"


def password_hash(user: str, password: str) -> str:
    """As RabbitMQ keeps it. The salt follows from what it is for, so that the text is the same in every update; the
    passwords are random ones of 32 letters, which no table holds."""
    salt = hashlib.sha256(f"salt of {user} {password}".encode()).digest()[:4]
    return base64.b64encode(salt + hashlib.sha256(salt + password.encode()).digest()).decode()


@dataclass(frozen=True)
class Replaced:
    """Users that the rotation number `counter` replaces: those of the counter before, and as whom they are known."""

    counter: int
    users: Mapping[str, str]


def definitions(
    settings: RabbitSettings,
    passwords: Mapping[str, str],
    logins: Mapping[str, str],
    users: Mapping[str, str],
    everywhere: tuple[str, ...] = (),
    replaced: Replaced | None = None,
) -> str:
    """`passwords` of all users by name; `logins`: those who may do everything in one virtual host -> which; `users`:
    those of the settings' `users` -> which; `everywhere`: those who may in each, also by HTTP.

    What a rotation replaces is apart, under a key that an import does not know: a node that starts must not bring it
    back when it was taken away (`files/apply.erl`).
    """
    tags: dict[str, list[str]] = {name: [*settings.users[user].tags] for name, user in users.items()}
    tags |= {name: ["management"] for name in everywhere} | {ROTATION: ["administrator"]}
    told = [
        {
            "name": user,
            "password_hash": password_hash(user, password),
            "hashing_algorithm": _HASHING,
            "tags": tags.get(user, []),
        }
        for user, password in sorted(passwords.items())
    ]
    permissions = [*_permissions(settings, logins, users, everywhere)]
    apart: dict[str, object] = {}
    if replaced:
        apart["ha_rotation"] = {
            "counter": replaced.counter,
            "former": {
                "users": [one for one in told if one["name"] in replaced.users],
                "permissions": [one for one in permissions if one["user"] in replaced.users],
            },
        }
        told = [one for one in told if one["name"] not in replaced.users]
        permissions = [one for one in permissions if one["user"] not in replaced.users]
    return json.dumps(
        {
            "users": told,
            "vhosts": [{"name": name, "default_queue_type": "quorum"} for name in settings.every_vhost],
            "permissions": permissions,
            **_things(settings),
            **apart,
        },
        indent=1,
        sort_keys=True,
    )


def _permissions(
    settings: RabbitSettings, logins: Mapping[str, str], users: Mapping[str, str], everywhere: tuple[str, ...]
) -> Iterator[dict[str, str]]:
    for user, vhost in sorted(logins.items()):
        yield {"user": user, "vhost": vhost} | EVERYTHING
    for user in everywhere:
        yield from ({"user": user, "vhost": vhost} | EVERYTHING for vhost in settings.every_vhost)
    of = {word: [user for user, other in users.items() if other == word] for word in settings.users}
    for word, said in settings.users.items():
        for vhost, permission in said.permissions.items():
            yield from ({"user": user, "vhost": vhost} | permission.model_dump() for user in of[word])


def _things(settings: RabbitSettings) -> dict[str, list[dict[str, object]]]:
    found: dict[str, list[dict[str, object]]] = {"queues": [], "exchanges": [], "bindings": [], "policies": []}
    for vhost, said in settings.every_vhost.items():
        for name, queue in said.queues.items():
            arguments = {"x-queue-type": queue.type} | queue.arguments
            found["queues"].append(
                {
                    "name": name,
                    "vhost": vhost,
                    "durable": True,
                    "auto_delete": queue.auto_delete,
                    "arguments": arguments,
                }
            )
        for name, exchange in said.exchanges.items():
            kept: dict[str, object] = {"durable": True, "auto_delete": False, "internal": False, "arguments": {}}
            found["exchanges"].append({"name": name, "vhost": vhost, "type": exchange.type} | kept)
        for binding in said.bindings:
            ends: dict[str, object] = {
                "source": binding.exchange,
                "destination": binding.queue,
                "destination_type": "queue",
            }
            found["bindings"].append({"vhost": vhost, "routing_key": binding.routing_key, "arguments": {}} | ends)
        for name, policy in said.policies.items():
            told: dict[str, object] = {"pattern": policy.pattern, "apply-to": policy.apply_to}
            told |= {"priority": policy.priority, "definition": policy.definition}
            found["policies"].append({"name": name, "vhost": vhost} | told)
    return found
