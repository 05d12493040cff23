"""Logins at registries, as the daemon takes them."""

from __future__ import annotations

import base64
import json

import pytest

from sandbox.engine.providers.base import ProviderError
from sandbox.engine.providers.docker.registry import headers, logins_of
from sandbox.engine.values import UNKNOWN, Properties, Secret

GIVEN: Properties = {
    "registryAuth": Secret(
        json.dumps(
            [
                {"address": "ghcr.io", "username": "robot", "password": "one"},
                {"address": "docker.io", "username": "robot", "password": "two"},
                {"address": "127.0.0.1:5001", "username": "robot", "password": "three"},
            ]
        )
    )
}


@pytest.mark.parametrize(
    ("image", "password"),
    [
        ("ghcr.io/acme/web:1", "one"),
        ("docker.io/acme/web:1", "two"),
        ("index.docker.io/acme/web:1", "two"),
        ("127.0.0.1:5001/web@sha256:" + "0" * 64, "three"),
        ("ghcr.io.example/acme/web:1", None),
        ("acme/web:1", None),
        ("web:1", None),
    ],
)
def test_an_image_is_pulled_with_the_login_of_its_own_host(image: str, password: str | None) -> None:
    sent = headers(logins_of(GIVEN), image)
    assert sent.keys() == (set() if password is None else {"X-Registry-Auth"})
    if password is not None:
        said = json.loads(base64.urlsafe_b64decode(sent["X-Registry-Auth"]))
        assert (said["username"], said["password"]) == ("robot", password)


def test_no_login_no_header() -> None:
    assert headers(logins_of({}), "ghcr.io/acme/web:1") == {}


@pytest.mark.parametrize(
    ("given", "said"),
    [(UNKNOWN, "must be known"), (json.dumps([{"address": "a.b", "configFile": "x"}]), "does not know configFile")],
)
def test_what_would_be_dropped_is_refused(given: object, said: str) -> None:
    with pytest.raises(ProviderError, match=said):
        logins_of({"registryAuth": given})
