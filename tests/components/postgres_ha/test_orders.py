"""What the superuser refuses to do for whoever may add an order."""

import copy
from typing import Any

import pytest

from components.postgres_ha.files.orders import check
from components.postgres_ha.files.scram import verifier

SOUND: dict[str, Any] = {
    "first": "analytics",
    "databases": {"analytics": "analytics"},
    "extensions": {"app": ["uuid-ossp"]},
    "verifiers": {"analytics": verifier("analytics", "x"), "reader": verifier("reader", "x")},
    "roles": {
        "databases": {"app": {"owner": "app", "levels": {"reader": "read"}}},
        "roles": {
            "reader": {"login": True, "member_of": ["readers"], "becomes": {}},
            "readers": {"login": False, "member_of": ["app"], "becomes": {"app": "app"}},
        },
    },
}
ROLE: dict[str, Any] = {"login": True, "member_of": [], "becomes": {}}


def test_what_a_stack_file_can_say_is_done() -> None:
    check(SOUND, superusers=["postgres", "boss"])


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (("roles", "roles", "reader", "member_of"), ["postgres"], "nothing in it explains: postgres"),
        (("roles", "roles", "reader", "member_of"), ["pg_write_all_data"], "nothing in it explains"),
        (("roles", "roles", "reader", "becomes"), {"app": "postgres"}, "nothing in it explains"),
        (("roles", "roles", "reader", "becomes"), {"postgres": "app"}, "database 'postgres'"),
        (("roles", "roles", "pg_read_server_files"), ROLE, "role 'pg_read_server_files'"),
        (("roles", "roles", 'a"; ALTER ROLE app SUPERUSER; --'), ROLE, "is none that a stack file can have"),
        (("databases", "mine"), "postgres", "role 'postgres'"),
        (("databases", "postgres"), "app", "database 'postgres'"),
        (("databases", 'a"b'), "app", "database 'a\"b'"),
        (("databases", "mine"), "boss", "role boss is a superuser"),
        (("first",), "other", "first database"),
        (("verifiers", "postgres"), SOUND["verifiers"]["reader"], "nothing in it explains: postgres"),
        (("verifiers", "reader"), "x' SUPERUSER --", "no SCRAM verifier"),
        (("extensions", "app"), ['x" CASCADE; --'], "extension"),
    ],
)
def test_what_none_can_say_is_refused(path: tuple[str, ...], value: object, words: str) -> None:
    order = copy.deepcopy(SOUND)
    at = order
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    with pytest.raises(ValueError, match=words):
        check(order, superusers=["postgres", "boss"])
