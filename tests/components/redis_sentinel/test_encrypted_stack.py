"""A cache that encrypts, as both platforms render it: what its applications and its proxy are given."""

from typing import Any

import pytest

from tests.components.redis_sentinel.test_endpoint import STACKS, rendered, text

TLS = {"clients": "required"}


@pytest.mark.parametrize("platform", STACKS)
def test_applications_get_the_authority_as_a_file_and_its_path(platform: str) -> None:
    web = text(rendered(platform, tls=TLS), "web")
    for told in ('"REDIS_CA_FILE"', '"REDIS_TLS_MODE"', "/run/secrets/sessions-ca.crt", "verify-full"):
        assert told in web
    plain = text(rendered(platform), "web")
    assert "REDIS_CA_FILE" not in plain
    assert "sessions-ca.crt" not in plain


@pytest.mark.parametrize("platform", STACKS)
@pytest.mark.parametrize("settings", [{}, {"endpoint": True}])
def test_without_it_nobody_has_a_certificate(platform: str, settings: dict[str, Any]) -> None:
    found = [one.name for one in rendered(platform, **settings) if one.name.startswith("sessions-redis-")]
    assert not [name for name in found if "identity" in name or name.endswith("-ca")]
    encrypted = [one.name for one in rendered(platform, **settings, tls=TLS)]
    assert {"sessions-redis-identity", "sessions-redis-ca"} <= set(encrypted)


@pytest.mark.parametrize("platform", STACKS)
def test_the_ports_stay_the_same(platform: str) -> None:
    """They are in the Sentinels' memory, in network policies and in clients."""
    found = text(rendered(platform, tls=TLS), "web")
    assert ":26379" in found
    assert ":26380" not in found
