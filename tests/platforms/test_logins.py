"""Logins at registries: on both platforms what pulls an image has them, and nobody can read them."""

import json
from dataclasses import replace
from typing import Any

import pulumi
import pytest

from model import Image
from platforms.base import Login
from platforms.table import make_platform
from tests.mock_engine import SECRET_MARK, Recorded, render
from tests.platforms.test_parity import PLATFORMS
from tests.platforms.words import Objects, render_word, words

PASSWORD = "hush-hush"
PRIVATE = Image(ref="ghcr.io/acme/web:1", uid=1000, gid=1001)


def rendered(kind: str, *, host: str = "ghcr.io", password: str = PASSWORD) -> list[Recorded]:
    """A workload, members and an agent with a private image, and a job with another one."""

    def build(parent: pulumi.Resource) -> None:
        login = Login(host=host, username="robot", password=pulumi.Output.secret(password))
        platform = make_platform(PLATFORMS[kind], stack="test", data="keep", logins=[login])
        with platform.gathering():
            given = words(Objects.make(platform, parent))
            for name in ("workload", "members", "agent"):
                word: Any = given[name]
                render_word(platform, replace(word, container=replace(word.container, image=PRIVATE)), parent)
            render_word(platform, given["job"], parent)

    return render(build)


def plain(value: Any) -> Any:
    """`value` as it may be read: without what is secret."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items() if key != SECRET_MARK}
    return [plain(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("kind", list(PLATFORMS))
def test_the_password_is_a_secret_wherever_it_stands(kind: str) -> None:
    recorded = rendered(kind)
    assert PASSWORD in json.dumps([one.inputs for one in recorded])
    assert PASSWORD not in json.dumps([plain(one.inputs) for one in recorded])


def of_type(recorded: list[Recorded], type: str) -> dict[str, Recorded]:
    return {one.name: one for one in recorded if one.type == type}


def test_every_service_account_names_the_login_of_its_namespace() -> None:
    recorded = rendered("kubernetes")
    secrets = of_type(recorded, "kubernetes:core/v1:Secret")
    names = {
        one.inputs["metadata"]["namespace"]: one.outputs["metadata"]["name"]
        for one in secrets.values()
        if one.inputs["type"] == "kubernetes.io/dockerconfigjson"
    }
    assert set(names) == {"ha-platform-test", "ha-platform-test-agents"}
    accounts = of_type(recorded, "kubernetes:core/v1:ServiceAccount")
    assert set(accounts) == {"app", "db", "exporter", "migrate"}
    for account in accounts.values():
        assert account.inputs["imagePullSecrets"] == [{"name": names[account.inputs["metadata"]["namespace"]]}]


@pytest.mark.parametrize(
    ("host", "key"), [("ghcr.io", "ghcr.io"), ("docker.io", "https://index.docker.io/v1/"), ("a.b:5000", "a.b:5000")]
)
def test_kubelets_find_the_login_under_the_registrys_name(host: str, key: str) -> None:
    secret = of_type(rendered("kubernetes", host=host), "kubernetes:core/v1:Secret")["registry-logins"]
    text = secret.inputs["stringData"][SECRET_MARK][".dockerconfigjson"]
    assert json.loads(text) == {"auths": {key: {"username": "robot", "password": PASSWORD}}}


def test_a_new_password_restarts_nothing_on_kubernetes() -> None:
    before, after = rendered("kubernetes"), rendered("kubernetes", password="another")
    changed = {one.type.rpartition(":")[2] for one in before if one not in after}
    assert changed == {"Secret", "ServiceAccount"}


def test_the_swarm_gets_the_login_with_each_service_of_that_registry() -> None:
    recorded = rendered("swarm")
    (provider,) = of_type(recorded, "pulumi:providers:docker").values()
    (login,) = json.loads(provider.inputs["registryAuth"][SECRET_MARK])
    assert login == {"address": "ghcr.io", "username": "robot", "password": PASSWORD}
    services = of_type(recorded, "docker:index/service:Service")
    assert {one.provider for one in services.values()} == {"docker"}
    marked = {name for name, one in services.items() if _mark(one) is not None}
    assert marked == {"app", "db-0", "db-1", "exporter"}
    assert "auth" not in services["app"].inputs, "the provider's login can change without a new service"


def test_a_new_password_reaches_services_by_a_label_alone() -> None:
    before, after = (
        of_type(rendered("swarm", password=password), "docker:index/service:Service") for password in ("one", "two")
    )
    for name in ("app", "db-0", "exporter"):
        assert _mark(before[name]) != _mark(after[name])
        assert before[name].inputs["taskSpec"] == after[name].inputs["taskSpec"]


def _mark(service: Recorded) -> Any:
    labels = {one["label"]: one["value"] for one in service.inputs["labels"]}
    return labels.get("ha-platform.registry-login")
