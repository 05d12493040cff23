"""Annotations of an application's account: on every account that its processes have, or refused by its key."""

from typing import Any

import pytest
from pydantic import ValidationError

from components.app_tier.settings import AppTierSettings
from tests.rendered.texts import PLATFORMS, accepted
from tests.stacks.test_refusals import refused

ROLE = {"eks.amazonaws.com/role-arn": "arn:aws:iam::1:role/web"}


@pytest.mark.parametrize("more", [{}, {"volumes": {"/var/lib/app": "1Gi"}}])
def test_replicas_and_migrations_have_them(more: dict[str, Any]) -> None:
    app = {"image": "registry.example.com/app:1", "port": 1, "migrations": {"command": ["migrate"]}}
    document = {"platform": PLATFORMS["kubernetes"], "apps": {"web": app | more | {"account_annotations": ROLE}}}
    records = accepted(document, secrets={})
    accounts = {one.name: one.inputs["metadata"] for one in records if one.type.endswith(":ServiceAccount")}
    assert {name: metadata.get("annotations") for name, metadata in accounts.items()} == {
        "web": ROLE,
        "web-migrate": ROLE,
    }


def test_swarm_refuses_them_by_name() -> None:
    faults = refused("prod-on-swarm", lambda stack: stack["apps"]["web"].update(account_annotations=ROLE))
    assert set(faults) == {"apps.web.account_annotations"}
    assert "eks.amazonaws.com/role-arn" in faults["apps.web.account_annotations"]


@pytest.mark.parametrize("key", ["pulumi.com/skipAwait", "ha-platform/origin", "rbac.authorization.kubernetes.io/x"])
def test_what_the_platform_says_itself_is_refused(key: str) -> None:
    with pytest.raises(ValidationError, match="belongs to the platform"):
        AppTierSettings.model_validate({"image": "a/b:1", "port": 1, "account_annotations": {key: "x"}})
